// Package user has the people of the store, customers and staff: how they sign up, log in, reset a forgotten password
// and delete their accounts.
package user

import (
	"cmp"
	"context"
	"errors"
	"time"

	"shop/internal/password"
	"shop/internal/token"
)

// Errors that callers branch on.
var (
	// ErrNotFound says that no user has this address.
	ErrNotFound = errors.New("user not found")
	// ErrEmailTaken says that a user with this address exists already.
	ErrEmailTaken = errors.New("e-mail address is taken")
	// ErrInvalidCredentials says that the address is unknown or the password is wrong; which of the two is not told.
	ErrInvalidCredentials = errors.New("invalid credentials")
	// ErrUnverified says that nobody has shown yet to read the mails to the account's address.
	ErrUnverified = errors.New("address is not verified")
	// ErrAccountChanged says that an account is not as it was looked at: its sessions ended meanwhile, as each change
	// of role and of the password ends them.
	ErrAccountChanged = errors.New("the account changed since it was looked at")
	// ErrNoRight says that the caller does not have the right now, whatever the token says.
	ErrNoRight = errors.New("caller does not have the right")
)

// User is a customer, and may be staff.
type User struct {
	ID           string // usr_ and a UUIDv7
	Email        string // as NormalizeEmail returns it; the key of the Users table
	Name         string
	PasswordHash password.Hash
	Role         Role
	CreatedAt    time.Time // UTC
	// Generation counts what ended all sessions and links of the user at once: each reset of the password, each change
	// of role. A session or a link of another generation is over.
	Generation int64
	Unverified bool // nobody has shown yet to read the mails to the address; until then nobody logs in
	// ExpiresAt is when an unverified account goes, and zero for any other. From then on nobody has the address,
	// whether or not the account is still stored.
	ExpiresAt time.Time // UTC, whole seconds
}

// keepUnverified is how long an account lives that nobody verifies.
const keepUnverified = 7 * 24 * time.Hour

// Expired reports whether the account went because nobody verified it in time.
func (u User) Expired(now time.Time) bool { return !u.ExpiresAt.IsZero() && !now.Before(u.ExpiresAt) }

// RoleChange is a role that an operator gives to a user.
type RoleChange struct {
	UserID     string // the account that the operator looked at
	Generation int64  // of the account, as the operator saw it
	Email      string // as NormalizeEmail returns it
	From       Role   // of the account, as the operator saw it
	Role       Role
	By         string    // the operator: an ARN of AWS
	At         time.Time // UTC, milliseconds
}

// Verification records that an operator verified the address of an account, instead of the link in a mail.
type Verification struct {
	UserID string    // the account that the operator looked at
	Email  string    // as NormalizeEmail returns it
	By     string    // the operator: an ARN of AWS
	At     time.Time // UTC, milliseconds
}

// subject is whom an access token of the user's session speaks for.
func (u User) subject(sessionID string) token.Subject {
	return token.Subject{UserID: u.ID, Email: u.Email, SessionID: sessionID, Scopes: u.scopes()}
}

// scopes returns the OAuth scopes of the user's tokens.
func (u User) scopes() []string {
	return append([]string{token.ScopeCustomer}, u.Role.Scopes()...)
}

// Caller is whoever makes a request, as the access token names them: a user, or a machine by its API key.
type Caller struct {
	UserID    string // or the key's id
	Email     string // of a user alone
	SessionID string // the session that a user's token was issued in
	Role      Role   // by the token's scopes; the right itself is looked up in the Users table at each use
}

// StoredAs returns the key of the caller's item in the Users table: a user's address, or the API key's id.
func (c Caller) StoredAs() string {
	return cmp.Or(c.Email, c.UserID)
}

// inTime does what cannot be stopped, such as hashing a password, unless ctx has ended. It returns the error of a ctx
// that ended before or meanwhile: the caller must not use what do found then.
func inTime(ctx context.Context, do func()) error {
	if ctx.Err() == nil {
		do()
	}
	return ctx.Err()
}
