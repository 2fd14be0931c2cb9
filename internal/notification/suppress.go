package notification

import (
	"context"
	"errors"
	"fmt"
	"shop/internal/user"
	"time"
)

// Reason says why an address is mailed no more.
type Reason string

// The reasons.
const (
	Bounced    Reason = "bounce"    // mails to it came back
	Complained Reason = "complaint" // its owner called a mail of ours unwanted
)

// ErrNotSuppressed says that the address is on no list: it is mailed.
var ErrNotSuppressed = errors.New("address is not suppressed")

// Report is what the e-mail provider says of a mail after it took it.
type Report struct {
	MailID    string // empty when it names no mail of ours
	MessageID string // which sending of the mail it is about: the message id that Mailer.Send returned for it
	Address   string // whom the mail was for, normalised
	Reason    Reason
	Suppress  bool // no mail may go to the address any more
	Lost      bool // the mail did not arrive and will not
}

// Suppressions is the list of the addresses that are mailed no more.
type Suppressions interface {
	// Add puts an address on the list, by its AddressHash. One that is there already stays, with the later reason and
	// time.
	Add(ctx context.Context, addressHash string, reason Reason, now time.Time) error
}

// UndeliveredLedger is the ledger of mails as reports of bounces change it.
type UndeliveredLedger interface {
	// MarkBounced fails the mail if the sending with this message id is the one that it was marked sent with, or will
	// be: the report may be faster than the mark. A mail may be sent again after it failed; the report of an earlier
	// sending, late or doubled, does nothing to a later one. Nor does MarkBounced do anything to a mail that failed
	// already, or that has no record.
	MarkBounced(ctx context.Context, mailID, messageID string, now time.Time) error
}

// Suppressor does what the provider's reports ask for.
type Suppressor struct {
	List   Suppressions
	Ledger UndeliveredLedger
	Now    func() time.Time
}

// Suppress puts the address of a report on the list if no mail may go to it, and fails its mail if that is lost. A
// report may come twice, late, and again after an error.
func (s *Suppressor) Suppress(ctx context.Context, r Report) error {
	if err := s.list(ctx, r); err != nil {
		return fmt.Errorf("suppressing an address after a %s: %w", r.Reason, err)
	}
	if !r.Lost || r.MailID == "" {
		return nil
	}
	if err := s.Ledger.MarkBounced(ctx, r.MailID, r.MessageID, s.Now()); err != nil {
		return fmt.Errorf("failing %s after a %s: %w", r.MailID, r.Reason, err)
	}
	return nil
}

func (s *Suppressor) list(ctx context.Context, r Report) error {
	if !r.Suppress {
		return nil
	}
	return s.List.Add(ctx, user.AddressHash(r.Address), r.Reason, s.Now())
}
