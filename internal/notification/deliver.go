package notification

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/order"
)

// Message is a mail ready to be sent.
type Message struct {
	MailID  string // of the mail that it is: the provider's reports name it
	To      string
	Subject string
	Text    string
	HTML    string
}

// Mailer hands mails to the e-mail provider.
type Mailer interface {
	// Send makes one attempt and returns the provider's message id. It returns ErrRefused when no attempt can ever
	// succeed, and ErrNoAnswer when the mail may have been sent or not. After any other error it was not sent, as far
	// as the provider says.
	Send(ctx context.Context, m Message) (string, error)
}

// Ledger is the record of the mails pending.
type Ledger interface {
	// Claim leases a pending mail for leaseID until the given time. It returns ErrNotFound, ErrNotPending and
	// ErrLeased.
	Claim(ctx context.Context, mailID, leaseID string, until time.Time) (Mail, error)
	// MarkSent settles the mail as Sent, or as Failed if MarkBounced was called with this message id before. It is
	// repeated until ctx ends, and does nothing to a mail that is not pending any more.
	MarkSent(ctx context.Context, mailID, messageID string, now time.Time) error
	// MarkUndelivered settles the mail as Failed or Dropped, if leaseID still holds it.
	MarkUndelivered(ctx context.Context, mailID, leaseID string, as State, now time.Time) error
	// Release ends the lease, if leaseID still holds it, and stores how many calls to send the mail were never
	// answered.
	Release(ctx context.Context, mailID, leaseID string, unanswered int) error
}

// Orders finds what a confirmation is about.
type Orders interface {
	// ForMail returns the order as it is stored now. It returns order.ErrNotFound, ErrSuppressed when the order's
	// address is mailed no more, and ErrNoRecipient when the order has no address any more. addressHash is the
	// AddressHash of that address, or empty where it is not known.
	ForMail(ctx context.Context, orderID, addressHash string) (order.Order, error)
}

// Outcome is what became of a mail.
type Outcome string

// The outcomes of a delivery.
const (
	OutcomeSent      Outcome = "sent"
	OutcomeSettled   Outcome = "settled"   // it is not pending any more, or somebody else holds its lease
	OutcomePostponed Outcome = "postponed" // the relay returns to it
	OutcomeFailed    Outcome = "failed"    // for good
	OutcomeDropped   Outcome = "dropped"   // there is nobody to mail
)

// Delivery sends the mails that are pending.
type Delivery struct {
	Ledger       Ledger
	Orders       Orders
	Accounts     Accounts
	Links        Links
	Mailer       Mailer
	Confirmation Confirmation
	StatusMail   StatusMail
	AccountMail  AccountMail
	Stocks       Stocks
	StockMail    StockMail
	// Pace returns when the provider may be called for the mail. An error postpones the mail.
	Pace  func(context.Context, Mail) error
	Lease time.Duration // longer than the function's timeout, shorter than the queue's visibility timeout
	NewID func() string
	Now   func() time.Time
	// Sent is told of each mail that was marked sent, and for how long it was pending.
	Sent func(pending time.Duration)
	// Kept is told of a request that is still there though its mail was sent.
	Kept func(ctx context.Context, err error)
}

// Deliver claims the mail, sends it and marks it sent. It returns ErrNotFound when the mail has no record: an event
// that cannot be understood. With any other error the mail is still pending, and the relay returns to it.
func (d *Delivery) Deliver(ctx context.Context, mailID string) (Outcome, error) {
	lease := d.NewID()
	mail, err := d.Ledger.Claim(ctx, mailID, lease, d.Now().Add(d.Lease))
	if errors.Is(err, ErrNotPending) || errors.Is(err, ErrLeased) {
		return OutcomeSettled, nil
	}
	if err != nil {
		return "", fmt.Errorf("claiming %s: %w", mailID, err)
	}
	messageID, err := d.send(ctx, mail)
	if err != nil {
		return d.giveBack(ctx, mail, lease, err)
	}
	now := d.Now()
	if err := d.Ledger.MarkSent(ctx, mailID, messageID, now); err != nil {
		return "", fmt.Errorf("marking %s sent: %w", mailID, err)
	}
	if d.Sent != nil {
		d.Sent(now.Sub(mail.CreatedAt))
	}
	d.fulfil(ctx, mail)
	return OutcomeSent, nil
}

func (d *Delivery) send(ctx context.Context, mail Mail) (string, error) {
	message, err := d.compose(ctx, mail)
	if err != nil {
		return "", err
	}
	if err := d.Pace(ctx, mail); err != nil {
		return "", err
	}
	message.MailID = mail.ID
	return d.Mailer.Send(ctx, message)
}

func (d *Delivery) compose(ctx context.Context, mail Mail) (Message, error) {
	if mail.IsAccountMail() {
		return d.composeForAccount(ctx, mail)
	}
	if mail.IsStockMail() {
		return d.composeForStock(ctx, mail)
	}
	kind, orderID := mail.cut()
	if kind != OrderPlaced && !kind.ofAStatus() {
		return Message{}, fmt.Errorf("mail %s: unknown kind", mail.ID)
	}
	o, err := d.Orders.ForMail(ctx, orderID, mail.AddressHash)
	if err != nil {
		return Message{}, fmt.Errorf("reading order %s: %w", orderID, err)
	}
	message, err := d.render(kind, o)
	if err != nil {
		return Message{}, fmt.Errorf("rendering %s: %w", mail.ID, err)
	}
	return message, nil
}

func (d *Delivery) render(kind Kind, o order.Order) (Message, error) {
	if kind == OrderPlaced {
		return d.Confirmation.Render(o), nil
	}
	return d.StatusMail.Render(kind, o)
}

// giveBack marks the mail failed, drops it, or releases it. Only the relay decides when it is tried again: it returns
// to the mail when it is due, and reschedules it each time. A call that was never answered is counted here, and not
// where a lease expires: a process that was killed may have sent nothing.
func (d *Delivery) giveBack(ctx context.Context, mail Mail, lease string, cause error) (Outcome, error) {
	now := d.Now()
	if errors.Is(cause, ErrNoAnswer) {
		mail.Unanswered++
	}
	if mail.Unanswered >= maxUnanswered {
		cause = fmt.Errorf("%w: %w", ErrUnanswered, cause)
	}
	if errors.Is(cause, ErrNoRecipient) {
		if err := d.Ledger.MarkUndelivered(ctx, mail.ID, lease, Dropped, now); err != nil {
			return "", fmt.Errorf("dropping %s: %w", mail.ID, errors.Join(err, cause))
		}
		return OutcomeDropped, nil
	}
	if errors.Is(cause, ErrRefused) || errors.Is(cause, ErrUnanswered) || mail.Expired(now) {
		if err := d.Ledger.MarkUndelivered(ctx, mail.ID, lease, Failed, now); err != nil {
			return "", fmt.Errorf("failing %s: %w", mail.ID, errors.Join(err, cause))
		}
		return OutcomeFailed, fmt.Errorf("failing %s: %w", mail.ID, cause)
	}
	if err := d.Ledger.Release(ctx, mail.ID, lease, mail.Unanswered); err != nil {
		return "", fmt.Errorf("releasing %s: %w", mail.ID, errors.Join(err, cause))
	}
	return OutcomePostponed, fmt.Errorf("leaving %s to the relay: %w", mail.ID, cause)
}
