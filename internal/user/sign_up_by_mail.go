package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// UnverifiedAccounts stores the accounts of users who have not shown yet that they read the mails to their address.
type UnverifiedAccounts interface {
	IdempotencyRecords
	// Add stores u, who is Unverified, with the mail that asks to verify the address. When another user has the
	// address it stores the mail that tells its owner of the attempt instead; but while one is pending, and for a time
	// after, no other. It makes as many calls in each case, and returns the id of the mail. In the same write it stores
	// the record of the request with this name; where there is one already, it does nothing and returns no id. With an
	// empty name it stores no record.
	Add(ctx context.Context, u User, name string) (mailID string, err error)
}

// SignUpByMail creates customers' accounts without revealing who has one: only a mail to the address says so.
type SignUpByMail struct {
	Users     UnverifiedAccounts
	Passwords Passwords
	Announce  Announce
	// Missed is called when an announcement failed, to log and count it.
	Missed func(ctx context.Context, mailID string, err error)
	NewID  func() string
	Now    func() time.Time
}

// Do creates a customer who cannot log in before following the link that is mailed, if nobody has the address. It
// returns validation.Errors. A password is hashed whoever has the address, so that the time tells nothing, either. A
// repeat with the address, the name and the Idempotency-Key of a request that was done stores no other mail.
func (s *SignUpByMail) Do(ctx context.Context, r Registration) error {
	u, err := newCustomer(ctx, r, s.Passwords, s.NewID, s.Now)
	if err != nil {
		return err
	}
	u.Unverified, u.ExpiresAt = true, u.CreatedAt.Add(keepUnverified).Truncate(time.Second)
	name := requestName("sign-up", r.Key, u.Email, u.Name)
	d, err := findRecord(ctx, s.Users, name, s.Now())
	mailID := d.Subject
	if errors.Is(err, errNoRecord) {
		mailID, err = s.Users.Add(ctx, u, name)
	}
	if err != nil {
		return fmt.Errorf("signing up by mail: %w", err)
	}
	if mailID == "" {
		return nil
	}
	if err := s.Announce(ctx, mailID); err != nil {
		s.Missed(ctx, mailID, err)
	}
	return nil
}
