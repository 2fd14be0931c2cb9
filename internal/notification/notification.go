// Package notification has the mails that the store sends its customers: which there are, how they are sent, and what
// happens if sending fails.
package notification

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"shop/internal/order"
	"shop/internal/user"
)

// Kind says what a mail is about.
type Kind string

// The kinds. Those about an order and those about a stock aside they are account mails, and all of these but
// PasswordChanged bring a link that is good once.
const (
	// OrderPlaced confirms an order, which is its subject.
	OrderPlaced Kind = "order-placed"
	// OrderShipped tells that an order, its subject, is on its way.
	OrderShipped Kind = "order-shipped"
	// OrderCancelled tells that an order, its subject, was cancelled.
	OrderCancelled Kind = "order-cancelled"
	// VerifyEmail asks a new account's owner to verify the address. Its subject is the user.
	VerifyEmail Kind = "verify-email"
	// SignUpAttempt says that somebody signed up once more with an address. Its subject is the AddressHash.
	SignUpAttempt Kind = "sign-up-attempt"
	// PasswordReset brings a link to set a new password. Its subject is the AddressHash.
	PasswordReset Kind = "password-reset"
	// PasswordChanged tells an account's owner that its password was changed. Its subject is the user, a hyphen and the
	// generation that the change began.
	PasswordChanged Kind = "password-changed"
	// BackInStock tells a customer who waits for a product that it is in stock. The subject of a mail about a stock is
	// an id of its own; the product is in its record.
	BackInStock Kind = "back-in-stock"
	// StockLow tells the shop that few units of a product are left, and SoldOut that there are none.
	StockLow Kind = "stock-low"
	SoldOut  Kind = "sold-out"
)

// ofStatuses has the kinds of the mails that tell that an order reached a status.
var ofStatuses = map[order.Status]Kind{order.Shipped: OrderShipped, order.Cancelled: OrderCancelled}

// ofAStatus reports whether mails of the kind tell that an order reached a status.
func (k Kind) ofAStatus() bool { return k == OrderShipped || k == OrderCancelled }

// ofAStock reports whether mails of the kind are about a product's stock.
func (k Kind) ofAStock() bool { return k == BackInStock || k == StockLow || k == SoldOut }

// ofAccounts reports whether mails of the kind are account mails.
func (k Kind) ofAccounts() bool { return k.bringsLink() || k == PasswordChanged }

// bringsLink reports whether mails of the kind bring a link that is good once.
func (k Kind) bringsLink() bool { return k == VerifyEmail || k == SignUpAttempt || k == PasswordReset }

// State is how far a mail got.
type State string

// The states. A mail is pending until it was sent, failed for good, or was dropped because there is nobody to mail.
const (
	Pending State = "pending"
	Sent    State = "sent"
	Failed  State = "failed"
	Dropped State = "dropped"
)

const (
	firstDelay = 2 * time.Minute
	maxDelay   = time.Hour
	maxAge     = 72 * time.Hour
	// maxUnanswered is how many calls to send a mail may go without an answer. After each of them the mail may have
	// been sent, so this bounds how many the customer gets from a provider that sends and answers too late.
	maxUnanswered = 3
	// maxAccountAge is for how long an account mail is pending: as long as its link would be good. Whoever asked for it
	// earlier has asked again by then, or no longer expects a link.
	maxAccountAge = 30 * time.Minute
	// keepAccount is for how long the record has an account mail, whose address it holds until the mail was sent, and a
	// mail about a stock.
	keepAccount = 7 * 24 * time.Hour
	// ResendInterval is the time between two sign-up-attempts, or two password-resets, to one address: half as long as
	// their links are valid.
	ResendInterval = 15 * time.Minute
)

// Errors that callers branch on.
var (
	// ErrNotFound says that the mail has no record.
	ErrNotFound = errors.New("mail not found")
	// ErrNotPending says that the mail was sent already, or failed for good.
	ErrNotPending = errors.New("mail is not pending any more")
	// ErrNotFailed says that the mail did not fail, or is pending again already.
	ErrNotFailed = errors.New("mail has not failed")
	// ErrLeased says that someone else holds the mail's lease, or has rescheduled it.
	ErrLeased = errors.New("somebody else holds the lease of the mail")
	// ErrRefused says that the mail can never be delivered to its address.
	ErrRefused = errors.New("mail was refused for good")
	// ErrNoAnswer says that the provider's answer to a call never came: the mail may have been sent.
	ErrNoAnswer = errors.New("the e-mail provider did not answer")
	// ErrUnanswered says that a mail has failed because too many calls to send it were never answered.
	ErrUnanswered = fmt.Errorf("%d calls to send the mail were never answered", maxUnanswered)
	// ErrNoRecipient says that there is nobody to mail: no account has the address, or the mail's account or address is
	// gone.
	ErrNoRecipient = errors.New("there is nobody to mail")
	// ErrStale says that an account mail was pending for so long that it is of no use any more.
	ErrStale = errors.New("mail is of no use any more")
	// ErrSuppressed says that the mail's address is mailed no more. It is an ErrRefused, too.
	ErrSuppressed = fmt.Errorf("%w: its address is suppressed", ErrRefused)
)

// Mail is a mail that the store has to send, from the transaction that stores it on.
type Mail struct {
	ID        string // the kind, #, and what it is about: order-placed#ord_…
	State     State
	CreatedAt time.Time // since when it is pending: 72 hours later it fails, an account mail after 30 minutes
	DueAt     time.Time // when the relay sends its event again; only while it is pending
	Attempt   int       // how often it was rescheduled
	// AddressHash is the AddressHash of whom the mail is for. It is empty in a mail that an earlier version made, and
	// in what the relay sees.
	AddressHash string
	// Unanswered is how many calls to send it were never answered, as far as they were released. It is 0 in what the
	// relay sees.
	Unanswered int
	// Address is whom an account mail or one to the shop is for, until it was sent, and ExpiresAt when its record goes.
	// Both are empty in mails about orders, which name their addresses; Address, too, in what the relay sees.
	Address   string
	ExpiresAt time.Time // UTC, whole seconds
	// ProductID is of the product whose stock the mail is about, and UserID of the customer who waits for it. Both are
	// empty in other mails, and in what the relay sees.
	ProductID string
	UserID    string
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

// NewOrderMail returns the confirmation of an order to a normalised address.
func NewOrderMail(orderID, address string, now time.Time) Mail {
	return newMail(OrderMailID(orderID), address, now)
}

// StatusMailID returns the id of the mail that tells that an order reached the status, and whether there is one.
func StatusMailID(orderID string, reached order.Status) (string, bool) {
	kind, told := ofStatuses[reached]
	return MailID(string(kind), orderID), told
}

// NewStatusMail returns the mail to a normalised address that tells that an order reached the status, and whether there
// is one.
func NewStatusMail(orderID string, reached order.Status, address string, now time.Time) (Mail, bool) {
	id, told := StatusMailID(orderID, reached)
	return newMail(id, address, now), told && address != ""
}

// OrderMailIDs returns the ids of all mails that there may be about an order.
func OrderMailIDs(orderID string) []string {
	return []string{
		OrderMailID(orderID), MailID(string(OrderShipped), orderID), MailID(string(OrderCancelled), orderID),
	}
}

// NewVerificationMail returns the mail by which a new account's normalised address is verified.
func NewVerificationMail(userID, address string, now time.Time) Mail {
	return newAccountMail(VerifyEmail, userID, address, now)
}

// NewAddressMail returns a SignUpAttempt or a PasswordReset for a normalised address. An address has one such mail of
// each kind, which is reused, so that nobody can fill a mailbox.
func NewAddressMail(kind Kind, address string, now time.Time) Mail {
	return newAccountMail(kind, user.AddressHash(address), address, now)
}

// NewPasswordChangedMail returns the mail that tells a user that the password was changed, by the change that began the
// generation. Each change has a mail of its own.
func NewPasswordChangedMail(userID string, generation int64, address string, now time.Time) Mail {
	return newAccountMail(PasswordChanged, fmt.Sprintf("%s-%d", userID, generation), address, now)
}

// NewBackInStockMail returns the mail that tells a customer that a product is in stock. The address is in the
// customer's request alone. Mails about stocks have no event but the relay's, and are due at once.
func NewBackInStockMail(id, userID, productID string, now time.Time) Mail {
	return Mail{
		ID: MailID(string(BackInStock), id), State: Pending, CreatedAt: now, DueAt: now, UserID: userID,
		ProductID: productID, ExpiresAt: now.Add(keepAccount).Truncate(time.Second),
	}
}

// NewShopMail returns the mail to the shop's normalised address that a product's stock fell so far: its kind is
// StockLow or SoldOut.
func NewShopMail(kind Kind, id, address, productID string, now time.Time) Mail {
	m := newMail(MailID(string(kind), id), address, now)
	m.DueAt, m.Address, m.ProductID = now, address, productID
	m.ExpiresAt = now.Add(keepAccount).Truncate(time.Second)
	return m
}

func newAccountMail(kind Kind, subject, address string, now time.Time) Mail {
	m := newMail(MailID(string(kind), subject), address, now)
	m.Address, m.ExpiresAt = address, now.Add(keepAccount).Truncate(time.Second)
	return m
}

func newMail(id, address string, now time.Time) Mail {
	return Mail{
		ID: id, State: Pending, CreatedAt: now, DueAt: now.Add(delay(0)), AddressHash: user.AddressHash(address),
	}
}

// Requeue returns a failed mail as pending: due now, and for as long as a new one of its kind. The time at which it was
// first stored is lost; an order's mail finds it in the order.
func Requeue(mailID string, now time.Time) Mail {
	m := Mail{ID: mailID, State: Pending, CreatedAt: now, DueAt: now}
	if m.IsAccountMail() || m.IsStockMail() {
		m.ExpiresAt = now.Add(keepAccount).Truncate(time.Second)
	}
	return m
}

// OrderID returns the order that the mail confirms, if it is a confirmation.
func (m Mail) OrderID() (string, bool) {
	return strings.CutPrefix(m.ID, string(OrderPlaced)+"#")
}

// About returns the order that the mail is about, and the status that it tells of, if it is about one.
func (m Mail) About() (orderID string, told order.Status, ofOrder bool) {
	kind, subject := m.cut()
	for status, ofStatus := range ofStatuses {
		if kind == ofStatus {
			told = status
		}
	}
	return subject, told, kind == OrderPlaced || kind.ofAStatus()
}

// IsStatusMail reports whether the mail tells that an order, its subject, reached a status.
func (m Mail) IsStatusMail() bool {
	kind, subject := m.cut()
	return kind.ofAStatus() && subject != ""
}

// IsAccountMail reports whether the mail is an account mail.
func (m Mail) IsAccountMail() bool {
	kind, subject := m.cut()
	return kind.ofAccounts() && subject != ""
}

// IsStockMail reports whether the mail is about a product's stock.
func (m Mail) IsStockMail() bool {
	kind, subject := m.cut()
	return kind.ofAStock() && subject != ""
}

// HasPendingEvent reports whether the event that tells notify of the mail is mail.pending, as of all but confirmations.
func (m Mail) HasPendingEvent() bool { return m.IsStatusMail() || m.IsAccountMail() || m.IsStockMail() }

// ofKnownKind reports whether this version has an event for the mail, and knows how to send it.
func (m Mail) ofKnownKind() bool {
	_, ofOrder := m.OrderID()
	return ofOrder || m.HasPendingEvent()
}

func (m Mail) cut() (Kind, string) {
	kind, subject := CutMailID(m.ID)
	return Kind(kind), subject
}

// Reschedule returns when the mail is due next after one more attempt: two minutes, doubling to an hour.
func (m Mail) Reschedule(now time.Time) Mail {
	m.Attempt++
	m.DueAt = now.Add(delay(m.Attempt))
	return m
}

// Expired reports whether the mail has been pending for too long.
func (m Mail) Expired(now time.Time) bool {
	if kind, _ := m.cut(); kind.bringsLink() {
		return now.Sub(m.CreatedAt) > maxAccountAge
	}
	return now.Sub(m.CreatedAt) > maxAge
}

func delay(attempt int) time.Duration {
	if attempt >= 5 {
		return maxDelay
	}
	return firstDelay << attempt
}
