package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// simulated is a customer at SES's mailbox simulator, which answers each mail
// to such an address with a bounce or a complaint.
// https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
func simulated(t *testing.T, answer string) caller {
	t.Helper()
	needAWS(t)
	c, err := registered(t.Context(), answer+"+e2e-"+unique()+"@simulator.amazonses.com")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func awaitStatus(t *testing.T, c caller, o order, want string) {
	t.Helper()
	eventually(t, mailPatience, "email_status is "+want,
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == want })
}

// wantNoMail places an order, and fails unless its mail is given up unsent.
func wantNoMail(t *testing.T, c caller, product string) {
	t.Helper()
	before := len(mailsTo(t, c.Email))
	o := newOrder(t, c, one(product))
	journal.forget(o)
	awaitStatus(t, c, o, "failed")
	if n := len(mailsTo(t, c.Email)); n != before {
		t.Errorf("%d mails to a suppressed address, want the %d of before", n, before)
	}
}

// TestBounce: the order whose mail came back says so, the next is not mailed,
// and one after the operator lifted the suppression is.
func TestBounce(t *testing.T) {
	t.Parallel()
	c, p := simulated(t, "bounce"), newProduct(t, stocked(plenty)).ProductID
	awaitStatus(t, c, newOrder(t, c, one(p)), "failed")
	awaitMails(t, c.Email, 1)
	wantNoMail(t, c, p)

	if out := operator(t, "unsuppress", strings.ToUpper(c.Email)); !strings.Contains(out, c.Email+" is mailed again") {
		t.Errorf("shop unsuppress said %q", out)
	}
	awaitStatus(t, c, newOrder(t, c, one(p)), "failed") // it bounces again
	awaitMails(t, c.Email, 2)
}

// TestComplaint: the mail that was called unwanted was sent; the next is not.
func TestComplaint(t *testing.T) {
	t.Parallel()
	c, p := simulated(t, "complaint"), newProduct(t, stocked(plenty)).ProductID
	o := newOrder(t, c, one(p))
	awaitMails(t, c.Email, 1)
	awaitSuppression(t, c.Email, "complaint")
	wantNoMail(t, c, p)
	awaitStatus(t, c, o, "sent")
}

// awaitSuppression waits until the table says that the address is mailed no
// more, and fails where it says more than why and since when.
func awaitSuppression(t *testing.T, address, reason string) {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	sum := sha256.Sum256([]byte(address))
	in := &dynamodb.GetItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, "SuppressedAddressesTable")),
		Key: map[string]types.AttributeValue{
			"address_hash": &types.AttributeValueMemberS{Value: base64.RawURLEncoding.EncodeToString(sum[:])},
		},
		ConsistentRead: aws.Bool(true),
	}
	eventually(t, mailPatience, "the address is suppressed", func() bool {
		out, err := db.GetItem(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		why, _ := out.Item["reason"].(*types.AttributeValueMemberS)
		if len(out.Item) > 0 && (len(out.Item) != 3 || why == nil || why.Value != reason ||
			out.Item["suppressed_at"] == nil) {
			t.Fatalf("the table says %v, want the reason %s and a time", out.Item, reason)
		}
		return len(out.Item) > 0
	})
}

// messageID is SES's id of the mail of an order that was sent.
func messageID(t *testing.T, o order) string {
	t.Helper()
	db := dynamodb.New(dynamodb.Options{
		Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t)),
	})
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(lookUp(t, stackOutputs, "MailsTable")),
		Key: map[string]types.AttributeValue{
			"mail_id": &types.AttributeValueMemberS{Value: "order-placed#" + o.OrderID},
		},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	id, ok := out.Item["message_id"].(*types.AttributeValueMemberS)
	if !ok {
		t.Fatalf("the mail of %s has no message id: %v", o.OrderID, out.Item)
	}
	return id.Value
}

// documented is the bounce that AWS documents, of the mail of an order that was
// sent, as SES's event puts it on the bus. The server that it came back from
// says that it could not reach the address bounced.
func documented(t *testing.T, o order, bounced string) string {
	t.Helper()
	event, err := os.ReadFile("../../functions/suppress-address/event.json")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		"ord_7vtcxc6t7ggcx267wchbxpn4v3", o.OrderID,
		`"emailAddress": "Ada.Lovelace@example.com"`, `"emailAddress": "`+bounced+`"`,
		"ada.lovelace@example.com", strings.ToUpper(o.Email),
		"0102019cecf7ab14-c191be45-e9ae-4d12-a87d-dd0099a07f8a-000000", messageID(t, o),
	).Replace(string(event))
}

// TestDocumentedBounce: the event as AWS documents it, in which the server
// that the mail came back from names somebody else. A bounce for now changes
// nothing; one of another sending suppresses the address alone; one for good
// fails the mail, too, also when the event comes twice. Whom the server named
// is mailed as before. No client can put an event of SES's on the bus, so the
// function is called with it.
func TestDocumentedBounce(t *testing.T) {
	t.Parallel()
	needAWS(t)
	c, p := newCustomer(t), newProduct(t, stocked(plenty)).ProductID
	o := newOrder(t, c, one(p))
	awaitStatus(t, c, o, "sent")
	other := newCustomer(t)
	event := documented(t, o, other.Email)

	invokeWith(t, strings.Replace(event, "Permanent", "Transient", 1))
	awaitStatus(t, c, newOrder(t, c, one(p)), "sent")
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "sent" {
		t.Errorf("email_status = %q after a bounce for now, want sent", got)
	}
	invokeWith(t, strings.ReplaceAll(event, messageID(t, o), "an-earlier-sending"))
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "sent" {
		t.Errorf("email_status = %q after a bounce of another sending, want sent", got)
	}
	for range 2 {
		invokeWith(t, event)
		if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "failed" {
			t.Errorf("email_status = %q, want failed", got)
		}
	}
	wantNoMail(t, c, p)
	awaitStatus(t, other, newOrder(t, other, one(p)), "sent")
}

// invokeWith calls SuppressAddressFunction with an event, and fails when it fails.
func invokeWith(t *testing.T, event string) {
	t.Helper()
	if out := string(invoke(t, "SuppressAddressFunction", rawJSON(event))); strings.Contains(out, "errorMessage") {
		t.Fatalf("the function failed: %s", out)
	}
}

// rawJSON is JSON already.
type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

// TestUnknownReportIsKept: an event that cannot be understood is called again,
// and reaches the dead-letter queue in the end.
func TestUnknownReportIsKept(t *testing.T) {
	t.Parallel()
	needAWS(t)
	mark := "e2e-" + unique()
	invokeLater(t, "SuppressAddressFunction",
		`{"source":"aws.ses","detail-type":"Email Bounced","detail":{"eventType":"`+mark+`"}}`)
	queue := sqs.New(sqs.Options{Region: awsRegion, Credentials: awsCredentials, BaseEndpoint: aws.String(needAWS(t))})
	url := aws.String(lookUp(t, stackOutputs, "SuppressionDeadLetterQueueUrl"))
	eventually(t, mailPatience, "the event is in the dead-letter queue", func() bool {
		out, err := queue.ReceiveMessage(t.Context(),
			&sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10, VisibilityTimeout: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range out.Messages {
			if strings.Contains(*m.Body, mark) {
				_, err := queue.DeleteMessage(t.Context(),
					&sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle})
				return err == nil
			}
		}
		return false
	})
}

// invokeLater calls a function as an event source does that does not wait.
func invokeLater(t *testing.T, function, event string) {
	t.Helper()
	target := os.Getenv("SHOP_AWS_URL") + "/2015-03-31/functions/" +
		url.PathEscape(lookUp(t, stackResources, function)) + "/invocations"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader([]byte(event)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Invocation-Type", "Event")
	if err := sign(t.Context(), req, "lambda", []byte(event)); err != nil {
		t.Fatal(err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("calling %s answered %d", function, resp.StatusCode)
	}
}
