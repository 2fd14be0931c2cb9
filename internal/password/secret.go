package password

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// Secrets checks secrets of 256 random bits, such as an API key's. Nobody can try out so many, whatever one try costs,
// so a fast hash keeps them as well as a slow one, and costs no processor at each use. It must never be used for what
// people choose.
type Secrets struct{}

const secretPrefix = "$sha256$"

// Hash returns the secret's hash, "$sha256$" and the SHA-256 in base64.
func (Secrets) Hash(secret string) Hash {
	sum := sha256.Sum256([]byte(secret))
	return Stored(secretPrefix + base64.RawStdEncoding.EncodeToString(sum[:]))
}

// Check reports whether the hash is the secret's. The hashes are compared in constant time. A hash of another kind is
// no secret's.
func (s Secrets) Check(hash Hash, secret string) (bool, error) {
	return subtle.ConstantTimeCompare([]byte(hash.PHC()), []byte(s.Hash(secret).PHC())) == 1, nil
}

// CheckDummy does what Check does, in vain.
func (s Secrets) CheckDummy(secret string) { _, _ = s.Check(s.Hash(""), secret) }
