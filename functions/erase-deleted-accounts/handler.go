package main

import (
	"context"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe"
)

// toFinish is the part of the function's time that a run keeps for the account that it has begun.
const toFinish = 10 * time.Second

type accountEraser interface {
	// Run erases the data of every deleted account, begins none after until, and returns how many deletions it
	// finished.
	Run(ctx context.Context, until time.Time) (int, error)
}

type handlers struct{ deletions accountEraser }

// eraseDeletedAccounts serves the schedule.
func eraseDeletedAccounts(deletions accountEraser) func(context.Context) error {
	return deadline.Scheduled(toFinish, handlers{deletions}.erase)
}

func (h handlers) erase(ctx context.Context, until time.Time) error {
	finished, err := h.deletions.Run(ctx, until)
	observe.Log(ctx).Info("deleted accounts erased", "finished", finished)
	if err != nil {
		return fmt.Errorf("erasing deleted accounts: %w", err)
	}
	return nil
}
