package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"shop/internal/notification"
	"shop/internal/observe"
	"shop/internal/order"
)

// announceTimeout bounds what an outage of SQS costs a checkout, or another request that stores a mail.
const announceTimeout = 500 * time.Millisecond

// Queue sends events to the mail queue.
type Queue struct {
	Client *sqs.Client
	URL    string
}

// OrderPlaced is MailPending for the confirmation of an order.
func (q *Queue) OrderPlaced(ctx context.Context, orderID string) error {
	return q.MailPending(ctx, notification.OrderMailID(orderID))
}

// StatusReached is MailPending for the mail that tells that an order reached the status, if there is one.
func (q *Queue) StatusReached(ctx context.Context, orderID string, reached order.Status) error {
	if id, told := notification.StatusMailID(orderID, reached); told {
		return q.MailPending(ctx, id)
	}
	return nil
}

// MailPending sends the mail's event, and gives up after half a second. It tries once more if the connection broke
// before the answer, as a kept connection does that the server has closed; two events of a mail lead to one mail.
func (q *Queue) MailPending(ctx context.Context, mailID string) error {
	body, err := encode(notification.Mail{ID: mailID})
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	in := &sqs.SendMessageInput{QueueUrl: &q.URL, MessageBody: &body, MessageSystemAttributes: trace()}
	if _, err := q.Client.SendMessage(ctx, in, onceMore); err != nil {
		return fmt.Errorf("sending an event: %w", err)
	}
	return nil
}

// traceAttribute is where a message has the tracing header of who sent it:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-message-system-attributes
const traceAttribute = "AWSTraceHeader"

// trace adds to a message the trace of the invocation that sends it, if that is traced. It is not part of the event:
// mails are handled without it.
func trace() map[string]types.MessageSystemAttributeValue {
	header := observe.TraceHeader()
	if observe.TraceID(header) == "" {
		return nil
	}
	return map[string]types.MessageSystemAttributeValue{
		traceAttribute: {DataType: aws.String("String"), StringValue: &header},
	}
}

// onceMore has a call tried a second time, at once, if its connection broke. No answer of SQS is asked for again.
func onceMore(o *sqs.Options) {
	o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts, r.RateLimiter = 2, ratelimit.None
		r.Retryables = []retry.IsErrorRetryable{retry.NoRetryCanceledError{}, retry.RetryableConnectionError{}}
		r.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// Send sends the event of each mail, at most ten, and returns those that the queue did not take. A mail that has no
// event, which a later version of the store may store, is one of them, and does not hold up the others.
func (q *Queue) Send(ctx context.Context, mails []notification.Mail) ([]notification.Mail, error) {
	known, entries, unknown := batch(mails)
	var failed error
	if len(unknown) > 0 {
		failed = fmt.Errorf("sending events: there is none for %d mails, the first of them %q",
			len(unknown), unknown[0].ID)
	}
	if len(known) == 0 {
		return unknown, failed
	}
	refused, err := q.send(ctx, known, entries)
	return append(unknown, refused...), errors.Join(failed, err)
}

// batch returns the mails that there is an event for, their entries, whose ids are the mails' places, and the other
// mails.
func batch(
	mails []notification.Mail,
) (known []notification.Mail, entries []types.SendMessageBatchRequestEntry, unknown []notification.Mail) {
	for _, mail := range mails {
		body, err := encode(mail)
		if err != nil {
			unknown = append(unknown, mail)
			continue
		}
		entries = append(entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(len(known))), MessageBody: &body, MessageSystemAttributes: trace(),
		})
		known = append(known, mail)
	}
	return known, entries, unknown
}

// send returns the mails that the queue did not take, or all when it cannot be told which.
func (q *Queue) send(
	ctx context.Context, mails []notification.Mail, entries []types.SendMessageBatchRequestEntry,
) ([]notification.Mail, error) {
	out, err := q.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.URL, Entries: entries})
	if err != nil {
		return mails, fmt.Errorf("sending events: %w", err)
	}
	if len(out.Failed) == 0 {
		return nil, nil
	}
	var refused []notification.Mail
	for _, failure := range out.Failed {
		i, err := strconv.Atoi(aws.ToString(failure.Id))
		if err != nil || i < 0 || i >= len(mails) {
			return mails, fmt.Errorf("sending events: unknown entry %q failed", aws.ToString(failure.Id))
		}
		refused = append(refused, mails[i])
	}
	return refused, fmt.Errorf("sending events: %d of %d refused, the first with %s",
		len(refused), len(mails), aws.ToString(out.Failed[0].Code))
}
