package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"shop/internal/deadline"
	"shop/internal/observe/observetest"
)

// run is an accountEraser.
type run func(until time.Time) (int, error)

func (r run) Run(_ context.Context, until time.Time) (int, error) { return r(until) }

// invoke gives event.json to the function, and returns what it answers and logs.
func invoke(ctx context.Context, t *testing.T, e accountEraser) (answer, log string, err error) {
	t.Helper()
	return observetest.Invoke(ctx, eraseDeletedAccounts(e), observetest.ScheduledEvent(t))
}

func TestEraseDeletedAccounts(t *testing.T) {
	deadline := time.Now().Add(60 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	calls := 0
	answer, log, err := invoke(ctx, t, run(func(until time.Time) (int, error) {
		if calls++; !until.Equal(deadline.Add(-10 * time.Second)) {
			t.Errorf("until %s, want 10 seconds before %s", until, deadline)
		}
		return 17, nil
	}))
	if err != nil || answer != "null" || calls != 1 ||
		!strings.Contains(log, `"msg":"deleted accounts erased","function":"","trace_id":"","finished":17}`) {
		t.Errorf("answer %s, error %v after %d calls, log %s", answer, err, calls, log)
	}
}

// TestFault: the invocation fails, so that the schedule's alarm sees it, and what was done before is told.
func TestFault(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fault := errors.New("the table is down")
	_, log, err := invoke(ctx, t, run(func(time.Time) (int, error) { return 3, fault }))
	if !errors.Is(err, fault) || err.Error() != "erasing deleted accounts: the table is down" ||
		!strings.Contains(log, `"finished":3}`) {
		t.Errorf("error = %v, log %s", err, log)
	}
}

func TestNoDeadline(t *testing.T) {
	if _, log, err := invoke(t.Context(), t, run(nil)); !errors.Is(err, deadline.ErrNoDeadline) || log != "" {
		t.Errorf("error = %v, want %v; log %s", err, deadline.ErrNoDeadline, log)
	}
}
