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

// toFinish is the part of the function's time that a run keeps for what it has begun: to send events, where each of the
// SDK's three attempts may hang, and to make the mails due again whose events were not sent.
const toFinish = 15 * time.Second

// toRelay is the part that a run keeps for mails, and toSum what it keeps for sums before that: many cancellations or
// many stocks that are split, or slow ones, take a minute's run from nobody.
const (
	toRelay = 20 * time.Second
	toSum   = 5 * time.Second
)

type relay interface {
	// Run relays at most max mails that are due, begins nothing after until, and returns what it did.
	Run(ctx context.Context, max int, until time.Time) (notification.Relayed, error)
}

type finisher interface {
	// Run ends the cancellations that were cut short, begins none after until, and returns how many are ended.
	Run(ctx context.Context, until time.Time) (int, error)
}

type summer interface {
	// Sum notes the stocks that are split, begins none after until, and returns how many it noted anew.
	Sum(ctx context.Context, until time.Time) (int, error)
}

type handlers struct {
	cancellations finisher
	stocks        summer
	mails         relay
	maxMails      int
}

// relayMail serves the schedule. One run relays at most maxMails, which is what the provider takes until the next run.
func relayMail(cancellations finisher, stocks summer, mails relay, maxMails int) func(context.Context) error {
	return deadline.Scheduled(toFinish, handlers{cancellations, stocks, mails, maxMails}.run)
}

// run does all, even if one fails. Cancellations come first, because they leave mails to be sent.
func (h handlers) run(ctx context.Context, until time.Time) error {
	relaying := until.Add(-toRelay)
	return errors.Join(h.finish(ctx, relaying.Add(-toSum)), h.sum(ctx, relaying), h.relay(ctx, until))
}

func (h handlers) sum(ctx context.Context, until time.Time) error {
	noted, err := h.stocks.Sum(ctx, until)
	if noted > 0 || err != nil {
		observe.Log(ctx).Info("split stocks summed", "noted", noted)
	}
	if err != nil {
		return fmt.Errorf("summing split stocks: %w", err)
	}
	return nil
}

func (h handlers) finish(ctx context.Context, until time.Time) error {
	ended, err := h.cancellations.Run(ctx, until)
	if ended > 0 || err != nil {
		observe.Log(ctx).Info("cancellations ended", "ended", ended)
	}
	if err != nil {
		return fmt.Errorf("ending cancellations: %w", err)
	}
	return nil
}

func (h handlers) relay(ctx context.Context, until time.Time) error {
	done, err := h.mails.Run(ctx, h.maxMails, until)
	observe.Log(ctx).Info("mails relayed", "sent", done.Sent, "unknown", done.Unknown)
	values := []observe.Value{
		{Metric: observe.MailsRelayed, Amount: int64(done.Sent)},
		{Metric: observe.MailsOfUnknownKind, Amount: int64(done.Unknown)},
	}
	oldest := observe.Value{Metric: observe.OldestMail, Amount: int64(done.Oldest.Seconds()), Unit: observe.Seconds}
	if err == nil || done.Oldest > 0 { // a run that could not read which mails are due does not know it
		values = append(values, oldest)
	}
	observe.Measure(values...)
	if err != nil {
		return fmt.Errorf("relaying mails: %w", err)
	}
	return nil
}
