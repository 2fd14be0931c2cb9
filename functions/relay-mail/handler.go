package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/deadline"
	"shop/internal/notification"
	"shop/internal/observe"
)

const (
	// maxMails is how many mails one run takes; the next minute takes the rest.
	maxMails = 2000
	// toEnd is what a run leaves of the function's time to end what it has begun: events of which each of the SDK's three
	// attempts hangs, and to make their mails due again.
	toEnd = 15 * time.Second
)

// errNoDeadline says that the function was not called by Lambda, which always sets one.
var errNoDeadline = errors.New("no deadline")

type relay interface {
	// Run relays at most max mails that are due, begins nothing after until, and returns what it did.
	Run(ctx context.Context, max int, until time.Time) (notification.Relayed, error)
}

// relayMail serves the schedule. The run's ctx ends while there is time to tell what was sent.
func relayMail(mails relay) func(context.Context) error {
	return func(ctx context.Context) error {
		end, ok := ctx.Deadline()
		if !ok {
			return errNoDeadline
		}
		ctx, cancel := deadline.WithMargin(ctx)
		defer cancel()
		done, err := mails.Run(ctx, maxMails, end.Add(-toEnd))
		observe.Log(ctx).Info("mails relayed", "sent", done.Sent, "unknown", done.Unknown)
		observe.Count("MailsRelayed", done.Sent)
		observe.Count("MailsOfUnknownKind", done.Unknown)
		if err != nil {
			return fmt.Errorf("relaying mails: %w", err)
		}
		return nil
	}
}
