package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/observe"
)

const (
	// maxMails is how many mails one run takes; the next minute takes the rest.
	maxMails = 2000
	// reserve is what a run leaves of the function's time to put in order what it has begun.
	reserve = 5 * time.Second
)

// errNoDeadline says that the function was not called by Lambda, which always sets one.
var errNoDeadline = errors.New("no deadline")

type relay interface {
	// Run relays at most max mails that are due, begins nothing after until, and returns how many events it sent.
	Run(ctx context.Context, max int, until time.Time) (int, error)
}

// relayMail serves the schedule.
func relayMail(mails relay) func(context.Context) error {
	return func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		if !ok {
			return errNoDeadline
		}
		sent, err := mails.Run(ctx, maxMails, deadline.Add(-reserve))
		observe.Log(ctx).Info("mails relayed", "sent", sent)
		observe.Count("MailsRelayed", sent)
		if err != nil {
			return fmt.Errorf("relaying mails: %w", err)
		}
		return nil
	}
}
