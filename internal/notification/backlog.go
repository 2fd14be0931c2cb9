package notification

import "time"

// Backlog is what is pending.
type Backlog struct {
	Pending int
	AtLeast bool      // there may be more
	Overdue int       // that the relay should have rescheduled by now
	Oldest  time.Time // since when the oldest is pending; zero without any
}
