package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe"
)

// toEnd is what a run leaves of the function's time for the account that it is at.
const toEnd = 10 * time.Second

// errNoDeadline says that the function was not called by Lambda, which always sets one.
var errNoDeadline = errors.New("no deadline")

type accountEraser interface {
	// Run erases the data of every deleted account, begins none after until, and returns how many deletions it finished.
	Run(ctx context.Context, until time.Time) (int, error)
}

// eraseDeletedAccounts serves the schedule.
func eraseDeletedAccounts(deletions accountEraser) func(context.Context) error {
	return func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return errNoDeadline
		}
		ctx, cancel := deadline.WithMargin(ctx)
		defer cancel()
		finished, err := deletions.Run(ctx, end.Add(-toEnd))
		observe.Log(ctx).Info("deleted accounts erased", "finished", finished)
		if err != nil {
			return fmt.Errorf("erasing deleted accounts: %w", err)
		}
		return nil
	}
}
