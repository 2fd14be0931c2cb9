package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe/observetest"
	"shop/internal/order"
)

// run is a counter.
type run func(until time.Time) (order.CountProgress, error)

func (r run) Run(_ context.Context, until time.Time) (order.CountProgress, error) { return r(until) }

// TestCountSales: it begins nothing that the function has no time for, says how far it came, and leaves to another run
// what somebody else counts.
func TestCountSales(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	down := errors.New("down")
	for _, c := range []struct {
		err, want error
		level     string
	}{
		{nil, nil, "INFO"}, {fmt.Errorf("counting: %w", order.ErrSalesMoved), nil, "WARN"}, {down, down, "INFO"},
	} {
		_, log, err := observetest.Invoke(ctx, countSales(run(func(until time.Time) (order.CountProgress, error) {
			if !until.Equal(end.Add(-20 * time.Second)) {
				t.Errorf("until %s, want 20 seconds before %s", until, end)
			}
			return order.CountProgress{Steps: 3, Corrected: 2}, c.err
		})), observetest.ScheduledEvent(t))
		if (err == nil) != (c.want == nil) || c.want != nil && !strings.Contains(err.Error(), c.want.Error()) {
			t.Errorf("got error %v, want %v", err, c.want)
		}
		for _, part := range []string{`"level":"` + c.level + `"`, `"steps":3`, `"corrected":2`} {
			if !strings.Contains(log, part) {
				t.Errorf("the log lacks %s: %s", part, log)
			}
		}
	}
}

func TestCountSalesWithoutADeadline(t *testing.T) {
	_, _, err := observetest.Invoke(t.Context(), countSales(run(func(time.Time) (order.CountProgress, error) {
		t.Error("was called")
		return order.CountProgress{}, nil
	})), observetest.ScheduledEvent(t))
	if err == nil || !strings.Contains(err.Error(), deadline.ErrNoDeadline.Error()) {
		t.Errorf("got %v, want %v", err, deadline.ErrNoDeadline)
	}
}
