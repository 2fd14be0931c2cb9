// Package deadline holds how long a function may wait, and for what: each call to AWS ends before the function's own
// time does, and the function answers before Lambda cuts it off. test/template holds these numbers against those of
// template.yaml.
package deadline

import (
	"context"
	"time"
)

const (
	// Call bounds one attempt of one call to AWS, so that an attempt that hangs leaves time for another.
	Call = 3 * time.Second
	// Mail bounds the one attempt to send a mail. It is longer, because a mail whose answer is not waited for is sent
	// once more.
	Mail = 10 * time.Second
	// ShutdownMargin is the time that a function leaves before Lambda ends it: to end what it does without AWS, such as
	// hashing a password, and to answer.
	ShutdownMargin = time.Second
)

// WithMargin returns a ctx that ends Reserve before Lambda cuts the function off. All calls to AWS are made with it. A
// ctx without a deadline, which Lambda never gives, gets none.
func WithMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-ShutdownMargin))
}
