package notification

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
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
	MailID    string   // empty when it names no mail of ours
	Addresses []string // of whom it speaks, normalised
	Reason    Reason
	Suppress  bool // no mail may go to the addresses any more
	Lost      bool // the mail did not arrive and will not
}

// Suppressions is the list of the addresses that are mailed no more.
type Suppressions interface {
	// Add puts an address on the list, by its AddressHash. One that is there already stays, with the later reason and time.
	Add(ctx context.Context, addressHash string, reason Reason, now time.Time) error
}

// Losses is the ledger as the provider's reports change it.
type Losses interface {
	// MarkLost fails a mail that is owed or was sent, whoever holds it. It does nothing to a mail that failed already, or that
	// nobody owed.
	MarkLost(ctx context.Context, mailID string, now time.Time) error
}

// Suppressor does what the provider's reports ask for.
type Suppressor struct {
	List   Suppressions
	Ledger Losses
	Now    func() time.Time
}

// Suppress puts the addresses of a report on the list if no mail may go to them, and fails its mail if that is lost. A report
// may come twice, and again after an error.
func (s *Suppressor) Suppress(ctx context.Context, r Report) error {
	if err := s.list(ctx, r); err != nil {
		return fmt.Errorf("suppressing an address after a %s: %w", r.Reason, err)
	}
	if !r.Lost || r.MailID == "" {
		return nil
	}
	if err := s.Ledger.MarkLost(ctx, r.MailID, s.Now()); err != nil {
		return fmt.Errorf("failing %s after a %s: %w", r.MailID, r.Reason, err)
	}
	return nil
}

func (s *Suppressor) list(ctx context.Context, r Report) error {
	if !r.Suppress {
		return nil
	}
	for _, address := range r.Addresses {
		if err := s.List.Add(ctx, AddressHash(address), r.Reason, s.Now()); err != nil {
			return err
		}
	}
	return nil
}

// AddressHash names a normalised address where the address itself has no place: its SHA-256 in base64url, 43 characters.
func AddressHash(address string) string {
	sum := sha256.Sum256([]byte(address))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
