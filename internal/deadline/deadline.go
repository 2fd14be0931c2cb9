// Package deadline has the time limits of a function: each call to AWS ends before the function's own time does, and
// the function answers before Lambda stops it. test/template compares these numbers with those of template.yaml.
package deadline

import (
	"context"
	"time"
)

const (
	// Call bounds one attempt of one call to AWS, so that an attempt that hangs leaves time for another.
	Call = 3 * time.Second
	// Mail bounds the one attempt to send a mail. It is longer, because a mail whose answer comes too late is sent
	// again.
	Mail = 10 * time.Second
	// Idle is how long a connection to AWS is kept that nobody uses. Lambda freezes a process between two requests, for
	// minutes, and a server closes what is idle earlier than the SDK's 90 seconds; a request on it then gets an EOF or
	// a reset instead of an answer. AWS documents no times. The shortest that was seen is 6 seconds
	// (https://github.com/aws/aws-sdk-go/issues/206), of DynamoDB 60 (https://github.com/aws/aws-sdk-java/issues/1365).
	// Go compares with the wall clock, which goes on while frozen.
	Idle = 5 * time.Second
	// ShutdownMargin is the time that a function leaves before Lambda ends it: to end what it does without AWS, such as
	// hashing a password, and to answer.
	ShutdownMargin = time.Second
)

// WithMargin returns a ctx that ends ShutdownMargin before Lambda cuts the function off. All calls to AWS are made with
// it. A ctx without a deadline, which Lambda never gives, gets none.
func WithMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-ShutdownMargin))
}
