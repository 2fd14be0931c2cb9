package user

import "context"

// confirmation checks the password of a caller for an action that a token alone does not allow.
type confirmation struct {
	Guesses   Guesses
	Passwords PasswordChecker
}

// confirm counts a as a log-in is counted, and returns it if the password is the caller's. It returns
// ErrInvalidCredentials, *TooManyGuessesError, and ErrNotFound when the address has another account than the caller's,
// or none.
func (c confirmation) confirm(ctx context.Context, a Attempt, caller Caller, password string) (countedAttempt, error) {
	counted, err := countAttempt(ctx, c.Guesses, a)
	if err != nil {
		return countedAttempt{}, err
	}
	if !counted.Found || counted.User.ID != caller.UserID {
		return countedAttempt{}, ErrNotFound
	}
	return counted, counted.authenticate(ctx, c.Passwords, password)
}
