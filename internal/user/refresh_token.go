package user

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
)

// SecretHash is the SHA-256 of a refresh token's secret: all of the secret that is kept. 256 random bits need no slow
// hash.
type SecretHash = [sha256.Size]byte

// Salt is random, and makes successors of secrets.
type Salt = [32]byte

// RefreshToken is what a session's holder shows to go on with it: session_id.secret, the secret in base64url.
type RefreshToken struct {
	SessionID string   // ses_ and 26 base32 characters, of at least 128 random bits
	Secret    [32]byte // random, or made of a random one by next
}

const (
	sessionPrefix = "ses_"
	secretLength  = 43 // characters: 32 bytes in base64url without padding
)

var (
	sessionID     = regexp.MustCompile(`^` + sessionPrefix + `[a-z2-7]{26}$`)
	secretCoding  = base64.RawURLEncoding.Strict()
	errNoneOfOurs = errors.New("not a refresh token")
)

// newSessionID returns an id that nobody can guess: whoever knows a session's id can end it with any wrong secret.
func newSessionID() string { return sessionPrefix + strings.ToLower(rand.Text()) }

// newRefreshToken returns a token for the session with a fresh secret.
func newRefreshToken(sessionID string) RefreshToken {
	t := RefreshToken{SessionID: sessionID}
	_, _ = rand.Read(t.Secret[:]) // never fails
	return t
}

func newSalt() (s Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// next returns the token after t: its secret is the HMAC-SHA-256, by the salt, of t's.
func (t RefreshToken) next(by Salt) RefreshToken {
	mac := hmac.New(sha256.New, by[:])
	mac.Write(t.Secret[:])
	next := RefreshToken{SessionID: t.SessionID}
	mac.Sum(next.Secret[:0])
	return next
}

// ParseRefreshToken reads what Encode wrote, and nothing else: a token has one spelling.
func ParseRefreshToken(text string) (RefreshToken, error) {
	id, secret, _ := strings.Cut(text, ".")
	if !sessionID.MatchString(id) || len(secret) != secretLength {
		return RefreshToken{}, errNoneOfOurs
	}
	bytes, err := secretCoding.DecodeString(secret)
	t := RefreshToken{SessionID: id}
	if err != nil || copy(t.Secret[:], bytes) != len(t.Secret) {
		return RefreshToken{}, errNoneOfOurs
	}
	return t, nil
}

// Encode writes the token as clients keep it.
func (t RefreshToken) Encode() string {
	return t.SessionID + "." + secretCoding.EncodeToString(t.Secret[:])
}

// hash returns what is kept of the secret.
func (t RefreshToken) hash() SecretHash { return sha256.Sum256(t.Secret[:]) }
