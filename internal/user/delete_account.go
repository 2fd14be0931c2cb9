package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// removalSettles is how long after an account was closed its traces are looked for again: its last access token ends after 15
// minutes, and may have placed an order until then.
const removalSettles = 20 * time.Minute

// Closer removes accounts.
type Closer interface {
	// Close removes u and, in the same write, notes that u's traces are to be erased. It returns ErrNotFound when the address has
	// no user by now, or another one.
	Close(ctx context.Context, u User, now time.Time) error
}

// Traces are what the rest of the store knows of users who are gone.
type Traces interface {
	// Erase takes the personal data out of all orders of the user that it sees. It may be repeated, and begins then where it was
	// cut short.
	Erase(ctx context.Context, userID string) error
}

// DeleteAccount removes accounts.
type DeleteAccount struct {
	Users     Finder
	Accounts  Closer
	Guesses   Guesses
	Passwords Checker
	Traces    Traces
	Now       func() time.Time
}

// Do removes the caller's account and then what others keep of it, and reports whether this call removed an account: whatever it
// returns then, the account is gone. The source is that of an Attempt. It returns ErrInvalidCredentials for a wrong password, which
// counts as a guess, and *TooManyGuessesError.
//
// The account goes first: from then on nobody can log in to it or reset its password, whatever happens to the rest, and that
// there is a rest stands in the same write. A repeat finds no account and goes on with the rest; then the password, which
// nobody knows any more, is not looked at.
func (d *DeleteAccount) Do(ctx context.Context, caller Caller, password, source string) (removed bool, err error) {
	u, err := d.Users.ByEmail(ctx, caller.Email)
	if err == nil && u.ID == caller.UserID {
		err = d.close(ctx, Attempt{Email: caller.Email, Source: source, At: d.Now()}, caller, password)
		removed = err == nil
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, fmt.Errorf("closing an account: %w", err)
	}
	if err := d.Traces.Erase(ctx, caller.UserID); err != nil {
		return removed, fmt.Errorf("erasing the traces of an account: %w", err)
	}
	return removed, nil
}

func (d *DeleteAccount) close(ctx context.Context, a Attempt, caller Caller, password string) error {
	admitted, err := admit(ctx, d.Guesses, a)
	if err != nil {
		return err
	}
	if !admitted.Found || admitted.User.ID != caller.UserID { // it went meanwhile
		return ErrNotFound
	}
	if err := admitted.authenticate(ctx, d.Passwords, password); err != nil {
		return err
	}
	return d.Accounts.Close(ctx, admitted.User, d.Now())
}

// Removal is an account that was closed and may have left traces.
type Removal struct {
	UserID   string
	ClosedAt time.Time // UTC
}

// Removals is the record of the accounts that were closed.
type Removals interface {
	// Removals returns the removals that are not settled, some of them if there are many.
	Removals(ctx context.Context) ([]Removal, error)
	// Settle forgets a removal.
	Settle(ctx context.Context, userID string) error
}

// EraseTraces erases what the removal of an account left: because it was cut short, or because an order came after it.
type EraseTraces struct {
	Record Removals
	Traces Traces
	Now    func() time.Time
}

// Run erases the traces of every removal, begins none after until, and returns how many removals it settled: those of accounts
// that were closed long enough ago for nothing to come after. One that fails does not hold up the others.
func (e *EraseTraces) Run(ctx context.Context, until time.Time) (settled int, failed error) {
	removals, err := e.Record.Removals(ctx)
	if err != nil {
		return 0, fmt.Errorf("reading removals: %w", err)
	}
	for _, r := range removals {
		if !e.Now().Before(until) {
			break
		}
		done, err := e.erase(ctx, r)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("erasing the traces of %s: %w", r.UserID, err))
		}
		if done {
			settled++
		}
	}
	return settled, failed
}

func (e *EraseTraces) erase(ctx context.Context, r Removal) (settled bool, err error) {
	began := e.Now()
	if err := e.Traces.Erase(ctx, r.UserID); err != nil {
		return false, err
	}
	if began.Before(r.ClosedAt.Add(removalSettles)) {
		return false, nil
	}
	return true, e.Record.Settle(ctx, r.UserID)
}
