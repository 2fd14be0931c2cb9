package e2e

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestRedriveMails: an order whose mail SES refused says failed. Once the cause is mended, and the operator has
// redriven it, it is sent and says so. Sign-up lets no address through that SES calls none, so the order is given one
// in its table.
//
// The tests of redrive run alone, because a redrive is of all that the store gave up.
func TestRedriveMails(t *testing.T) {
	o, c := failedOrder(t)
	if got := told(t, operator(t, "redrive", "--since", "1h"), "failed mails"); got < 1 {
		t.Errorf("%d failed mails, want that of %s at least", got, o.OrderID)
	}
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "failed" {
		t.Errorf("email_status = %q after a look, want failed still", got)
	}

	giveAddress(t, o, o.Email)
	out := operator(t, "redrive", "--yes", "--only", "mails")
	if found, requeued := told(t, out, "failed mails"), told(t, out, "requeued"); requeued < 1 || requeued != found {
		t.Errorf("%d of %d failed mails are requeued, want all:\n%s", requeued, found, out)
	}
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "pending" && got != "sent" {
		t.Errorf("email_status = %q once it is requeued, want pending, or sent by the schedule's own relay", got)
	}
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
	awaitMails(t, c.Email, 2) // the first before the address was spoiled
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	if out := operator(t, "redrive", "--yes", "--only", "mails", "--since", "1h"); strings.Contains(out, o.OrderID) {
		t.Errorf("a second run finds the mail still:\n%s", out)
	}
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "sent" {
		t.Errorf("email_status = %q after a second run, want sent still", got)
	}
}

// failedOrder is an order, and its customer, whose mail SES refused.
func failedOrder(t *testing.T) (order, caller) {
	t.Helper()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	journal.forget(o)
	giveAddress(t, o, "nobody@")
	requeue(t, o)
	sendTo(t, mailQueue, eventOf(o))
	eventually(t, mailPatience, "email_status is failed",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "failed" })
	return o, c
}

// giveAddress gives the order another address.
func giveAddress(t *testing.T, o order, address string) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	_, err := db.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, "OrdersTable")),
		Key: map[string]types.AttributeValue{
			"order_id": &types.AttributeValueMemberS{Value: o.OrderID},
		},
		ConditionExpression: aws.String("attribute_exists(order_id)"),
		UpdateExpression:    aws.String("SET email = :address"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":address": &types.AttributeValueMemberS{Value: address},
		},
	})
	if err != nil {
		t.Fatalf("giving %s another address: %v", o.OrderID, err)
	}
}

// told is the number that the operator's tool gives for something.
func told(t *testing.T, out, what string) int {
	t.Helper()
	found := regexp.MustCompile(`(?m)^ *(\d+) +` + what + `$`).FindStringSubmatch(out)
	if found == nil {
		t.Fatalf("the tool does not say how many %s:\n%s", what, out)
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRedriveLetters: a dead letter that is an event brings its mail, and is gone; what is not understood stays.
func TestRedriveLetters(t *testing.T) {
	o := settledOrder(t)
	journal.forget(o)
	requeueAt(t, o, time.Now().Add(time.Hour)) // the relay does not come to it
	understood, foreign := sendTo(t, deadLetterQueue, eventOf(o)), sendTo(t, deadLetterQueue, "{")
	t.Cleanup(func() { bury(t, understood, foreign) })

	// The README's own look at the letters, which may go on beside this, hides them for a moment: so each step is tried
	// again.
	for range 2 {
		eventually(t, time.Minute, "a look sees a letter of each kind", func() bool {
			out := operator(t, "redrive", "--only", "letters")
			return told(t, out, "events of mails") > 0 && told(t, out, "not understood") > 0
		})
		awaitDead(t, time.Minute, understood, foreign)
	}
	if n := len(mailsTo(t, o.Email)); n != 1 {
		t.Errorf("%d mails after a look, want the 1 from before", n)
	}

	eventually(t, time.Minute, "the event is sent again", func() bool {
		out := operator(t, "redrive", "--yes", "--only", "letters")
		return told(t, out, "sent again") == told(t, out, "events of mails") && len(mailsTo(t, o.Email)) > 1
	})
	awaitMails(t, o.Email, 2)
	awaitDead(t, time.Minute, foreign)
	if got := deadLetters(t, understood); len(got) != 0 {
		t.Errorf("the event is a dead letter still: %v", got)
	}
}
