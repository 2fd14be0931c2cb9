package token

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"math/big"

	"github.com/go-json-experiment/json"
)

// The paths of the issuer's two documents, below its URL.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	JWKSPath      = "/.well-known/jwks.json"
)

// Thumbprint returns the key's JWK thumbprint: the base64url SHA-256 of its required members (RFC 7638, section 3).
// It is the key's id in tokens and key sets.
func Thumbprint(key *rsa.PublicKey) string {
	n, e := members(key)
	sum := sha256.Sum256([]byte(`{"e":"` + e + `","kty":"RSA","n":"` + n + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// members returns the modulus and the exponent as RFC 7518, section 6.3.1 writes them.
func members(key *rsa.PublicKey) (n, e string) {
	encode := base64.RawURLEncoding.EncodeToString
	return encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes())
}

// JWK is a public RSA key as RFC 7517 writes it.
type JWK struct {
	KeyType   string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	N         string `json:"n"`
	E         string `json:"e"`
}

// KeySet is a JWK set (RFC 7517, section 5).
type KeySet struct {
	Keys []JWK `json:"keys"`
}

// JWKS returns the set of the keys. Without a key its list is empty, not nil.
func JWKS(keys []*rsa.PublicKey) KeySet {
	set := KeySet{Keys: make([]JWK, 0, len(keys))}
	for _, key := range keys {
		n, e := members(key)
		set.Keys = append(set.Keys, JWK{
			KeyType: "RSA", Use: "sig", Algorithm: algorithm, KeyID: Thumbprint(key), N: n, E: e,
		})
	}
	return set
}

// What a key of a set must have to be used: at least the size that RFC 7518, section 3.3 asks for, and no more than
// twice that, because the time to verify a signature grows with it.
const (
	minModulus = 2048 // bits
	maxModulus = 4096
)

// ErrKeySet is returned by [ParseKeySet] for a text that is no JWK set with a key that signs access tokens.
var ErrKeySet = errors.New("token: no usable key set")

// ParseKeySet reads a JWK set and returns its RSA keys that verify RS256, by their ids. As RFC 7517, section 5 says, it
// passes over keys of other kinds and of other uses, and over members that it does not know; it refuses a name that
// comes twice and an id that comes twice. Without a usable key it returns [ErrKeySet].
func ParseKeySet(text []byte) (map[string]*rsa.PublicKey, error) {
	var set KeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeySet, err)
	}
	keys := map[string]*rsa.PublicKey{}
	for _, jwk := range set.Keys {
		key, ok := jwk.publicKey()
		if !ok {
			continue
		}
		if keys[jwk.KeyID] != nil {
			return nil, fmt.Errorf("%w: two keys have one id", ErrKeySet)
		}
		keys[jwk.KeyID] = key
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: none of %d keys can be used", ErrKeySet, len(set.Keys))
	}
	return keys, nil
}

// publicKey returns the key if access tokens can be verified with it.
func (k JWK) publicKey() (*rsa.PublicKey, bool) {
	otherUse := k.Use != "" && k.Use != "sig"
	if k.KeyType != "RSA" || k.KeyID == "" || otherUse || k.Algorithm != "" && k.Algorithm != algorithm {
		return nil, false
	}
	n, errN := base64.RawURLEncoding.Strict().DecodeString(k.N)
	e, errE := base64.RawURLEncoding.Strict().DecodeString(k.E)
	if errN != nil || errE != nil || len(n) > maxModulus/8 || len(e) > 4 {
		return nil, false
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
	return key, key.N.BitLen() >= minModulus && key.N.Bit(0) == 1 && isExponent(key.E)
}

// isExponent holds the exponent to what crypto/rsa verifies with: odd, more than 1 and less than 2^31.
func isExponent(e int) bool {
	return e%2 == 1 && 1 < e && e <= math.MaxInt32
}

// Configuration is a discovery document. It holds what OpenID Connect Discovery 1.0, section 3 requires, as far as it
// is true here: there is neither an authorization nor a token endpoint, because log-in is a route of the store and not
// an OAuth flow.
type Configuration struct {
	Issuer         string   `json:"issuer"`
	JWKSURI        string   `json:"jwks_uri"`
	ResponseTypes  []string `json:"response_types_supported"`
	SubjectTypes   []string `json:"subject_types_supported"`
	SigningMethods []string `json:"id_token_signing_alg_values_supported"`
	Scopes         []string `json:"scopes_supported"`
}

// Discovery returns the discovery document of the issuer with this URL, which has no slash at its end.
func Discovery(issuer string) Configuration {
	return Configuration{
		Issuer:         issuer,
		JWKSURI:        issuer + JWKSPath,
		ResponseTypes:  []string{"token"},
		SubjectTypes:   []string{"public"},
		SigningMethods: []string{algorithm},
		Scopes:         append([]string{ScopeCustomer}, StaffScopes()...),
	}
}
