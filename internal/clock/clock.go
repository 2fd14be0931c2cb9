// Package clock tells the time as the store keeps it: UTC, whole milliseconds.
package clock

import "time"

// Now returns the time.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
