package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/password"
)

// TooManyGuessesError says that an address was tried too often. It tells known and unknown addresses alike.
type TooManyGuessesError struct {
	RetryAfter time.Duration
}

// Error says how long to wait.
func (e *TooManyGuessesError) Error() string {
	return fmt.Sprintf("too many log-in attempts, try again in %s", e.RetryAfter)
}

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

// Guesses counts log-in attempts for one address.
type Guesses interface {
	// Count counts one attempt before its password is looked at. It returns *TooManyGuessesError when none is left.
	Count(ctx context.Context, email string) error
	// Forget clears the count after a right password.
	Forget(ctx context.Context, email string) error
}

// Checker checks passwords.
type Checker interface {
	// Check tells whether password belongs to hash.
	Check(hash password.Hash, password string) (bool, error)
	// CheckDummy takes as long as Check; it is for addresses nobody has.
	CheckDummy(password string)
}

// Tokens issues access tokens.
type Tokens interface {
	// Issue returns an access token for u and how long it lives.
	Issue(ctx context.Context, u User) (string, time.Duration, error)
}

// Session is what a log-in gives.
type Session struct {
	UserID      string
	AccessToken string
	ExpiresIn   time.Duration
}

// LogIn exchanges credentials for access tokens.
type LogIn struct {
	Users     Finder
	Guesses   Guesses
	Passwords Checker
	Tokens    Tokens
	Renew     func(ctx context.Context, u User, password string) // see [Renewal.Do]
}

// Do logs in. It returns ErrInvalidCredentials, for an address that is none as well, as *WrongPasswordError where somebody has the
// address, and *TooManyGuessesError; and the error of ctx when its time is up, before the password was checked or after, whatever
// the password.
func (l *LogIn) Do(ctx context.Context, address, password string) (Session, error) {
	email, err := NormalizeEmail(address)
	if err != nil {
		return Session{}, l.refuse(ctx, password)
	}
	if err := l.Guesses.Count(ctx, email); err != nil {
		return Session{}, fmt.Errorf("counting a log-in attempt: %w", err)
	}
	u, err := l.authenticate(ctx, email, password)
	if err != nil {
		return Session{}, err
	}
	if err := l.Guesses.Forget(ctx, email); err != nil {
		return Session{}, fmt.Errorf("clearing the log-in attempts: %w", err)
	}
	token, expiresIn, err := l.Tokens.Issue(ctx, u)
	if err != nil {
		return Session{}, fmt.Errorf("issuing a token: %w", err)
	}
	l.Renew(ctx, u, password)
	return Session{UserID: u.ID, AccessToken: token, ExpiresIn: expiresIn}, nil
}

func (l *LogIn) authenticate(ctx context.Context, email, password string) (User, error) {
	u, err := l.Users.ByEmail(ctx, email)
	if errors.Is(err, ErrNotFound) {
		return User{}, l.refuse(ctx, password)
	}
	if err != nil {
		return User{}, fmt.Errorf("looking a user up: %w", err)
	}
	var ok bool
	if late := inTime(ctx, func() { ok, err = l.Passwords.Check(u.PasswordHash, password) }); late != nil {
		return User{}, fmt.Errorf("checking a password: %w", late)
	}
	if err != nil {
		return User{}, fmt.Errorf("checking a password: %w", err)
	}
	if !ok {
		return User{}, &WrongPasswordError{UserID: u.ID}
	}
	return u, nil
}

// refuse takes as long over an address that nobody has as authenticate does over a wrong password.
func (l *LogIn) refuse(ctx context.Context, password string) error {
	if err := inTime(ctx, func() { l.Passwords.CheckDummy(password) }); err != nil {
		return fmt.Errorf("checking a password: %w", err)
	}
	return ErrInvalidCredentials
}
