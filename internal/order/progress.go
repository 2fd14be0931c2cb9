package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// which may be empty, the pending mail that tells of the status, if there is one, and the units of o.Returned(c) in
	// the stocks with a movement for each. It returns *StatusChangedError when the order's status is not c.From, also
	// when that is because an earlier attempt of the same call was carried out, and ErrBusy.
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
	// Left is called when the end of a cancellation failed and is left to the relay, to log it.
	Left func(ctx context.Context, orderID string, err error)
	Now  func() time.Time
}

// Cancel cancels the customer's own order while it is placed, and returns it, and whether this call cancelled it: an
// order that is cancelled already is returned as it is. An order of more than MaxReturned products is returned as
// Cancelling if its end failed; then a repeat, or the relay, goes on. It returns ErrNotFound, *StatusChangedError and
// ErrBusy.
func (p *Progress) Cancel(ctx context.Context, customer user.Caller, orderID string) (Order, bool, error) {
	o, err := p.Orders.Owned(ctx, customer, orderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s: %w", orderID, err)
	}
	c := Change{From: Placed, To: Cancelled, By: customer.UserID, At: p.Now()}
	return p.change(ctx, o, c, "", func(o Order) bool { return !o.Status.IsSale() })
}

// StatusRequest is a change of a status as an admin asks for it.
type StatusRequest struct {
	OrderID  string
	From, To Status
	Tracking string // only to Shipped; may be empty
}

// Set makes the change and returns the order, and whether this call made it: one that the same admin made last is
// answered again. A cancellation is as Cancel's. It returns validation.Errors, ErrNotFound, *StatusChangedError and
// ErrBusy.
func (p *Progress) Set(ctx context.Context, admin user.Caller, r StatusRequest) (Order, bool, error) {
	if err := r.validate(); err != nil {
		return Order{}, false, err
	}
	o, err := p.Orders.Stored(ctx, r.OrderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s: %w", r.OrderID, err)
	}
	c := Change{From: r.From, To: r.To, By: admin.UserID, At: p.Now()}
	return p.change(ctx, o, c, r.Tracking, func(o Order) bool {
		last := o.Asked()
		isSame := last.From == c.From && last.To == c.To && last.By == c.By
		return isSame && (r.To != Shipped || o.Tracking == r.Tracking)
	})
}

func (r StatusRequest) validate() error {
	var problems validation.Errors
	if !r.From.mayBeAsked(r.To) {
		problems.Add("status", "cannot be %s after %s", r.To, r.From)
	}
	if r.Tracking != "" {
		problems.Line("tracking", r.Tracking, 1, maxTracking)
		if r.To != Shipped {
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
		return p.end(ctx, o), false, nil
	case o.Status != c.From:
		return Order{}, false, &StatusChangedError{Present: o.Status}
	}
	c = o.beginning(c)
	err := p.Orders.Change(ctx, o, c, tracking)
	var changed *StatusChangedError
	if errors.As(err, &changed) {
		return p.met(ctx, o.ID, c, done, changed)
	}
	if err != nil {
		return Order{}, false, fmt.Errorf("making order %s %s: %w", o.ID, c.To, err)
	}
	p.announce(ctx, o.ID, c.To)
	return p.end(ctx, o.with(c, tracking)), true, nil
}

func (p *Progress) announce(ctx context.Context, orderID string, reached Status) {
	if err := p.Announce(ctx, orderID, reached); err != nil {
		p.Missed(ctx, orderID, err)
	}
}

// met finds out whether the status that the store met is our own change: then c is among the order's changes.
func (p *Progress) met(
	ctx context.Context, orderID string, c Change, done func(Order) bool, changed *StatusChangedError,
) (Order, bool, error) {
	o, err := p.Orders.Stored(ctx, orderID)
	if err != nil {
		return Order{}, false, fmt.Errorf("reading order %s again: %w", orderID, err)
	}
	if done(o) {
		return p.end(ctx, o), slices.ContainsFunc(o.Changes, c.same), nil
	}
	return Order{}, false, changed
}

// end ends the cancellation of an order that is Cancelling, and leaves it to the relay where that fails.
func (p *Progress) end(ctx context.Context, o Order) Order {
	if o.Status != Cancelling {
		return o
	}
	ended, err := p.finish(ctx, o)
	if err != nil {
		p.Left(ctx, o.ID, err)
		return o
	}
	return ended
}

// finish makes an order that is Cancelling Cancelled, in the name of who cancelled it. Somebody else may have done so
// meanwhile.
func (p *Progress) finish(ctx context.Context, o Order) (Order, error) {
	c := Change{From: Cancelling, To: Cancelled, By: o.Asked().By, At: p.Now()}
	err := p.Orders.Change(ctx, o, c, "")
	var changed *StatusChangedError
	switch {
	case errors.As(err, &changed) && changed.Present == Cancelled:
		return p.Orders.Stored(ctx, o.ID)
	case err != nil:
		return Order{}, fmt.Errorf("ending the cancellation of order %s: %w", o.ID, err)
	}
	p.announce(ctx, o.ID, Cancelled)
	return o.with(c, ""), nil
}
