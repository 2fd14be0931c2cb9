package queue

import (
	"context"
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

// Send sends the event of each mail, at most ten, and returns those that the queue did not take.
func (q *Queue) Send(ctx context.Context, mails []notification.Mail) ([]notification.Mail, error) {
	entries, err := batch(mails)
	if err != nil {
		return mails, err
	}
	out, err := q.Client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.URL, Entries: entries})
	if err != nil {
		return mails, fmt.Errorf("sending events: %w", err)
	}
	if len(out.Failed) == 0 {
		return nil, nil
	}
	var unsent []notification.Mail
	for _, failure := range out.Failed {
		i, err := strconv.Atoi(aws.ToString(failure.Id))
		if err != nil || i < 0 || i >= len(mails) {
			return mails, fmt.Errorf("sending events: unknown entry %q failed", aws.ToString(failure.Id))
		}
		unsent = append(unsent, mails[i])
	}
	return unsent, fmt.Errorf("sending events: %d of %d refused, the first with %s", len(unsent), len(mails), aws.ToString(out.Failed[0].Code))
}

func batch(mails []notification.Mail) ([]types.SendMessageBatchRequestEntry, error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(mails))
	for i, mail := range mails {
		orderID, ok := mail.OrderID()
		if !ok {
			return nil, fmt.Errorf("mail %s: unknown kind", mail.ID)
		}
		body, err := encode(orderID)
		if err != nil {
			return nil, fmt.Errorf("encoding an event: %w", err)
		}
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body}
	}
	return entries, nil
}
