package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/deadline"
	"shop/internal/notification"
	"shop/internal/observe"
)

// DeliveryTime is the time it takes to claim a mail, read its order, send it and mark it sent when each call is slow.
const DeliveryTime = 20 * time.Second

var errNoTime = errors.New("the function's time is used up")

// Deliverer sends one mail that is pending.
type Deliverer interface {
	// Deliver returns notification.ErrNotFound when the mail has no record. After any other error the mail is still
	// pending, or failed, and the record says so.
	Deliver(ctx context.Context, mailID string) (notification.Outcome, error)
}

// Handler is what Lambda calls with a batch of messages.
type Handler func(context.Context, events.SQSEvent) (events.SQSEventResponse, error)

// Receive handles each message of a batch. Only what cannot be understood, or speaks of a mail without a record, is
// returned as a failure, and so reaches the dead-letter queue in the end. Everything else is acknowledged: the Mails
// table has the record, and the relay returns to what is still pending. The list of failures is never null. A
// delivery's ctx ends while there is time to answer: what was settled by then is acknowledged, where a function that is
// cut off has its whole batch repeated.
func Receive(d Deliverer) Handler {
	return func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		ctx, cancel := deadline.WithMargin(ctx)
		defer cancel()
		response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, message := range batch.Records {
			if err := receive(ctx, d, message); err != nil {
				observe.Log(ctx).Error("message not understood", "message_id", message.MessageId, "error", err)
				observe.Count(observe.MessagesNotUnderstood, 1)
				failure := events.SQSBatchItemFailure{ItemIdentifier: message.MessageId}
				response.BatchItemFailures = append(response.BatchItemFailures, failure)
			}
		}
		return response, nil
	}
}

// receive returns an error only for a message that is to be received again.
func receive(ctx context.Context, d Deliverer, message events.SQSMessage) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	mailID, err := decode(message.Body)
	if err != nil {
		return err
	}
	ctx = observe.With(ctx, "mail_id", mailID, "sender_trace_id", observe.TraceID(message.Attributes[traceAttribute]))
	if end, ok := ctx.Deadline(); ok && time.Until(end) < DeliveryTime {
		report(ctx, notification.OutcomePostponed, errNoTime)
		return nil
	}
	outcome, err := d.Deliver(ctx, mailID)
	if errors.Is(err, notification.ErrNotFound) {
		return err
	}
	report(ctx, outcome, err)
	return nil
}

// report logs what became of a mail, and counts what an alarm looks at.
func report(ctx context.Context, outcome notification.Outcome, err error) {
	if err == nil {
		observe.Log(ctx).Info("mail handled", "outcome", outcome)
		return
	}
	observe.Log(ctx).Error("mail not sent", "outcome", outcome, "error", err)
	if outcome != notification.OutcomeFailed {
		observe.Count(observe.MailsPostponed, 1)
		return
	}
	observe.Count(observe.MailsFailed, 1)
	if errors.Is(err, notification.ErrUnanswered) {
		observe.Count(observe.MailsFailedUnanswered, 1)
	}
}
