package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

// maxTracking is how many characters a tracking number or address may have.
const maxTracking = 200

// StatusStore keeps the statuses of orders.
type StatusStore interface {
	// Owned returns the customer's order as it stands now, or ErrNotFound.
	Owned(ctx context.Context, customer user.Caller, orderID string) (Order, error)
	// Stored returns anyone's order as it stands now, or ErrNotFound.
	Stored(ctx context.Context, orderID string) (Order, error)
	// Change makes the change c of the order o, all or nothing: its status, the change in its history, the tracking,
	// which may be empty, the pending mail that tells of the status, if there is one, and, where it is cancelled, the
	// units in the stocks with a movement for each. It returns *StatusChangedError when the order's status is not
	// c.From, also when that is because an earlier attempt of the same call was carried out, and ErrBusy.
	Change(ctx context.Context, o Order, c Change, tracking string) error
}

// Progress changes the statuses of orders.
type Progress struct {
	Orders StatusStore
	// Announce sends the event of the mail that tells of the status, if there is one, once, and gives up soon. The mail
	// is pending whether it arrives or not.
	Announce func(ctx context.Context, orderID string, reached Status) error
	// Missed is called when an announcement failed, to log and count it.
	Missed func(ctx context.Context, orderID string, err error)
	Now    func() time.Time
}

// Cancel cancels the customer's own order while it is placed, and returns it, and whether this call cancelled it: an
// order that is cancelled already is returned as it is. It returns ErrNotFound, *StatusChangedError,
// ErrTooLargeToCancel and ErrBusy.
func (p *Progress) Cancel(ctx context.Context, customer user.Caller, orderID string) (Order, bool, error) {
	o, err := p.Orders.Owned(ctx, customer, orderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s: %w", orderID, err)
	}
	c := Change{From: Placed, To: Cancelled, By: customer.UserID, At: p.Now()}
	return p.change(ctx, o, c, "", func(o Order) bool { return o.Status == Cancelled })
}

// Step is a change of a status as an admin asks for it.
type Step struct {
	OrderID  string
	From, To Status
	Tracking string // only to Shipped; may be empty
}

// Set makes the step and returns the order, and whether this call made it: one that the same admin made last is
// answered again. It returns validation.Errors, ErrNotFound, *StatusChangedError, ErrTooLargeToCancel and ErrBusy.
func (p *Progress) Set(ctx context.Context, admin user.Caller, s Step) (Order, bool, error) {
	if err := s.check(); err != nil {
		return Order{}, false, err
	}
	o, err := p.Orders.Stored(ctx, s.OrderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s: %w", s.OrderID, err)
	}
	c := Change{From: s.From, To: s.To, By: admin.UserID, At: p.Now()}
	return p.change(ctx, o, c, s.Tracking, func(o Order) bool {
		last := o.last()
		return last.From == c.From && last.To == c.To && last.By == c.By && o.Tracking == s.Tracking
	})
}

func (s Step) check() error {
	var problems validation.Errors
	if !s.From.mayBeAsked(s.To) {
		problems.Add("status", "cannot be %s after %s", s.To, s.From)
	}
	if s.Tracking != "" {
		problems.Line("tracking", s.Tracking, 1, maxTracking)
		if s.To != Shipped {
			problems.Add("tracking", "is only of an order that is shipped")
		}
	}
	return problems.Err()
}

// change makes the change, unless done says that the order has it: before, or after the store met another status,
// which may be what an attempt whose answer was lost has written.
func (p *Progress) change(
	ctx context.Context, o Order, c Change, tracking string, done func(Order) bool,
) (Order, bool, error) {
	switch {
	case done(o):
		return o, false, nil
	case o.Status != c.From:
		return Order{}, false, &StatusChangedError{Present: o.Status}
	case c.To == Cancelled && len(o.Lines) > MaxCancelled:
		return Order{}, false, ErrTooLargeToCancel
	}
	err := p.Orders.Change(ctx, o, c, tracking)
	var changed *StatusChangedError
	if errors.As(err, &changed) {
		return p.met(ctx, o.ID, c, done, changed)
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("making order %s %s: %w", o.ID, c.To, err)
	}
	o.Status, o.Changes = c.To, append(o.Changes[:len(o.Changes):len(o.Changes)], c)
	if tracking != "" {
		o.Tracking = tracking
	}
	if err := p.Announce(ctx, o.ID, c.To); err != nil {
		p.Missed(ctx, o.ID, err)
	}
	return o, true, nil
}

// met looks what another status is that the store met: it is ours if its last change is c.
func (p *Progress) met(
	ctx context.Context, orderID string, c Change, done func(Order) bool, changed *StatusChangedError,
) (Order, bool, error) {
	o, err := p.Orders.Stored(ctx, orderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s again: %w", orderID, err)
	}
	if done(o) {
		return o, o.last().same(c), nil
	}
	return Order{}, false, changed
}
