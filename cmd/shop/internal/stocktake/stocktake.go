// Package stocktake sets a store's stocks to what a file says was counted.
package stocktake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"shop/cmd/shop/internal/catalogue"
	"shop/internal/product"
	"shop/internal/validation"
)

// The reasons for which a count is not taken.
const (
	Malformed catalogue.Reason = "malformed line"
	Invalid   catalogue.Reason = "count breaks the store's rules"
	Duplicate catalogue.Reason = "product counted before"
	Unknown   catalogue.Reason = "no such product"
	Conflict  catalogue.Reason = "stock changed"
)

// Store is whose stocks are set.
type Store interface {
	// Stock returns a product's stock as it is now. It returns product.ErrNotFound.
	Stock(ctx context.Context, id string) (int64, error)
	// SetStock sets the stock if it is seen. It returns *product.StockChangedError where it is not, also when the
	// request was carried out and its answer was lost, product.ErrNotFound and validation.Errors.
	SetStock(ctx context.Context, id string, quantity, seen int64, reason string) error
	// WasSet reports whether the stock was set so, for this reason, by one of its last changes.
	WasSet(ctx context.Context, id string, quantity, seen int64, reason string) (bool, error)
}

// Summary counts what became of the counts.
type Summary struct {
	Set       int // stocks that were set; of a dry run, that would be
	Unchanged int // stocks that are as counted, or were set so by an earlier run
	Refused   map[catalogue.Reason]int
}

// RefusedTotal returns how many counts were not taken, for whatever reason.
func (s Summary) RefusedTotal() int {
	total := 0
	for _, n := range s.Refused {
		total += n
	}
	return total
}

// Taker takes counts over into a store. Each is compared with the stock that was seen, so that none undoes a sale, and
// a run that was cut short is finished by another one with the same reason.
type Taker struct {
	Store       Store
	Reason      string
	DryRun      bool // nothing is set
	Concurrency int
	// Refused is told of each count that is not taken, one at a time. Its error ends all.
	Refused  func(*catalogue.Refusal) error
	Progress func(part float64) // may be nil

	mu      sync.Mutex
	summary Summary
}

// Take takes all counts over. With the error of what ends it early it returns what was done until then.
func (t *Taker) Take(ctx context.Context, counts *Reader) (Summary, error) {
	t.summary = Summary{Refused: map[catalogue.Reason]int{}}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(t.Concurrency)
	err := t.feed(ctx, group, counts)
	err = errors.Join(group.Wait(), err)
	return t.summary, err
}

func (t *Taker) feed(ctx context.Context, group *errgroup.Group, counts *Reader) error {
	for ctx.Err() == nil {
		c, err := counts.Next()
		if t.Progress != nil {
			t.Progress(counts.Progress())
		}
		var refusal *catalogue.Refusal
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &refusal):
			err = t.refuse(refusal)
		case err == nil:
			group.Go(func() error { return t.take(ctx, c) })
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// take takes one count over, or refuses it.
func (t *Taker) take(ctx context.Context, c Count) error {
	set, err := t.set(ctx, c)
	var changed *product.StockChangedError
	var invalid validation.Errors
	switch {
	case err == nil:
		t.count(set)
		return nil
	case errors.As(err, &changed):
		return t.refuse(c.refuse(Conflict, fmt.Sprintf("%s was seen, and it is %d", c.seenText(), changed.Quantity)))
	case errors.Is(err, product.ErrNotFound):
		return t.refuse(c.refuse(Unknown, ""))
	case errors.As(err, &invalid):
		return t.refuse(c.refuse(Invalid, invalid.Describe()))
	}
	return fmt.Errorf("setting the stock of %s, line %d: %w", c.ProductID, c.Line, err)
}

// set sets the stock, and reports whether it had to.
func (t *Taker) set(ctx context.Context, c Count) (bool, error) {
	now, err := t.Store.Stock(ctx, c.ProductID)
	if err != nil {
		return false, err
	}
	switch {
	case c.Seen == nil && now == c.Quantity:
		return false, nil
	case c.Seen == nil:
		c.Seen = &now
	case now != *c.Seen:
		return false, t.unlessSet(ctx, c, &product.StockChangedError{Quantity: now})
	case now == c.Quantity:
		return false, nil
	}
	if t.DryRun {
		return true, nil
	}
	err = t.Store.SetStock(ctx, c.ProductID, c.Quantity, *c.Seen, t.Reason)
	if errors.As(err, new(*product.StockChangedError)) {
		err = t.unlessSet(ctx, c, err)
	}
	return err == nil, err
}

// unlessSet returns the conflict, unless the stock was set by an earlier run, or by a request whose answer was lost.
func (t *Taker) unlessSet(ctx context.Context, c Count, conflict error) error {
	was, err := t.Store.WasSet(ctx, c.ProductID, c.Quantity, *c.Seen, t.Reason)
	if err != nil || was {
		return err
	}
	return conflict
}

func (t *Taker) count(set bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if set {
		t.summary.Set++
	} else {
		t.summary.Unchanged++
	}
}

func (t *Taker) refuse(r *catalogue.Refusal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Refused[r.Reason]++
	return t.Refused(r)
}
