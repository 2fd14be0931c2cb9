package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"shop/internal/notification"
)

// announceTimeout bounds what an outage of SQS costs a checkout.
const announceTimeout = 500 * time.Millisecond

// Queue sends events to the mail queue.
type Queue struct {
	Client *sqs.Client
	URL    string
}

// OrderPlaced sends the event once, and gives up after half a second.
func (q *Queue) OrderPlaced(ctx context.Context, orderID string) error {
	body, err := encode(orderID)
	if err != nil {
		return fmt.Errorf("encoding an event: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	once := func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} }
	if _, err := q.Client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.URL, MessageBody: &body}, once); err != nil {
		return fmt.Errorf("sending an event: %w", err)
	}
	return nil
}

// Send sends the event of each mail, at most ten, and returns those that the queue did not take. A mail of an unknown kind,
// which a later version of the store may owe, is one of them, and does not hold up the others.
func (q *Queue) Send(ctx context.Context, mails []notification.Mail) ([]notification.Mail, error) {
	entries, unsent, err := batch(mails)
	if len(entries) == 0 {
		return unsent, err
	}
	out, failed := q.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.URL, Entries: entries})
	if failed != nil {
		return mails, errors.Join(err, fmt.Errorf("sending events: %w", failed))
	}
	refused, failed := refusals(mails, out.Failed)
	return append(unsent, refused...), errors.Join(err, failed)
}

// batch returns the entries of a batch, whose ids are the mails' places, and the mails that it knows no event for.
func batch(mails []notification.Mail) (entries []types.SendMessageBatchRequestEntry, unknown []notification.Mail, err error) {
	for i, mail := range mails {
		orderID, ok := mail.OrderID()
		body, failed := encode(orderID)
		if !ok || failed != nil {
			unknown = append(unknown, mail)
			err = errors.Join(err, fmt.Errorf("mail %q has no event", mail.ID), failed)
			continue
		}
		entries = append(entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body})
	}
	return entries, unknown, err
}

// refusals returns the mails whose entries failed, or all when it cannot be told which.
func refusals(mails []notification.Mail, failed []types.BatchResultErrorEntry) ([]notification.Mail, error) {
	if len(failed) == 0 {
		return nil, nil
	}
	var refused []notification.Mail
	for _, failure := range failed {
		i, err := strconv.Atoi(aws.ToString(failure.Id))
		if err != nil || i < 0 || i >= len(mails) {
			return mails, fmt.Errorf("sending events: unknown entry %q failed", aws.ToString(failure.Id))
		}
		refused = append(refused, mails[i])
	}
	return refused, fmt.Errorf("sending events: %d of %d refused, the first with %s", len(refused), len(mails), aws.ToString(failed[0].Code))
}
