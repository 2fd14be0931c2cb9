package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/password"
	"shop/internal/validation"
)

// ResetOutbox stores the mails by which passwords are set anew.
type ResetOutbox interface {
	// AddResetMail stores such a mail, known or not: whether anybody has the address is looked at when the mail is
	// sent. While one is pending, and for a time after unless a link was used since, another request stores none. It
	// returns the mail's id.
	AddResetMail(ctx context.Context, email string, now time.Time) (mailID string, err error)
}

// Announce sends the event that a mail is pending, once, and gives up soon. The mail is pending whether it arrives or
// not.
type Announce func(ctx context.Context, mailID string) error

// RequestReset takes requests for a mail with a link that sets a new password.
type RequestReset struct {
	Outbox   ResetOutbox
	Announce Announce
	// Missed is called when an announcement failed, to log and count it.
	Missed func(ctx context.Context, mailID string, err error)
	Now    func() time.Time
}

// Do stores the mail. It does the same for a known address and an unknown one, and for a request that is one too many:
// the same calls, and no error. It returns validation.Errors for what is no address.
func (r *RequestReset) Do(ctx context.Context, address string) error {
	email, err := NormalizeEmail(address)
	if err != nil {
		var problems validation.Errors
		problems.Add("email", "%s", err)
		return problems
	}
	mailID, err := r.Outbox.AddResetMail(ctx, email, r.Now())
	if err != nil {
		return fmt.Errorf("storing a reset mail: %w", err)
	}
	if err := r.Announce(ctx, mailID); err != nil {
		r.Missed(ctx, mailID, err)
	}
	return nil
}

// ResetLinks are the links that set passwords.
type ResetLinks interface {
	Links
	IdempotencyRecords
	// SetPassword uses the link up, gives its user the password and the next generation, which ends the user's sessions
	// and makes all other links void, and verifies the address, in one conditional write. It returns ErrInvalidLink
	// when the link is used up, void or expired by now, or its user is another, or when the record was stored before.
	// The same write stores the record, begins the counts of guesses at the address anew, and makes the client of a,
	// which is the reset, known.
	SetPassword(ctx context.Context, l Link, hash password.Hash, a Attempt, record IdempotencyRecord) error
}

// ResetPassword sets a new password for users who follow a mailed link.
type ResetPassword struct {
	Links     ResetLinks
	Passwords Passwords
	Now       func() time.Time
}

// Do takes the token of a link, once, and returns whose password it set. It returns validation.Errors: for a token that
// is no good, and for a password that may not be chosen, which leaves the link as it was. Without a good token no
// password is hashed. clientKey is that of an Attempt.
//
// A repeat with the token and the Idempotency-Key of a request that set a password, of which the key may be empty,
// returns what the first did, whatever password it brings.
func (r *ResetPassword) Do(ctx context.Context, token, chosen, key, clientKey string) (userID string, err error) {
	name := requestName("reset-password", key, token)
	userID, err = r.set(ctx, token, chosen, name, clientKey)
	if !errors.Is(err, ErrInvalidLink) {
		return userID, err
	}
	if d, failure := findRecord(ctx, r.Links, name, r.Now()); !errors.Is(failure, errNoRecord) {
		return d.Subject, failure
	}
	return "", explain(err)
}

func (r *ResetPassword) set(ctx context.Context, token, chosen, name, clientKey string) (userID string, err error) {
	l, err := follow(ctx, r.Links, token, SetPassword, r.Now())
	if err != nil {
		return "", fmt.Errorf("following a link: %w", err)
	}
	if err := r.Passwords.Validate(chosen, l.Email); err != nil {
		var problems validation.Errors
		problems.Add("password", "%s", err)
		return "", problems
	}
	hash, err := hashInTime(ctx, r.Passwords, chosen)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	a := Attempt{Email: l.Email, ClientKey: clientKey, At: r.Now()}
	record := IdempotencyRecord{Name: name, Subject: l.UserID, At: a.At}
	if err := r.Links.SetPassword(ctx, l, hash, a, record); err != nil {
		return "", fmt.Errorf("setting a password: %w", err)
	}
	return l.UserID, nil
}
