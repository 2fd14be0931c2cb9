package order

import (
	"errors"
	"slices"
	"time"
)

// Status is how far an order has come.
type Status int

// The statuses. The zero one is that of an order whose status nobody has changed.
const (
	Placed Status = iota
	Packed
	Shipped
	Delivered
	Cancelling // a part of its units is back: of an order that is too large to be cancelled at once
	Cancelled
)

var statusNames = []string{
	Placed: "placed", Packed: "packed", Shipped: "shipped", Delivered: "delivered", Cancelling: "cancelling",
	Cancelled: "cancelled",
}

// transitions has the statuses that may follow each. What is not in it is an end.
var transitions = map[Status][]Status{
	Placed:     {Packed, Cancelling, Cancelled},
	Packed:     {Shipped, Cancelling, Cancelled},
	Shipped:    {Delivered},
	Cancelling: {Cancelled},
}

// String returns the status's name in the contract.
func (s Status) String() string {
	if s < 0 || int(s) >= len(statusNames) {
		return "unknown"
	}
	return statusNames[s]
}

// ParseStatus returns the status with this name, and whether there is one.
func ParseStatus(name string) (Status, bool) {
	i := slices.Index(statusNames, name)
	return Status(max(i, 0)), i >= 0
}

// mayBecome reports whether to may follow s.
func (s Status) mayBecome(to Status) bool { return slices.Contains(transitions[s], to) }

// mayBeAsked reports whether somebody may ask for to after s. Cancelling is the store's own affair: who asks for an
// order to be cancelled does not say how.
func (s Status) mayBeAsked(to Status) bool {
	return s.mayBecome(to) && s != Cancelling && to != Cancelling
}

// IsSale reports whether an order of this status is sold. One that is being cancelled is no sale any more.
func (s Status) IsSale() bool { return s != Cancelling && s != Cancelled }

// Change is one change of an order's status.
type Change struct {
	From, To Status
	By       string    // the user id of who made it: the order's customer or an admin
	At       time.Time // UTC, whole milliseconds
}

func (c Change) same(d Change) bool {
	return c.From == d.From && c.To == d.To && c.By == d.By && c.At.Equal(d.At)
}

// MaxCancelled is how many products an order may have that is to be cancelled: each takes two actions of the
// transaction, its units and their movement, and the order and a mail are two of the 100.
const MaxCancelled = 49

// ErrTooLargeToCancel says that an order has more than MaxCancelled products.
var ErrTooLargeToCancel = errors.New("order has too many products to be cancelled at once")

// StatusChangedError says that an order's status is not the one that was expected, or allows no such change.
type StatusChangedError struct {
	Present Status
}

// Error names the present status.
func (e *StatusChangedError) Error() string { return "order is " + e.Present.String() }

// last returns the last change of the order's status, or a zero one.
func (o Order) last() Change {
	if len(o.Changes) == 0 {
		return Change{}
	}
	return o.Changes[len(o.Changes)-1]
}

// asPlaced returns the order as it was when it was placed.
func (o Order) asPlaced() Order {
	o.Status, o.Changes, o.Tracking = Placed, nil, ""
	return o
}
