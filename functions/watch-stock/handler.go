package main

import (
	"context"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe"
	"shop/internal/product"
)

// toFinish is the part of the function's time that a run keeps for the mails that it has begun.
const toFinish = 15 * time.Second

type watch interface {
	// Run makes the mails that are due, begins none after until, and returns how many it made.
	Run(ctx context.Context, until time.Time) (product.Watched, error)
}

// watchStock serves the schedule.
func watchStock(stocks watch) func(context.Context) error {
	return deadline.Scheduled(toFinish, func(ctx context.Context, until time.Time) error {
		made, err := stocks.Run(ctx, until)
		if made != (product.Watched{}) || err != nil {
			observe.Log(ctx).Info("stock mails made", "shop", made.Shop, "customers", made.Customers)
		}
		if err != nil {
			return fmt.Errorf("watching stocks: %w", err)
		}
		return nil
	})
}
