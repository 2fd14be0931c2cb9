package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/deadline"
	"shop/internal/notification"
	"shop/internal/observe"
	"shop/internal/sesmail"
)

type addressSuppressor interface {
	// Suppress does what a report asks for. It may be called again with the same one.
	Suppress(ctx context.Context, r notification.Report) error
}

type handlers struct{ addresses addressSuppressor }

// suppressAddress serves SES's events. After an error Lambda calls it twice more with the event, and then puts the
// event into the dead-letter queue.
func suppressAddress(addresses addressSuppressor) func(context.Context, events.EventBridgeEvent) error {
	return handlers{addresses}.handle
}

func (h handlers) handle(ctx context.Context, e events.EventBridgeEvent) error {
	ctx, cancel := deadline.WithMargin(ctx)
	defer cancel()
	report, err := h.suppress(ctx, e)
	if err != nil {
		observe.Log(ctx).Error("report not handled", "event_id", e.ID, "error", err)
		return err
	}
	observe.Log(ctx).Info("report handled", "event_id", e.ID, "mail_id", report.MailID,
		"reason", report.Reason, "suppressed", report.Suppress, "lost", report.Lost)
	observe.Count(metric(report), 1)
	return nil
}

func (h handlers) suppress(ctx context.Context, e events.EventBridgeEvent) (notification.Report, error) {
	report, err := sesmail.DecodeReport(e.Detail)
	if err != nil {
		observe.Count(observe.MessagesNotUnderstood, 1)
		return notification.Report{}, fmt.Errorf("reading a report: %w", err)
	}
	return report, h.addresses.Suppress(ctx, report)
}

// metric is what counts the report.
func metric(r notification.Report) observe.Metric {
	switch {
	case !r.Suppress && r.Reason == notification.Bounced:
		return observe.MailsBouncedForNow
	case !r.Suppress:
		return observe.ComplaintsTakenBack
	case r.Reason == notification.Bounced:
		return observe.MailsBounced
	}
	return observe.MailsComplainedOf
}
