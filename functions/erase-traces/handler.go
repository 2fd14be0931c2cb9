package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe"
)

// toEnd is what a run leaves of the function's time for the removal that it is at.
const toEnd = 10 * time.Second

// errNoDeadline says that the function was not called by Lambda, which always sets one.
var errNoDeadline = errors.New("no deadline")

type eraser interface {
	// Run erases the traces of every removal, begins none after until, and returns how many removals it settled.
	Run(ctx context.Context, until time.Time) (int, error)
}

// eraseTraces serves the schedule.
func eraseTraces(removals eraser) func(context.Context) error {
	return func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return errNoDeadline
		}
		ctx, cancel := deadline.WithReserve(ctx)
		defer cancel()
		settled, err := removals.Run(ctx, end.Add(-toEnd))
		observe.Log(ctx).Info("traces erased", "settled", settled)
		if err != nil {
			return fmt.Errorf("erasing traces: %w", err)
		}
		return nil
	}
}
