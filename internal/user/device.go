package user

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// DeviceTTL is for how long after a log-in a browser is known for the address and keeps its token. Browsers keep no
// cookie for longer.
const DeviceTTL = 400 * 24 * time.Hour

// NewDevice returns the token of a browser that has none: 256 random bits in base64url.
func NewDevice() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	return secretCoding.EncodeToString(secret[:])
}

// IsDevice reports whether the text is a token as NewDevice makes them: nobody chooses one that is easy to guess.
func IsDevice(text string) bool {
	secret, err := secretCoding.DecodeString(text)
	return err == nil && len(secret) == 32
}

// hashDevice returns what is kept of a browser's token, or "" for none.
func hashDevice(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
