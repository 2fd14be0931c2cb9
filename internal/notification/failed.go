package notification

import "time"

// FailedMail is a mail that failed for good.
type FailedMail struct {
	ID       string
	FailedAt time.Time // UTC, to the millisecond
}

// DeadLetter is a message in the dead-letter queue.
type DeadLetter struct {
	ID     string // of the message
	Handle string // of this receipt
	Body   string // as it came: it may hold anything, and is never shown
	MailID string // of the mail that it speaks of; empty where this version does not understand it
}
