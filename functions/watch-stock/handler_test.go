package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe/observetest"
	"shop/internal/product"
)

// run is a watch.
type run func(until time.Time) (product.Watched, error)

func (r run) Run(_ context.Context, until time.Time) (product.Watched, error) { return r(until) }

// TestWatchStock: a run begins nothing that the function has no time for, and tells what it made, also when it fails.
func TestWatchStock(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	down := errors.New("the table is down")
	for _, fault := range []error{nil, down} {
		_, log, err := observetest.Invoke(ctx, watchStock(run(func(until time.Time) (product.Watched, error) {
			if !until.Equal(end.Add(-15 * time.Second)) {
				t.Errorf("until %s, want 15 seconds before %s", until, end)
			}
			return product.Watched{Shop: 2, Customers: 20}, fault
		})), observetest.ScheduledEvent(t))
		if !errors.Is(err, fault) || !strings.Contains(log, `"shop":2,"customers":20`) {
			t.Errorf("got error %v, want %v; log %s", err, fault, log)
		}
	}
}

func TestQuietMinutes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	quiet := func(time.Time) (product.Watched, error) { return product.Watched{}, nil }
	_, log, err := observetest.Invoke(ctx, watchStock(run(quiet)), observetest.ScheduledEvent(t))
	if err != nil || log != "" {
		t.Errorf("got error %v and the log %s, want neither", err, log)
	}
}

func TestNoDeadline(t *testing.T) {
	_, _, err := observetest.Invoke(t.Context(), watchStock(run(nil)), observetest.ScheduledEvent(t))
	if !errors.Is(err, deadline.ErrNoDeadline) {
		t.Errorf("got error %v, want %v", err, deadline.ErrNoDeadline)
	}
}
