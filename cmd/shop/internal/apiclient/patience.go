package apiclient

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"shop/internal/clock"
)

// Patience says for how long a failed request is repeated. Only requests that were answered with 429 or 5xx, or not at
// all, are repeated.
type Patience struct {
	First time.Duration // the longest wait before the first repeat; it doubles with each
	Cap   time.Duration // the longest wait of all, unless the store asks for more
	Total time.Duration // no repeat starts later than this after the first request
}

// DefaultPatience outlasts a deployment and a throttle, not an outage.
var DefaultPatience = Patience{First: 200 * time.Millisecond, Cap: 10 * time.Second, Total: 2 * time.Minute}

// lost is the error of a request whose answer never came. Whether the store served it is unknown.
type lost struct{ cause error }

func (l lost) Error() string { return "no answer: " + l.cause.Error() }

func (l lost) Unwrap() error { return l.cause }

// repeat calls do until it succeeds, fails for good, or patience is at its end, and returns how often
// it was called again.
func (p Patience) repeat(ctx context.Context, do func() error) (repeats int, err error) {
	start := time.Now()
	for ; ; repeats++ {
		if err = do(); err == nil || !passing(err) {
			return repeats, err
		}
		if stopped := ctx.Err(); stopped != nil {
			return repeats, fmt.Errorf("%w: %w", stopped, err)
		}
		wait := p.wait(repeats, err)
		if time.Since(start)+wait > p.Total {
			return repeats, fmt.Errorf("given up after %d repeats: %w", repeats, err)
		}
		if stopped := clock.Sleep(ctx, wait); stopped != nil {
			return repeats, stopped
		}
	}
}

func passing(err error) bool {
	var answered *Problem
	if errors.As(err, &answered) {
		return answered.Status == 429 || answered.Status >= 500
	}
	var noAnswer lost
	return errors.As(err, &noAnswer)
}

// wait returns a random time up to the step's limit (full jitter), on top of what the store asked for:
// clients that were all told "in two seconds" must not come back all at once.
func (p Patience) wait(repeats int, err error) time.Duration {
	limit := p.Cap
	if repeats < 20 { // beyond, the shift would say nothing new
		limit = min(p.Cap, p.First<<repeats)
	}
	wait := rand.N(max(limit, 1))
	var answered *Problem
	if errors.As(err, &answered) {
		wait += answered.retryAfter
	}
	return wait
}
