// Package notification holds the mails the store owes its customers: which they are, how they are sent, and what is done
// when they cannot be.
package notification

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what a mail is about.
type Kind string

// OrderPlaced is the confirmation of an order.
const OrderPlaced Kind = "order-placed"

// State is how far a mail got.
type State string

// The states. A mail is owed until it was sent, or failed for good.
const (
	Owed   State = "owed"
	Sent   State = "sent"
	Failed State = "failed"
)

const (
	firstDelay = 2 * time.Minute
	maxDelay   = time.Hour
	giveUp     = 72 * time.Hour
)

// Errors that callers branch on.
var (
	// ErrNotFound says that nobody owes this mail.
	ErrNotFound = errors.New("mail not found")
	// ErrNotOwed says that the mail was sent already, or failed for good.
	ErrNotOwed = errors.New("mail is not owed any more")
	// ErrNotFailed says that the mail did not fail, or is owed again already.
	ErrNotFailed = errors.New("mail has not failed")
	// ErrLeased says that someone else is sending the mail at this moment, or has moved it on.
	ErrLeased = errors.New("mail is in other hands")
	// ErrRefused says that the mail can never be delivered to its address.
	ErrRefused = errors.New("mail was refused for good")
	// ErrSuppressed says that the mail's address is mailed no more. It is an ErrRefused, too.
	ErrSuppressed = fmt.Errorf("%w: its address is suppressed", ErrRefused)
)

// Mail is a mail that the store owes, from the transaction that owes it on.
type Mail struct {
	ID        string // the kind, #, and what it is about: order-placed#ord_…
	State     State
	CreatedAt time.Time // since when it is owed: 72 hours later it is given up
	DueAt     time.Time // when the relay sends its event again; only while it is owed
	Step      int       // how often it was put off
	// AddressHash is the AddressHash of whom the mail is for. It is empty in a mail that an earlier version made, and in what
	// the relay sees.
	AddressHash string
}

// MailID returns the id of the mail of a kind about a subject. A kind has no #.
func MailID(kind, subject string) string { return kind + "#" + subject }

// CutMailID returns the kind and the subject that MailID made an id of.
func CutMailID(id string) (kind, subject string) {
	kind, subject, _ = strings.Cut(id, "#")
	return kind, subject
}

// OrderMailID returns the id of an order's confirmation.
func OrderMailID(orderID string) string { return MailID(string(OrderPlaced), orderID) }

// NewOrderMail returns the confirmation that an order owes to a normalised address.
func NewOrderMail(orderID, address string, now time.Time) Mail {
	return Mail{
		ID: OrderMailID(orderID), State: Owed, CreatedAt: now, DueAt: now.Add(delay(0)), AddressHash: AddressHash(address),
	}
}

// OweAgain returns a mail that failed as it is owed once more: due now, and for 72 hours from now. When it was owed first, its
// order tells.
func OweAgain(mailID string, now time.Time) Mail {
	return Mail{ID: mailID, State: Owed, CreatedAt: now, DueAt: now}
}

// OrderID returns the order that the mail is about, if it is a confirmation.
func (m Mail) OrderID() (string, bool) {
	return strings.CutPrefix(m.ID, string(OrderPlaced)+"#")
}

// PutOff returns when the mail is due next, one step on: two minutes, doubling to an hour.
func (m Mail) PutOff(now time.Time) Mail {
	m.Step++
	m.DueAt = now.Add(delay(m.Step))
	return m
}

// Expired tells whether the mail has been owed for too long.
func (m Mail) Expired(now time.Time) bool { return now.Sub(m.CreatedAt) > giveUp }

func delay(step int) time.Duration {
	if step >= 5 {
		return maxDelay
	}
	return firstDelay << step
}
