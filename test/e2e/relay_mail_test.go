package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestRelay: a mail that is pending and due is sent, though its event was lost.
// No client can lose an event, so the mail of an order is made pending once more,
// as it would be if nothing had come of it for two minutes.
func TestRelay(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	journal.forget(o)

	requeue(t, o)
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "pending" && got != "sent" {
		t.Errorf("email_status = %q, want pending, or sent by the schedule's own relay", got)
	}
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
	awaitMails(t, c.Email, 2)
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
}

// requeue makes the order's mail pending, and due now.
func requeue(t *testing.T, o order) {
	t.Helper()
	requeueAt(t, o, time.Now().Add(-time.Second))
}

// requeueAt writes the mail as docs/mail.md describes one that is pending.
func requeueAt(t *testing.T, o order, due time.Time) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, "MailsTable")),
		Key: map[string]types.AttributeValue{
			"mail_id": &types.AttributeValueMemberS{Value: "order-placed#" + o.OrderID},
		},
		ConditionExpression: aws.String("attribute_exists(mail_id)"),
		UpdateExpression: aws.String(
			"SET #state = :pending, due_shard = :shard, due_at = :due REMOVE settled_at, message_id",
		),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pending": &types.AttributeValueMemberS{Value: "pending"},
			":shard":   &types.AttributeValueMemberN{Value: "3"},
			":due":     &types.AttributeValueMemberS{Value: due.UTC().Format("2006-01-02T15:04:05.000Z")},
		},
	})
	if err != nil {
		t.Fatalf("requeuing the mail of %s again: %v", o.OrderID, err)
	}
}
