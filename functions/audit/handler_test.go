package main

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/invariants"
	"shop/internal/observe/observetest"
)

// run is an auditor.
type run func(ctx context.Context, report func(invariants.Difference)) (invariants.Summary, error)

func (r run) Run(ctx context.Context, report func(invariants.Difference)) (invariants.Summary, error) {
	return r(ctx, report)
}

// invoke gives event.json to the function, and returns what it answers and logs.
func invoke(ctx context.Context, t *testing.T, a auditor) (answer, log string, err error) {
	t.Helper()
	return observetest.Invoke(ctx, audit(a), observetest.ScheduledEvent(t))
}

func TestAudit(t *testing.T) {
	answer, log, err := invoke(t.Context(), t, run(func(_ context.Context,
		report func(invariants.Difference)) (invariants.Summary, error) {
		report(invariants.Difference{Kind: invariants.StockBelowZero, Subject: "lamp", Detail: "the stock is -1"})
		return invariants.Summary{Products: 7, Orders: 9, Passes: 1, Differences: 1}, nil
	}))
	if err != nil || answer != "null" {
		t.Errorf("answer %s, error %v", answer, err)
	}
	for _, want := range []string{
		`"level":"ERROR","msg":"invariant violated","function":"","trace_id":"","invariant":"stock_below_zero","subject":"lamp","detail":"the stock is -1"}`,
		`"msg":"audited","function":"","trace_id":"","products":7,"movements":0,"orders":9,"mails":0,"waits":0,"sales":0,"passes":1,"differences":1,"truncated":false}`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("log = %s, want %s", log, want)
		}
	}
}

// TestMetric: a whole audit counts what it found, nothing included. One that failed counts what it found until then,
// and not nothing, which would end the alarm.
func TestMetric(t *testing.T) {
	for name, c := range map[string]struct {
		differences int
		err         error
		want        map[string]int64
	}{
		"nothing":               {0, nil, map[string]int64{"InvariantsViolated": 0}},
		"failed":                {0, errors.New("down"), map[string]int64{}},
		"failed with a find":    {2, errors.New("down"), map[string]int64{"InvariantsViolated": 2}},
		"some, and all is read": {3, nil, map[string]int64{"InvariantsViolated": 3}},
	} {
		got := observetest.Measured(t, func() {
			_, _, _ = invoke(t.Context(), t, run(func(context.Context,
				func(invariants.Difference)) (invariants.Summary, error) {
				return invariants.Summary{Differences: c.differences}, c.err
			}))
		})
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: measured %v, want %v", name, got, c.want)
		}
	}
}

// TestFault: the invocation fails, so that the schedule's alarm sees it, and what was found before is told. It ends a
// second before Lambda cuts it off.
func TestFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		began := time.Now()
		_, log, err := invoke(ctx, t, run(func(ctx context.Context,
			_ func(invariants.Difference)) (invariants.Summary, error) {
			<-ctx.Done()
			return invariants.Summary{Products: 7}, ctx.Err()
		}))
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "auditing: ") ||
			!strings.Contains(log, `"products":7`) {
			t.Errorf("error = %v, log %s", err, log)
		}
		if took := time.Since(began); took != 15*time.Minute-time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
