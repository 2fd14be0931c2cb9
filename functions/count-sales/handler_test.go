package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/deadline"
	"shop/internal/observe"
	"shop/internal/order"
)

// run is a counter.
type run func(until time.Time) (order.CountProgress, error)

func (r run) Run(_ context.Context, until time.Time) (order.CountProgress, error) { return r(until) }

// invoke gives event.json to the function as Lambda does, and returns what it logs.
func invoke(ctx context.Context, t *testing.T, r run) (string, error) {
	t.Helper()
	payload, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	_, err = lambda.NewHandler(countSales(r)).Invoke(observe.WithLogger(ctx, observe.New(&lines)), payload)
	return lines.String(), err
}

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
		log, err := invoke(ctx, t, func(until time.Time) (order.CountProgress, error) {
			if !until.Equal(end.Add(-20 * time.Second)) {
				t.Errorf("until %s, want 20 seconds before %s", until, end)
			}
			return order.CountProgress{Steps: 3, Corrected: 2}, c.err
		})
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
	_, err := invoke(t.Context(), t, func(time.Time) (order.CountProgress, error) {
		t.Error("was called")
		return order.CountProgress{}, nil
	})
	if err == nil || !strings.Contains(err.Error(), deadline.ErrNoDeadline.Error()) {
		t.Errorf("got %v, want %v", err, deadline.ErrNoDeadline)
	}
}
