package deadline

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestWithMargin(t *testing.T) {
	lambda, cut := context.WithTimeout(t.Context(), time.Minute)
	defer cut()
	ctx, cancel := WithMargin(lambda)
	end, _ := lambda.Deadline()
	if got, ok := ctx.Deadline(); !ok || !got.Equal(end.Add(-time.Second)) {
		t.Errorf("ends at %s, want a second before %s", got, end)
	}
	cancel()
	if ctx.Err() == nil || lambda.Err() != nil {
		t.Errorf("once cancelled: %v, and Lambda's %v", ctx.Err(), lambda.Err())
	}
}

// TestNoTimeLeft: what is left of the time is the reserve, so no call is begun.
func TestNoTimeLeft(t *testing.T) {
	lambda, cut := context.WithTimeout(t.Context(), ShutdownMargin)
	defer cut()
	ctx, cancel := WithMargin(lambda)
	defer cancel()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || lambda.Err() != nil {
		t.Errorf("got %v, and Lambda's %v", ctx.Err(), lambda.Err())
	}
}

func TestNoDeadline(t *testing.T) {
	ctx, cancel := WithMargin(t.Context())
	if end, ok := ctx.Deadline(); ok {
		t.Errorf("ends at %s, want never", end)
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("cannot be cancelled")
	}
}
