package user

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"shop/internal/password"
	"shop/internal/token"
)

// Errors of API keys that callers branch on.
var (
	// ErrInvalidAPIKey says that a key is none of ours, or was revoked; which of the two is not told.
	ErrInvalidAPIKey = errors.New("invalid API key")
	// ErrNoAPIKey says that there is no key with this id, or no longer.
	ErrNoAPIKey = errors.New("no such API key")
	// ErrTooManyAPIKeys says that a store has MaxAPIKeys.
	ErrTooManyAPIKeys = errors.New("there are too many API keys: revoke one")
)

// MaxAPIKeys is how many keys a store has at most: all are read at once.
const MaxAPIKeys = 50

// lastUseInterval is how old the stored last use of a key may be, so that not every use writes.
const lastUseInterval = time.Hour

// apiKeyPrefix is what scanners find a key by that got into a text.
const apiKeyPrefix = "shopkey_"

var (
	apiKeyID   = regexp.MustCompile(`^` + apiKeyPrefix + `[a-z2-7]{26}$`)
	apiKeyName = sync.OnceValue(func() *regexp.Regexp { // compiled when first used: it is large
		return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}$`)
	})
)

// APIKey is a key as it is kept: what a machine may do in the store. It stands in the Users table as a user does whose
// address is the key's id, so one read tells of either what it may do now. No address is such an id, so nobody signs
// up, logs in or is granted anything as one.
type APIKey struct {
	ID         string // shopkey_ and 26 base32 characters, of at least 128 random bits
	Name       string // for the operator
	SecretHash password.Hash
	Role       Role      // some scopes of staff, never RoleAdmin
	CreatedAt  time.Time // UTC, milliseconds
	CreatedBy  string    // the operator: an ARN of AWS
	LastUsedAt time.Time // of an exchange, up to an hour late; zero for never
}

// IsAPIKeyID reports whether the text may be a key's id.
func IsAPIKeyID(text string) bool { return apiKeyID.MatchString(text) }

// NewAPIKey returns a key with a fresh secret, and its text: id.secret, the secret being 256 random bits in base64url.
// The text is not kept. A key has some scopes of staff and never ScopeAdmin, so that it never gets a right that its
// operator did not name.
func NewAPIKey(name string, by string, now time.Time, scopes ...string) (APIKey, string, error) {
	role := RoleOf(scopes...)
	switch {
	case !apiKeyName().MatchString(name):
		return APIKey{}, "", errors.New("a key's name has 1 to 60 letters, digits, blanks, dots, underscores or dashes")
	case role == RoleAdmin || role == RoleCustomer:
		return APIKey{}, "", errors.New("a key has some of the scopes inventory, history, orders")
	}
	secret := secretCoding.EncodeToString(randomSecret())
	k := APIKey{
		ID: apiKeyPrefix + strings.ToLower(rand.Text()), Name: name, SecretHash: password.Secrets{}.Hash(secret),
		Role: role, CreatedAt: now, CreatedBy: by,
	}
	return k, k.ID + "." + secret, nil
}

func randomSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// parseAPIKey reads what NewAPIKey wrote, and nothing else: a key has one spelling.
func parseAPIKey(text string) (id, secret string, err error) {
	id, secret, _ = strings.Cut(text, ".")
	bytes, err := secretCoding.DecodeString(secret)
	if err != nil || len(bytes) != 32 || len(secret) != secretLength || !apiKeyID.MatchString(id) {
		return "", "", ErrInvalidAPIKey
	}
	return id, secret, nil
}

// MachineSession is what a key is exchanged for: an access token, without a refresh token.
type MachineSession struct {
	KeyID       string
	Scopes      []string
	AccessToken string
	ExpiresIn   time.Duration
}

// APIKeyRefusedError is ErrInvalidAPIKey, and tells the log, never who calls, which key was tried.
type APIKeyRefusedError struct {
	KeyID string
	Known bool // there is or was such a key
}

// Error says what it says for any key that is no good.
func (*APIKeyRefusedError) Error() string { return ErrInvalidAPIKey.Error() }

// Unwrap returns ErrInvalidAPIKey.
func (*APIKeyRefusedError) Unwrap() error { return ErrInvalidAPIKey }

// APIKeyUses notes that keys were used.
type APIKeyUses interface {
	// TakeBack takes back that the attempt was counted, as a log-in's right password does.
	TakeBack(ctx context.Context, a Attempt) error
	// Used notes a use of the key at the time, unless one after since is noted.
	Used(ctx context.Context, id string, at, since time.Time) error
}

// MachineLogIn exchanges API keys for access tokens.
type MachineLogIn struct {
	Guesses Guesses // of keys: each is found by its id
	Tokens  Tokens
	Keys    APIKeyUses
	Failed  func(ctx context.Context, keyID string, err error) // a use was not noted
	Now     func() time.Time
}

// Do exchanges the key. It returns ErrInvalidAPIKey, as *APIKeyRefusedError where it has a key's form, and
// *TooManyGuessesError. Guesses are counted as at log-in, by key and client. What is known of a key that nobody has, of
// one whose secret is wrong and of one that was revoked is the same answer after the same work.
func (l *MachineLogIn) Do(ctx context.Context, text, clientKey string) (MachineSession, error) {
	id, secret, err := parseAPIKey(text)
	if err != nil {
		return MachineSession{}, err // at once: there is nothing to be guessed at
	}
	counted, err := countAttempt(ctx, l.Guesses, Attempt{Email: id, ClientKey: clientKey, At: l.Now()})
	if err != nil {
		return MachineSession{}, err
	}
	err = counted.authenticate(ctx, password.Secrets{}, secret)
	if errors.Is(err, ErrInvalidCredentials) || err == nil && len(counted.User.Role.Scopes()) == 0 {
		return MachineSession{}, &APIKeyRefusedError{KeyID: id, Known: counted.Found}
	}
	if err != nil {
		return MachineSession{}, err
	}
	return l.start(ctx, counted)
}

func (l *MachineLogIn) start(ctx context.Context, counted countedAttempt) (MachineSession, error) {
	id, scopes := counted.User.ID, counted.User.Role.Scopes()
	access, expiresIn, err := l.Tokens.Issue(ctx, token.Subject{UserID: id, ClientID: id, Scopes: scopes})
	if err != nil {
		return MachineSession{}, fmt.Errorf("issuing a token: %w", err)
	}
	if err := l.Keys.TakeBack(ctx, counted.Attempt); err != nil {
		return MachineSession{}, fmt.Errorf("taking a guess back: %w", err)
	}
	if err := l.Keys.Used(ctx, id, counted.At, counted.At.Add(-lastUseInterval)); err != nil {
		l.Failed(ctx, id, err)
	}
	return MachineSession{KeyID: id, Scopes: scopes, AccessToken: access, ExpiresIn: expiresIn}, nil
}
