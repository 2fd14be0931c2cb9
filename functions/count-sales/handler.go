package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe"
	"shop/internal/order"
)

// toFinish is the part of the function's time that a run keeps for the step that it has begun.
const toFinish = 20 * time.Second

type counter interface {
	// Run counts what is due, begins nothing after until, and returns what it did.
	Run(ctx context.Context, until time.Time) (order.CountProgress, error)
}

// countSales serves the schedule. It is no failure if another run counts at the same time: nothing is counted twice,
// and the next run continues.
func countSales(orders counter) func(context.Context) error {
	return deadline.Scheduled(toFinish, func(ctx context.Context, until time.Time) error {
		done, err := orders.Run(ctx, until)
		log := observe.Log(ctx).With("until", done.Until, "steps", done.Steps, "corrected", done.Corrected)
		if errors.Is(err, order.ErrSalesMoved) {
			log.Warn("somebody else counts sales", "error", err)
			return nil
		}
		log.Info("sales counted")
		if err != nil {
			return fmt.Errorf("counting sales: %w", err)
		}
		return nil
	})
}
