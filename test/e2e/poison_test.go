package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// poison are messages that no version of the store understands, by what is wrong with them. o is an order whose mail
// was sent.
func poison(o order) map[string]string {
	good := eventOf(o)
	return map[string]string{
		"malformed":        good[:len(good)-1],
		"foreign":          `{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"ada@example.com"}}}]}`,
		"unknown version":  strings.Replace(good, `"version":1`, `"version":1000`, 1),
		"256 KiB":          good + strings.Repeat(" ", 256<<10-len(good)),
		"1 MiB":            good + strings.Repeat(" ", 1<<20-len(good)),
		"without a record": strings.ReplaceAll(good, o.OrderID, "ord_"+strings.Repeat("a", 26)),
	}
}

// TestPoison: messages that cannot be understood end in the dead-letter queue after the receives that the deployed
// queue's redrive policy grants, and hold up nobody's mail meanwhile. With the deployed visibility timeout that takes a
// quarter of an hour, so for this test a message shows again after two seconds; all else is as it was deployed. That is
// why the test shares the queue with no other test.
func TestPoison(t *testing.T) {
	sent := settledOrder(t)
	showAgainAfter(t, 2*time.Second)
	var ids []string
	for _, body := range poison(sent) {
		ids = append(ids, sendTo(t, mailQueue, body))
	}
	t.Cleanup(func() { bury(t, ids...) })
	for range 3 {
		settledOrder(t) // among the poison
	}
	source := queueAttribute(t, types.QueueAttributeNameQueueArn)
	for id, m := range awaitDead(t, 2*time.Minute, ids...) {
		if got := m.Attributes["DeadLetterQueueSourceArn"]; got != source {
			t.Errorf("%s comes from %q, want the mail queue %s", id, got, source)
		}
	}
	if n := len(mailsTo(t, sent.Email)); n != 1 {
		t.Errorf("%d mails of the order that the poison names, want 1", n)
	}
}

// settledOrder places an order and waits for its one mail.
func settledOrder(t *testing.T) order {
	t.Helper()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	awaitMails(t, c.Email, 1)
	eventually(t, mailPatience, "email_status is sent",
		func() bool { return seeOrder(t, c, o.OrderID).EmailStatus == "sent" })
	return o
}

// showAgainAfter sets the visibility timeout of the mail queue until the test ends.
func showAgainAfter(t *testing.T, d time.Duration) {
	t.Helper()
	deployed := queueAttribute(t, types.QueueAttributeNameVisibilityTimeout)
	set := func(seconds string) {
		_, err := sqsClient(t).SetQueueAttributes(lasting(t), &sqs.SetQueueAttributesInput{
			QueueUrl:   aws.String(lookUp(t, stackOutputs, mailQueue)),
			Attributes: map[string]string{string(types.QueueAttributeNameVisibilityTimeout): seconds},
		})
		if err != nil {
			t.Errorf("setting the visibility timeout to %s s: %v", seconds, err)
		}
	}
	t.Cleanup(func() { set(deployed) })
	set(fmt.Sprint(int(d.Seconds())))
}

func queueAttribute(t *testing.T, name types.QueueAttributeName) string {
	t.Helper()
	out, err := sqsClient(t).GetQueueAttributes(lasting(t), &sqs.GetQueueAttributesInput{
		QueueUrl: aws.String(lookUp(t, stackOutputs, mailQueue)), AttributeNames: []types.QueueAttributeName{name}})
	if err != nil || out.Attributes[string(name)] == "" {
		t.Fatalf("reading %s of the mail queue: %v, %v", name, out, err)
	}
	return out.Attributes[string(name)]
}

// TestPoisonInABatch: the deployed function fails exactly the poison of a batch, and sends the mail that is in its
// midst.
func TestPoisonInABatch(t *testing.T) {
	o := settledOrder(t)
	var batch events.SQSEvent
	var want []string
	for name, body := range poison(o) {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: name, Body: body, EventSource: "aws:sqs"})
		want = append(want, name)
	}
	batch.Records = slices.Insert(batch.Records, len(batch.Records)/2,
		events.SQSMessage{MessageId: "good", Body: eventOf(o), EventSource: "aws:sqs"})
	journal.forget(o)
	requeue(t, o)
	raw := invoke(t, "NotifyFunction", batch)
	var answer struct {
		Failures []struct {
			ID string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%v: %s", err, clip(raw))
	}
	var got []string
	for _, f := range answer.Failures {
		got = append(got, f.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("failed %q, want %q: %s", got, want, clip(raw))
	}
	awaitMails(t, o.Email, 2)
}
