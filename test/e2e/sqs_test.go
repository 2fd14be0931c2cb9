package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// mailQueue and deadLetterQueue are the stack's outputs.
const (
	mailQueue       = "MailQueueUrl"
	deadLetterQueue = "MailDeadLetterQueueUrl"
)

func sqsClient(t *testing.T) *sqs.Client {
	t.Helper()
	return sqs.New(sqs.Options{Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t))})
}

// lasting is a context that a test's cleanup may use, too.
func lasting(t *testing.T) context.Context { return context.WithoutCancel(t.Context()) }

// eventOf is the event of the order's mail.
func eventOf(o order) string {
	return fmt.Sprintf(`{"type":"order.placed","version":1,"mail_id":"order-placed#%s","order_id":"%[1]s"}`, o.OrderID)
}

// sendTo sends a message to a queue and returns its id.
func sendTo(t *testing.T, queue, body string) string {
	t.Helper()
	out, err := sqsClient(t).SendMessage(lasting(t),
		&sqs.SendMessageInput{QueueUrl: aws.String(lookUp(t, stackOutputs, queue)), MessageBody: &body})
	if err != nil {
		t.Fatalf("sending to %s: %v", queue, err)
	}
	return *out.MessageId
}

// deadLetters are those of the dead letters that have one of the ids, by id. All others, and those found, are shown to
// everybody again.
func deadLetters(t *testing.T, ids ...string) map[string]types.Message {
	t.Helper()
	found := map[string]types.Message{}
	for {
		batch := receiveDead(t)
		fresh := false
		for _, m := range batch {
			if _, seen := found[*m.MessageId]; !seen {
				fresh, found[*m.MessageId] = true, m
			}
		}
		if !fresh {
			break
		}
	}
	for id, m := range found {
		// An error says that another took it meanwhile.
		_, _ = sqsClient(t).ChangeMessageVisibility(lasting(t), &sqs.ChangeMessageVisibilityInput{
			QueueUrl: aws.String(lookUp(t, stackOutputs, deadLetterQueue)), ReceiptHandle: m.ReceiptHandle})
		if !slices.Contains(ids, id) {
			delete(found, id)
		}
	}
	return found
}

func receiveDead(t *testing.T) []types.Message {
	t.Helper()
	out, err := sqsClient(t).ReceiveMessage(lasting(t), &sqs.ReceiveMessageInput{
		QueueUrl: aws.String(lookUp(t, stackOutputs, deadLetterQueue)), MaxNumberOfMessages: 10, VisibilityTimeout: 20,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		t.Fatalf("receiving dead letters: %v", err)
	}
	return out.Messages
}

// bury deletes dead letters, so that a test leaves none.
func bury(t *testing.T, ids ...string) {
	t.Helper()
	for _, m := range deadLetters(t, ids...) {
		if _, err := sqsClient(t).DeleteMessage(lasting(t), &sqs.DeleteMessageInput{
			QueueUrl:      aws.String(lookUp(t, stackOutputs, deadLetterQueue)),
			ReceiptHandle: m.ReceiptHandle}); err != nil {
			t.Errorf("deleting a dead letter: %v", err)
		}
	}
}

// awaitDead returns the messages once all are dead letters.
func awaitDead(t *testing.T, within time.Duration, ids ...string) map[string]types.Message {
	t.Helper()
	var found map[string]types.Message
	eventually(t, within, fmt.Sprintf("%d messages are dead letters", len(ids)), func() bool {
		found = deadLetters(t, ids...)
		return len(found) == len(ids)
	})
	return found
}
