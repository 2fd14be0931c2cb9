package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/password"
	"shop/internal/validation"
)

// PasswordChange is a new password for a user who gave the present one.
type PasswordChange struct {
	User      User // as it was read with the hash that the password shown was compared with
	Hash      password.Hash
	SessionID string  // the session that asks; it goes on
	Attempt   Attempt // what the password shown was counted as
	Record    IdempotencyRecord
}

// PasswordChanger stores new passwords.
type PasswordChanger interface {
	IdempotencyRecords
	// ChangePassword stores the new hash and the next generation, takes the session that asks into that generation,
	// takes back that the attempt was counted, as SessionStarter.Start does, stores the record, and makes a mail to the
	// owner pending, whose id it returns: all or nothing. It returns ErrSessionOver when the user is of another
	// generation by now, or gone, or the session is over, and no id when the record was stored before.
	ChangePassword(ctx context.Context, c PasswordChange) (mailID string, err error)
}

// ChangePassword sets a new password for users who know the present one.
type ChangePassword struct {
	Accounts  PasswordChanger
	Guesses   Guesses
	Checker   PasswordChecker
	Passwords Passwords
	Announce  Announce
	// Missed is called when an announcement failed, to log and count it.
	Missed func(ctx context.Context, mailID string, err error)
	Now    func() time.Time
}

// ChosenPassword is a request for a new password.
type ChosenPassword struct {
	Current, New string
	Key          string // the request's Idempotency-Key; empty: none
	ClientKey    string // as in Attempt
}

// Do sets the caller's password. All sessions end but the one that asks, and the owner is told by mail. It returns
// validation.Errors for a password that may not be chosen, which counts no guess; ErrInvalidCredentials for a wrong
// one, which does; *TooManyGuessesError; ErrSessionOver when the session is over or something else ends it meanwhile;
// ErrNotFound when the account is gone.
//
// A repeat with the key of a request that set a password does nothing, whatever passwords it brings.
func (c *ChangePassword) Do(ctx context.Context, caller Caller, chosen ChosenPassword) error {
	if err := c.validate(chosen.New, caller.Email); err != nil {
		return err
	}
	if caller.SessionID == "" {
		return ErrSessionOver
	}
	a := Attempt{Email: caller.Email, ClientKey: chosen.ClientKey, At: c.Now()}
	name := requestName("change-password", chosen.Key, caller.UserID)
	if _, err := findRecord(ctx, c.Accounts, name, a.At); !errors.Is(err, errNoRecord) {
		return err
	}
	mailID, err := c.change(ctx, a, caller, chosen, name)
	if err != nil {
		return err
	}
	if mailID != "" {
		c.announce(ctx, mailID)
	}
	return nil
}

func (c *ChangePassword) validate(chosen, email string) error {
	var problems validation.Errors
	if err := c.Passwords.Validate(chosen, email); err != nil {
		problems.Add("new", "%s", err)
	}
	return problems.Err()
}

func (c *ChangePassword) change(
	ctx context.Context, a Attempt, caller Caller, chosen ChosenPassword, name string,
) (mailID string, err error) {
	counted, err := confirmation{c.Guesses, c.Checker}.confirm(ctx, a, caller, chosen.Current)
	if err != nil {
		return "", fmt.Errorf("checking the caller's password: %w", err)
	}
	hash, err := hashInTime(ctx, c.Passwords, chosen.New)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	mailID, err = c.Accounts.ChangePassword(ctx, PasswordChange{
		User: counted.User, Hash: hash, SessionID: caller.SessionID, Attempt: counted.Attempt,
		Record: IdempotencyRecord{Name: name, Subject: caller.UserID, At: a.At},
	})
	if err != nil {
		return "", fmt.Errorf("changing a password: %w", err)
	}
	return mailID, nil
}

func (c *ChangePassword) announce(ctx context.Context, mailID string) {
	if err := c.Announce(ctx, mailID); err != nil {
		c.Missed(ctx, mailID, err)
	}
}
