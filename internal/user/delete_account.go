package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// eraseAgainFor is how long after an account was deleted its data are erased again: its last access token
// ends after 15 minutes, and may have placed an order until then.
const eraseAgainFor = 20 * time.Minute

// AccountDeleter deletes accounts.
type AccountDeleter interface {
	// Delete deletes u and, in the same write, records the AccountDeletion. It returns ErrNotFound when the address has
	// no user by now, or another one.
	Delete(ctx context.Context, u User, now time.Time) error
}

// PersonalData is what orders and requests hold of users who are gone.
type PersonalData interface {
	// Erase takes the personal data out of all orders of the user that it sees, and removes the user's requests to be
	// told of stocks. It may be repeated, and begins then where it was cut short.
	Erase(ctx context.Context, userID string) error
}

// DeleteAccount deletes accounts.
type DeleteAccount struct {
	Users     Finder
	Accounts  AccountDeleter
	Guesses   Guesses
	Passwords PasswordChecker
	Data      PersonalData
	Now       func() time.Time
}

// Do deletes the caller's account and then the personal data in the caller's orders, and reports whether this call
// deleted an account; if it did, the account is gone even when Do returns an error. clientKey is that of an Attempt. It
// returns ErrInvalidCredentials for a wrong password, which counts as a guess, and *TooManyGuessesError.
//
// The account goes first: from then on nobody can log in to it or reset its password, whatever happens to the rest, and
// that there is a rest stands in the same write. A repeat finds no account and goes on with the rest; then the
// password, which nobody knows any more, is not looked at.
func (d *DeleteAccount) Do(ctx context.Context, caller Caller, password, clientKey string) (deleted bool, err error) {
	u, err := d.Users.ByEmail(ctx, caller.Email)
	if err == nil && u.ID == caller.UserID {
		deleted, err = d.delete(ctx, Attempt{Email: caller.Email, ClientKey: clientKey, At: d.Now()}, caller, password)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return deleted, fmt.Errorf("deleting an account: %w", err)
	}
	if err := d.Data.Erase(ctx, caller.UserID); err != nil {
		return deleted, fmt.Errorf("erasing the data of an account: %w", err)
	}
	return deleted, nil
}

func (d *DeleteAccount) delete(ctx context.Context, a Attempt, caller Caller, password string) (bool, error) {
	counted, err := confirmation{d.Guesses, d.Passwords}.confirm(ctx, a, caller, password)
	if err != nil {
		return false, err // ErrNotFound, too: the account went meanwhile
	}
	err = d.Accounts.Delete(ctx, counted.User, d.Now())
	if err == nil || errors.Is(err, ErrNotFound) {
		return err == nil, err
	}
	return d.isGone(ctx, caller), err
}

// isGone looks whether an account is gone after a deletion that failed: it may have been carried out without an answer,
// and a repeat could not tell.
func (d *DeleteAccount) isGone(ctx context.Context, caller Caller) bool {
	u, err := d.Users.ByEmail(ctx, caller.Email)
	return errors.Is(err, ErrNotFound) || err == nil && u.ID != caller.UserID
}

// AccountDeletion is an account that was deleted and may have left personal data.
type AccountDeletion struct {
	UserID    string
	DeletedAt time.Time // UTC
}

// AccountDeletions is the record of the accounts that were deleted.
type AccountDeletions interface {
	// Unfinished returns the deletions that are not finished, some of them if there are many.
	Unfinished(ctx context.Context) ([]AccountDeletion, error)
	// Finish deletes the record of a deletion.
	Finish(ctx context.Context, userID string) error
}

// EraseDeletedAccounts erases the personal data that the deletion of an account left: because it was cut
// short, or because an order was placed after it.
type EraseDeletedAccounts struct {
	Record AccountDeletions
	Data   PersonalData
	Now    func() time.Time
}

// Run erases the data of every deleted account, begins none after until, and returns how many deletions it finished:
// those long enough ago for nothing to come after. One that fails does not hold up the others.
func (e *EraseDeletedAccounts) Run(ctx context.Context, until time.Time) (finished int, failed error) {
	deletions, err := e.Record.Unfinished(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading account deletions: %w", err)
	}
	for _, r := range deletions {
		if !e.Now().Before(until) {
			break
		}
		done, err := e.erase(ctx, r)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("erasing the data of %s: %w", r.UserID, err))
		}
		if done {
			finished++
		}
	}
	return finished, failed
}

func (e *EraseDeletedAccounts) erase(ctx context.Context, r AccountDeletion) (finished bool, err error) {
	began := e.Now()
	if err := e.Data.Erase(ctx, r.UserID); err != nil {
		return false, err
	}
	if began.Before(r.DeletedAt.Add(eraseAgainFor)) {
		return false, nil
	}
	return true, e.Record.Finish(ctx, r.UserID)
}
