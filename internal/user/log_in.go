package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// TooManyGuessesError says that an address was tried too often. It tells known and unknown addresses alike.
type TooManyGuessesError struct {
	RetryAfter time.Duration
}

// Error says how long to wait.
func (e *TooManyGuessesError) Error() string {
	return fmt.Sprintf("too many log-in attempts, try again in %s", e.RetryAfter)
}

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
	Check(hash, password string) (bool, error)
	// CheckDummy takes as long as Check; it is for addresses nobody has.
	CheckDummy(password string)
}

// Tokens issues access tokens.
type Tokens interface {
	// Issue returns an access token for u and how long it lives.
	Issue(ctx context.Context, u User) (string, time.Duration, error)
}

// Beginner stores new sessions.
type Beginner interface {
	// Begin stores s.
	Begin(ctx context.Context, s OpenSession) error
}

// LogIn exchanges credentials for sessions.
type LogIn struct {
	Users     Finder
	Guesses   Guesses
	Passwords Checker
	Tokens    Tokens
	Sessions  Beginner
	Now       func() time.Time
}

// Do logs in. It returns ErrInvalidCredentials, for an address that is none as well, and *TooManyGuessesError.
func (l *LogIn) Do(ctx context.Context, address, password string) (Session, error) {
	email, err := NormalizeEmail(address)
	if err != nil {
		l.Passwords.CheckDummy(password)
		return Session{}, ErrInvalidCredentials
	}
	at := l.Now()
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
	return l.begin(ctx, u, at)
}

func (l *LogIn) begin(ctx context.Context, u User, at time.Time) (Session, error) {
	access, expiresIn, err := l.Tokens.Issue(ctx, u)
	if err != nil {
		return Session{}, fmt.Errorf("issuing a token: %w", err)
	}
	s, refresh := begin(u, at)
	if err := l.Sessions.Begin(ctx, s); err != nil {
		return Session{}, fmt.Errorf("beginning a session: %w", err)
	}
	return Session{AccessToken: access, ExpiresIn: expiresIn, RefreshToken: refresh.Encode()}, nil
}

func (l *LogIn) authenticate(ctx context.Context, email, password string) (User, error) {
	u, err := l.Users.ByEmail(ctx, email)
	if errors.Is(err, ErrNotFound) {
		l.Passwords.CheckDummy(password)
		return User{}, ErrInvalidCredentials
	}
	if err != nil {
		return User{}, fmt.Errorf("looking a user up: %w", err)
	}
	ok, err := l.Passwords.Check(u.PasswordHash, password)
	if err != nil {
		return User{}, fmt.Errorf("checking a password: %w", err)
	}
	if !ok {
		return User{}, ErrInvalidCredentials
	}
	return u, nil
}
