package product

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"shop/internal/clock"
)

const (
	firstPause = 5 * time.Millisecond
	maxPause   = 60 * time.Millisecond
)

// backOff waits a random time before another attempt, under a limit that doubles (full jitter), so that callers who
// conflicted do not conflict again. It returns ErrContended when ctx ends first.
func backOff(ctx context.Context, attempt int) error {
	if err := clock.Sleep(ctx, rand.N(min(firstPause<<min(attempt, 10), maxPause))); err != nil {
		return fmt.Errorf("%w: %w", ErrContended, err)
	}
	return nil
}
