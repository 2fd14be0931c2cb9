package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestRelay: a mail that is owed and due is sent, though its event was lost.
// No client can lose an event, so the mail of an order is made owed once more,
// as it would be if nothing had come of it for two minutes.
func TestRelay(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	eventually(t, mailPatience, "email_status is sent", func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	journal.forget(o)

	oweAgain(t, o)
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "pending" && got != "sent" {
		t.Errorf("email_status = %q, want pending, or sent by the schedule's own relay", got)
	}
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
	awaitMails(t, c.Email, 2)
	eventually(t, mailPatience, "email_status is sent", func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
}

// oweAgain makes the order's mail owed, and due now.
func oweAgain(t *testing.T, o order) {
	t.Helper()
	oweAgainAt(t, o, time.Now().Add(-time.Second))
}

// oweAgainAt writes the mail as design.md, part 5, describes one that is owed.
func oweAgainAt(t *testing.T, o order, due time.Time) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t))})
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName:                aws.String(lookUp(t, stackOutputs, "MailsTable")),
		Key:                      map[string]types.AttributeValue{"mail_id": &types.AttributeValueMemberS{Value: "order-placed#" + o.OrderID}},
		ConditionExpression:      aws.String("attribute_exists(mail_id)"),
		UpdateExpression:         aws.String("SET #state = :owed, due_shard = :shard, due_at = :due REMOVE settled_at, message_id"),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":owed":  &types.AttributeValueMemberS{Value: "owed"},
			":shard": &types.AttributeValueMemberN{Value: "3"},
			":due":   &types.AttributeValueMemberS{Value: due.UTC().Format("2006-01-02T15:04:05.000Z")},
		},
	})
	if err != nil {
		t.Fatalf("owing the mail of %s again: %v", o.OrderID, err)
	}
}
