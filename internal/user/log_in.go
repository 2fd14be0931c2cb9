package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/password"
	"shop/internal/token"
)

// WrongPasswordError is [ErrInvalidCredentials], and tells the log, never who guesses, whose account was tried.
type WrongPasswordError struct {
	UserID string
}

// Error says what it says for an unknown address.
func (e *WrongPasswordError) Error() string { return ErrInvalidCredentials.Error() }

// Unwrap returns ErrInvalidCredentials.
func (e *WrongPasswordError) Unwrap() error { return ErrInvalidCredentials }

// Finder looks users up.
type Finder interface {
	// ByEmail returns the user with the normalised address, or ErrNotFound.
	ByEmail(ctx context.Context, email string) (User, error)
}

// PasswordChecker checks passwords.
type PasswordChecker interface {
	// Check reports whether password belongs to hash.
	Check(hash password.Hash, password string) (bool, error)
	// CheckDummy takes as long as Check; it is for addresses nobody has.
	CheckDummy(password string)
}

// Tokens issues access tokens.
type Tokens interface {
	// Issue returns an access token for the subject, and how long it lives.
	Issue(ctx context.Context, s token.Subject) (string, time.Duration, error)
}

// SessionStarter stores new sessions.
type SessionStarter interface {
	// Start stores the session that the attempt a led to, and takes back that a was counted: the counts of its address
	// from its client are cleared, the others that it was counted by are one less. From now on the client is known for
	// the address. The session that s replaces ends in the same write, if it is there.
	Start(ctx context.Context, s OpenSession, a Attempt) error
}

// Credentials are what somebody logs in with, and where from.
type Credentials struct {
	Address   string
	Password  string
	ClientKey string // as in Attempt
	// Replaces is a refresh token whose session ends with the log-in (OWASP ASVS 5.0, 7.2.4). Empty, or the token of no
	// session, is none.
	Replaces string
	// Device is the token of the browser that the log-in is made in, which becomes known for the address; empty where
	// it is made in none.
	Device string
}

// LogIn exchanges credentials for sessions.
type LogIn struct {
	Guesses   Guesses
	Passwords PasswordChecker
	Tokens    Tokens
	Sessions  SessionStarter
	Rehash    func(ctx context.Context, u User, password string) // see [Rehash.Do]
	Now       func() time.Time
}

// Do logs in. It returns ErrInvalidCredentials, for an address that is none as well, as *WrongPasswordError where
// somebody has the address, and *TooManyGuessesError; and the error of ctx when its time is up, before the password was
// checked or after, whatever the password.
func (l *LogIn) Do(ctx context.Context, c Credentials) (Session, error) {
	email, err := NormalizeEmail(c.Address)
	if err != nil {
		return Session{}, ErrInvalidCredentials // at once: there is nobody to be guessed at
	}
	a := Attempt{Email: email, ClientKey: c.ClientKey, At: l.Now(), Device: hashDevice(c.Device)}
	counted, err := countAttempt(ctx, l.Guesses, a)
	if err != nil {
		return Session{}, err
	}
	if err := counted.authenticate(ctx, l.Passwords, c.Password); err != nil {
		return Session{}, err
	}
	s, err := l.startSession(ctx, counted.User, counted.Attempt, c.Replaces)
	if err == nil {
		l.Rehash(ctx, counted.User, c.Password)
	}
	return s, err
}

// authenticate checks the password. Where a count refuses the attempt, only the right password from a known client is
// taken, and everything else answered with the refusal: otherwise others behind the same IP address could find out that
// the owner logs in from there.
func (a *countedAttempt) authenticate(ctx context.Context, passwords PasswordChecker, password string) error {
	err := authenticate(ctx, passwords, a.AttemptHistory, password)
	if a.refusal != nil && (errors.Is(err, ErrInvalidCredentials) || err == nil && !a.KnownClient) {
		return a.refusal
	}
	return err
}

// authenticate answers the right password of an account whose address is not verified like a wrong one: otherwise
// somebody who signs up with a stranger's address could find out by a log-in whether the stranger had an account.
func authenticate(ctx context.Context, passwords PasswordChecker, history AttemptHistory, password string) error {
	if !history.Found {
		return checkDummy(ctx, passwords, password)
	}
	var ok bool
	var err error
	if late := inTime(ctx, func() { ok, err = passwords.Check(history.User.PasswordHash, password) }); late != nil {
		return fmt.Errorf("checking a password: %w", late)
	}
	if err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	if !ok || history.User.Unverified {
		return &WrongPasswordError{UserID: history.User.ID}
	}
	return nil
}

// checkDummy takes as long for an address that nobody has as authenticate does for a wrong password.
func checkDummy(ctx context.Context, passwords PasswordChecker, password string) error {
	if err := inTime(ctx, func() { passwords.CheckDummy(password) }); err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	return ErrInvalidCredentials
}

func (l *LogIn) startSession(ctx context.Context, u User, a Attempt, replaced string) (Session, error) {
	s, refresh := newSession(u, a.At)
	if t, err := ParseRefreshToken(replaced); err == nil {
		s.Replaces = t.SessionID
	}
	access, expiresIn, err := l.Tokens.Issue(ctx, u.subject(s.ID))
	if err != nil {
		return Session{}, fmt.Errorf("issuing a token: %w", err)
	}
	if err := l.Sessions.Start(ctx, s, a); err != nil {
		return Session{}, fmt.Errorf("beginning a session: %w", err)
	}
	return Session{
		User: u, AccessToken: access, ExpiresIn: expiresIn,
		RefreshToken: refresh.Encode(), RefreshExpiresIn: s.ExpiresAt.Sub(a.At),
	}, nil
}
