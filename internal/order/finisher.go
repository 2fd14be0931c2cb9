package order

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxUnfinished is how many orders one run of the finisher looks at; the next one takes the rest.
const maxUnfinished = 500

// Unfinished finds the orders whose cancellation was cut short.
type Unfinished interface {
	// Cancelling returns the ids of at most max orders that are Cancelling, or were some seconds ago.
	Cancelling(ctx context.Context, max int) ([]string, error)
}

// Finisher ends the cancellations that were cut short between their two changes.
type Finisher struct {
	Unfinished Unfinished
	Progress   *Progress // Left is not called
}

// Run ends the cancellations, begins none after until, and returns how many it found ended or ended. One that fails
// does not hold up the others, and is tried again by the next run. If two runs end the same cancellation, it is ended
// once.
func (f *Finisher) Run(ctx context.Context, until time.Time) (ended int, failed error) {
	ids, err := f.Unfinished.Cancelling(ctx, maxUnfinished)
	if err != nil {
		return 0, fmt.Errorf("looking for orders that are being cancelled: %w", err)
	}
	for _, id := range ids {
		if !f.Progress.Now().Before(until) {
			break
		}
		if err := f.end(ctx, id); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		ended++
	}
	return ended, failed
}

func (f *Finisher) end(ctx context.Context, orderID string) error {
	o, err := f.Progress.Orders.Stored(ctx, orderID)
	if err != nil {
		return fmt.Errorf("reading order %s: %w", orderID, err)
	}
	if o.Status != Cancelling {
		return nil
	}
	_, err = f.Progress.finish(ctx, o)
	return err
}
