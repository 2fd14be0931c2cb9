package user

import (
	"context"
	"fmt"
	"time"
)

// SessionsEnder ends all sessions of a user.
type SessionsEnder interface {
	// EndSessions gives u the next generation, and takes back that a was counted, as SessionStarter.Start does, in one
	// write. It returns ErrNotFound when the address has another account by now, or none. A repeat ends the sessions
	// that were begun in between, too.
	EndSessions(ctx context.Context, u User, a Attempt) error
}

// EndSessions logs users out everywhere.
type EndSessions struct {
	Accounts  SessionsEnder
	Guesses   Guesses
	Passwords PasswordChecker
	Now       func() time.Time
}

// Do ends all sessions of the caller, who knows the password: whoever has a token alone cannot log the owner out. It
// returns ErrInvalidCredentials for a wrong password, which counts as a guess, *TooManyGuessesError, and ErrNotFound
// when the account is gone. clientKey is that of an Attempt.
func (e *EndSessions) Do(ctx context.Context, caller Caller, password, clientKey string) error {
	a := Attempt{Email: caller.Email, ClientKey: clientKey, At: e.Now()}
	counted, err := confirmation{e.Guesses, e.Passwords}.confirm(ctx, a, caller, password)
	if err != nil {
		return fmt.Errorf("checking the caller's password: %w", err)
	}
	if err := e.Accounts.EndSessions(ctx, counted.User, counted.Attempt); err != nil {
		return fmt.Errorf("ending a user's sessions: %w", err)
	}
	return nil
}
