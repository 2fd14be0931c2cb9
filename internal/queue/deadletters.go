package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"shop/internal/notification"
)

const (
	// mostAtOnce is how many messages SQS gives, or takes, in one call.
	mostAtOnce = 10
	// look is for how long SQS waits for messages, in seconds. With 0 it asks only some of its servers, and may report
	// an empty queue although there are messages.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
	look = 1
	// deleteTimeout bounds the call that must follow a letter that was sent, after an interrupt too.
	deleteTimeout = 5 * time.Second
)

// DeadLetters is the dead-letter queue of a mail queue. SQS can move messages back by itself (StartMessageMoveTask),
// but all of them, whether they are understood or not.
type DeadLetters struct {
	Client  *sqs.Client
	URL     string // of the dead-letter queue
	MailURL string // of the mail queue
}

// Receive returns at most ten letters, which other receivers do not see for the given time, in whole seconds.
func (d *DeadLetters) Receive(ctx context.Context, hidden time.Duration) ([]notification.DeadLetter, error) {
	out, err := d.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &d.URL, MaxNumberOfMessages: mostAtOnce, WaitTimeSeconds: look,
		VisibilityTimeout: int32(hidden.Seconds()),
	})
	if err != nil {
		return nil, fmt.Errorf("receiving: %w", err)
	}
	var letters []notification.DeadLetter
	for _, m := range out.Messages {
		body := aws.ToString(m.Body)
		mailID, _ := decode(body) // empty when it is not understood
		letters = append(letters, notification.DeadLetter{
			ID: aws.ToString(m.MessageId), Handle: aws.ToString(m.ReceiptHandle), Body: body, MailID: mailID,
		})
	}
	return letters, nil
}

// Release makes letters visible again. It is no error if SQS refuses one: somebody else received or deleted it, or it
// becomes visible when its time is up.
func (d *DeadLetters) Release(ctx context.Context, letters []notification.DeadLetter) error {
	for some := range slices.Chunk(letters, mostAtOnce) {
		var entries []types.ChangeMessageVisibilityBatchRequestEntry
		for i, letter := range some {
			entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &letter.Handle,
			})
		}
		all := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &d.URL, Entries: entries}
		if _, err := d.Client.ChangeMessageVisibilityBatch(ctx, all); err != nil {
			return fmt.Errorf("showing messages: %w", err)
		}
	}
	return nil
}

// Resend sends the letter to the mail queue, and then deletes it, whatever becomes of ctx in between. It sends the body
// only: the message's attribute names the trace of who sent it first.
func (d *DeadLetters) Resend(ctx context.Context, letter notification.DeadLetter) error {
	sent := &sqs.SendMessageInput{QueueUrl: &d.MailURL, MessageBody: &letter.Body}
	if _, err := d.Client.SendMessage(ctx, sent); err != nil {
		return fmt.Errorf("sending: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	deleted := &sqs.DeleteMessageInput{QueueUrl: &d.URL, ReceiptHandle: &letter.Handle}
	if _, err := d.Client.DeleteMessage(ctx, deleted); err != nil {
		return fmt.Errorf("sent, but not deleted: %w", err)
	}
	return nil
}
