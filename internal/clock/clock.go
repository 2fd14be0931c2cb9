// Package clock returns the time as the store stores it, in UTC and whole milliseconds, and waits.
package clock

import (
	"context"
	"time"
)

// Now returns the time.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Sleep returns nil after d, or the error of ctx if that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
