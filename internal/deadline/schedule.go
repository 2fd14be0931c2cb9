package deadline

import (
	"context"
	"errors"
	"time"
)

// ErrNoDeadline says that Lambda did not call the function: Lambda always sets a deadline.
var ErrNoDeadline = errors.New("no deadline")

// Scheduled makes a Lambda function of run, for a schedule to call. run begins nothing after until: that leaves
// toFinish of the function's time for what it has begun. Its ctx is [WithMargin]'s. The function returns ErrNoDeadline
// for a ctx without a deadline.
func Scheduled(toFinish time.Duration, run func(_ context.Context, until time.Time) error) func(context.Context) error {
	return func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return ErrNoDeadline
		}
		ctx, cancel := WithMargin(ctx)
		defer cancel()
		return run(ctx, end.Add(-toFinish))
	}
}
