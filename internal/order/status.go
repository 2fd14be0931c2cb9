package order

import (
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

// mayBeAsked reports whether a request may change s to to. Nobody can ask for Cancelling: the store uses it by itself.
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

// MaxReturned is how many products' units come back in one change: each takes two actions of the transaction, the units
// and their movement, and the order and a mail are two of the 100. An order of more is cancelling when its first
// MaxReturned are back, and cancelled when the others are. A store that has orders must keep the number.
const MaxReturned = 49

// beginning returns the change that a cancellation begins with.
func (o Order) beginning(c Change) Change {
	if c.To == Cancelled && len(o.Lines) > MaxReturned {
		c.To = Cancelling
	}
	return c
}

// Returned returns the lines whose units come back with the change, which may be one of the order's own.
func (o Order) Returned(c Change) []Line {
	switch {
	case c.To == Cancelling:
		return o.Lines[:min(MaxReturned, len(o.Lines))]
	case c.To != Cancelled:
		return nil
	case c.From == Cancelling:
		return o.Lines[min(MaxReturned, len(o.Lines)):]
	}
	return o.Lines
}

// StatusChangedError says that an order's status is not the one that was expected, or allows no such change.
type StatusChangedError struct {
	Present Status
}

// Error names the present status.
func (e *StatusChangedError) Error() string { return "order is " + e.Present.String() }

// Asked returns the last change of the order's status that somebody asked for, or a zero one: a cancellation as one
// change, whether it took one or two, or is not finished yet.
func (o Order) Asked() Change {
	last := len(o.Changes) - 1
	if last > 0 && o.Changes[last].From == Cancelling {
		last--
	}
	if last < 0 {
		return Change{}
	}
	c := o.Changes[last]
	if c.To == Cancelling {
		c.To = Cancelled
	}
	return c
}

// Reached reports whether the order is, or was, of the status.
func (o Order) Reached(s Status) bool {
	return s == Placed || slices.ContainsFunc(o.Changes, func(c Change) bool { return c.To == s })
}

// with returns the order after the change.
func (o Order) with(c Change, tracking string) Order {
	o.Status, o.Changes = c.To, append(o.Changes[:len(o.Changes):len(o.Changes)], c)
	if tracking != "" {
		o.Tracking = tracking
	}
	return o
}

// asPlaced returns the order as it was when it was placed.
func (o Order) asPlaced() Order {
	o.Status, o.Changes, o.Tracking = Placed, nil, ""
	return o
}
