package token

import (
	"errors"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"
)

// Claims is what a verified token says.
type Claims struct {
	Subject
	ID        string    // the claim jti, unique to the token
	IssuedAt  time.Time // UTC, whole seconds
	ExpiresAt time.Time // UTC, whole seconds
}

var (
	errClaims    = errors.New("the claims are not those of an access token")
	errDates     = errors.New("a date is out of range")
	errNoIAT     = errors.New("no iat")
	errLongLife  = errors.New("exp is too long after iat")
	errNoSubject = errors.New("no sub, or not one of email and a client_id that is sub")
)

// lastDate is the end of the year 9999 in Unix seconds. A date far beyond it would overflow a time.Time and come out in
// the past.
const lastDate = 253402300799

// payload is a token's claims as they are written. It is stricter than JWT asks: an audience is one string, a date is
// whole seconds.
type payload struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Email     string `json:"email,omitzero"`
	SessionID string `json:"sid,omitzero"`
	ClientID  string `json:"client_id,omitzero"`
	Scope     string `json:"scope"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	ExpiresAt int64  `json:"exp"`
	ID        string `json:"jti"`
}

// UnmarshalJSON refuses duplicate names and dates written as strings, and takes names as they are written;
// encoding/json, with which the JWT library decodes, and the library's own types let all three pass.
// The decoder's error is dropped because it may quote the input.
func (p *payload) UnmarshalJSON(b []byte) error {
	type plain payload
	if err := json.Unmarshal(b, (*plain)(p)); err != nil {
		return errClaims
	}
	return nil
}

// Validate is called by the JWT library after the signature was found good, beside its own checks.
func (p *payload) Validate() error {
	switch {
	case p.Subject == "" || !isOnePrincipal(p.Subject, p.Email, p.ClientID):
		return errNoSubject
	case p.IssuedAt == 0:
		return errNoIAT
	case !isDate(p.IssuedAt) || !isDate(p.NotBefore) || !isDate(p.ExpiresAt):
		return errDates
	case p.ExpiresAt-p.IssuedAt > int64(longestLife/time.Second):
		return errLongLife
	}
	return nil
}

func isDate(seconds int64) bool {
	return 0 <= seconds && seconds <= lastDate
}

func (p *payload) claims() Claims {
	return Claims{
		Subject: Subject{
			UserID: p.Subject, Email: p.Email, SessionID: p.SessionID, ClientID: p.ClientID, Scopes: scopes(p.Scope),
		},
		ID:        p.ID,
		IssuedAt:  time.Unix(p.IssuedAt, 0).UTC(),
		ExpiresAt: time.Unix(p.ExpiresAt, 0).UTC(),
	}
}

func scopes(scope string) []string {
	if scope == "" {
		return nil
	}
	return strings.Split(scope, " ")
}

// The methods below make payload a [jwt.Claims].

func (p *payload) GetExpirationTime() (*jwt.NumericDate, error) { return date(p.ExpiresAt), nil }
func (p *payload) GetIssuedAt() (*jwt.NumericDate, error)       { return date(p.IssuedAt), nil }
func (p *payload) GetNotBefore() (*jwt.NumericDate, error)      { return date(p.NotBefore), nil }
func (p *payload) GetIssuer() (string, error)                   { return p.Issuer, nil }
func (p *payload) GetSubject() (string, error)                  { return p.Subject, nil }
func (p *payload) GetAudience() (jwt.ClaimStrings, error)       { return jwt.ClaimStrings{p.Audience}, nil }

// date is nil for a date that is missing, as the JWT library wants it.
func date(seconds int64) *jwt.NumericDate {
	if seconds == 0 {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(seconds, 0))
}
