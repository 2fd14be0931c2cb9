package token

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// Keys knows the keys that tokens may be signed with.
type Keys interface {
	// PublicKey returns the key with this id, which is the sender's word and may be anything, or [ErrUnknownKey] if
	// there is none. Any other error means that the keys could not be had.
	PublicKey(ctx context.Context, id string) (*rsa.PublicKey, error)
}

// ErrUnknownKey is returned by [Keys] for an id that none of its keys has.
var ErrUnknownKey = errors.New("kid names no key of ours")

// Verifier verifies access tokens. All its fields are required.
type Verifier struct {
	Issuer   string // what iss must be, byte for byte
	Audience string // what aud must be, byte for byte
	Keys     Keys
	Now      func() time.Time
}

// The causes an [ErrInvalid] is wrapped with; others are the JWT library's own.
var (
	errTooLong    = errors.New("longer than 8 KiB")
	errCharacters = errors.New("a character that is not base64url")
	errHeader     = errors.New("the header cannot be read")
	errAlgorithm  = errors.New("alg is not RS256")
	errMediaType  = errors.New("typ is not at+jwt")
	errCritical   = errors.New("crit names an extension")
	errNoKeyID    = errors.New("no kid")
)

// errUnset guards against an empty Issuer or Audience, which the JWT library takes as leave not to check it.
var errUnset = errors.New("token: the verifier has no issuer or no audience")

// Verify returns what the token says, or an error that wraps [ErrInvalid] if it is not a valid access token of the
// Issuer for the Audience at this moment. Any other error means that the token could not be judged: the keys
// could not be read, or the Verifier is incomplete.
func (v *Verifier) Verify(ctx context.Context, raw string) (Claims, error) {
	if v.Issuer == "" || v.Audience == "" {
		return Claims{}, errUnset
	}
	head, err := readHeader(raw)
	if err != nil {
		return Claims{}, invalid(err)
	}
	key, err := v.key(ctx, head.KeyID)
	if err != nil {
		return Claims{}, err
	}
	return v.verifyWith(key, raw)
}

func (v *Verifier) verifyWith(key *rsa.PublicKey, raw string) (Claims, error) {
	now := v.Now()
	var p payload
	_, err := v.parser(now).ParseWithClaims(raw, &p, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil {
		return Claims{}, invalid(err)
	}
	if now.Unix() >= p.ExpiresAt {
		return Claims{}, invalid(jwt.ErrTokenExpired) // the parser's leeway is meant for iat and nbf only
	}
	return p.claims(), nil
}

func (v *Verifier) parser(now time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{algorithm}),
		jwt.WithStrictDecoding(),
		jwt.WithIssuer(v.Issuer),
		jwt.WithAudience(v.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
}

// key takes its keys from nowhere but Keys: jwk, jku, x5c and x5u in a header are the sender's word and are not read.
func (v *Verifier) key(ctx context.Context, id string) (*rsa.PublicKey, error) {
	if id == "" {
		return nil, invalid(errNoKeyID)
	}
	key, err := v.Keys.PublicKey(ctx, id)
	if errors.Is(err, ErrUnknownKey) {
		return nil, invalid(err)
	}
	if err != nil {
		return nil, fmt.Errorf("verifying a token: %w", err)
	}
	return key, nil
}

// header is the part of a JOSE header (RFC 7515, section 4.1) that is read.
type header struct {
	Algorithm string         `json:"alg"`
	MediaType string         `json:"typ"`
	KeyID     string         `json:"kid"`
	Critical  jsontext.Value `json:"crit"`
}

// readHeader reads and checks the header before anything else of the token is looked at, and more strictly than the
// JWT library, which lets duplicate names pass. It keeps nothing of what it refuses in the error.
func readHeader(raw string) (header, error) {
	if len(raw) > maxSize {
		return header{}, errTooLong
	}
	if strings.ContainsFunc(raw, isNoTokenCharacter) {
		return header{}, errCharacters
	}
	segment, _, _ := strings.Cut(raw, ".")
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return header{}, errHeader
	}
	var head header
	if err := json.Unmarshal(decoded, &head); err != nil {
		return header{}, errHeader
	}
	return head, head.validate()
}

// isNoTokenCharacter is needed because Go's base64 decoder, even a strict one, skips line ends.
func isNoTokenCharacter(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_', r == '.':
		return false
	}
	return true
}

func (h header) validate() error {
	switch {
	case h.Algorithm != algorithm:
		return errAlgorithm
	case !isAccessToken(h.MediaType):
		return errMediaType
	case h.Critical != nil:
		return errCritical // RFC 7515, section 4.1.11: who does not know the extension must refuse the token
	}
	return nil
}

// isAccessToken compares as RFC 9068, section 4 and RFC 7515, section 4.1.9 say: without regard to case, and with or
// without the prefix.
func isAccessToken(typ string) bool {
	return strings.EqualFold(typ, mediaType) || strings.EqualFold(typ, "application/"+mediaType)
}

func invalid(cause error) error {
	return fmt.Errorf("%w: %w", ErrInvalid, cause)
}
