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
	// WasSet reports whether the stock was set so, for this reason, by one of its last changes: from seen, or, where
	// that is nil, from whatever it was.
	WasSet(ctx context.Context, id string, quantity int64, seen *int64, reason string) (bool, error)
}

// Summary counts what became of the counts.
type Summary struct {
	Set       int // stocks that were set; of a dry run, that would be
	SetBefore int // stocks that an earlier run with the same reason has set
	Unchanged int // stocks that are as counted
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
	figure, err := t.set(ctx, c)
	var changed *product.StockChangedError
	var invalid validation.Errors
	switch {
	case err == nil:
		t.count(figure)
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

// set sets the stock, unless it is as counted, or an earlier run has set it: units that were sold or came back since
// stay so. It returns the figure of the summary that counts it.
func (t *Taker) set(ctx context.Context, c Count) (figure *int, err error) {
	now, err := t.Store.Stock(ctx, c.ProductID)
	if err != nil {
		return nil, err
	}
	if now == c.Quantity && (c.Seen == nil || *c.Seen == now) {
		return &t.summary.Unchanged, nil
	}
	was, err := t.Store.WasSet(ctx, c.ProductID, c.Quantity, c.Seen, t.Reason)
	if err != nil || was {
		return &t.summary.SetBefore, err
	}
	if c.Seen == nil {
		c.Seen = &now
	}
	if now != *c.Seen {
		return nil, &product.StockChangedError{Quantity: now}
	}
	if t.DryRun {
		return &t.summary.Set, nil
	}
	err = t.Store.SetStock(ctx, c.ProductID, c.Quantity, now, t.Reason)
	if !errors.As(err, new(*product.StockChangedError)) {
		return &t.summary.Set, err
	}
	// It may be this request that changed it, and its answer was lost.
	was, unknown := t.Store.WasSet(ctx, c.ProductID, c.Quantity, &now, t.Reason)
	if unknown != nil || was {
		return &t.summary.Set, unknown
	}
	return nil, err
}

func (t *Taker) count(figure *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*figure++
}

func (t *Taker) refuse(r *catalogue.Refusal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Refused[r.Reason]++
	return t.Refused(r)
}
