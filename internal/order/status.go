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
	Cancelled
)

var statusNames = []string{
	Placed: "placed", Packed: "packed", Shipped: "shipped", Delivered: "delivered", Cancelled: "cancelled",
}

// transitions has the statuses that may follow each. What is not in it is an end.
var transitions = map[Status][]Status{
	Placed:  {Packed, Cancelled},
	Packed:  {Shipped, Cancelled},
	Shipped: {Delivered},
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
