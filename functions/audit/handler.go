package main

import (
	"context"
	"fmt"

	"shop/internal/deadline"
	"shop/internal/invariants"
	"shop/internal/observe"
)

type auditor interface {
	// Run checks all stored data, and calls report for each difference.
	Run(ctx context.Context, report func(invariants.Difference)) (invariants.Summary, error)
}

// audit serves the schedule. An audit that cannot end in time fails; what it found until then is reported.
func audit(data auditor) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := deadline.WithMargin(ctx)
		defer cancel()
		log := observe.Log(ctx)
		read, err := data.Run(ctx, func(d invariants.Difference) {
			log.Error("invariant violated", "invariant", string(d.Kind), "subject", d.Subject, "detail", d.Detail)
		})
		log.Info("audited", "products", read.Products, "movements", read.Movements, "orders", read.Orders, "mails",
			read.Mails, "waits", read.Waits, "sales", read.Sales,
			"passes", read.Passes, "differences", read.Differences, "truncated", read.Truncated)
		if err == nil || read.Differences > 0 { // a zero ends the alarm, so only a whole audit counts one
			observe.Count(observe.InvariantsViolated, read.Differences)
		}
		if err != nil {
			return fmt.Errorf("auditing: %w", err)
		}
		return nil
	}
}
