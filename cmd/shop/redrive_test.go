package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	mailsTable      = "mails"
	mailQueue       = "http://sqs.example/1/mails"
	deadLetterQueue = "http://sqs.example/1/dead"
)

// failedMails is what the store gave up: SQS with a mail queue and one of dead letters, and DynamoDB's table of mails.
type failedMails struct {
	letters map[string]*fakeLetter // by the message's id, which is its handle, too
	sent    []string               // the bodies sent to the mail queue
	mails   map[string]*fakeMail
	updates int
	deny    string                 // the operation that is denied
	before  func(operation string) // may be nil
}

type fakeLetter struct {
	body   string
	hidden bool
}

type fakeMail struct {
	state, settledAt, createdAt, dueAt string
	attempt, shard                     string
}

func event(orderID string) string {
	return fmt.Sprintf(`{"type":"order.placed","version":1,"mail_id":"order-placed#%s","order_id":"%[1]s"}`, orderID)
}

// startGivenUp starts a store that gave up two mails and three letters, one of which is not understood.
func startGivenUp(t *testing.T) *failedMails {
	t.Helper()
	f := startFake(t)
	f.failedMails = failedMails{
		letters: map[string]*fakeLetter{
			"m1": {body: event("ord_1")}, "m2": {body: `{"email":"ada@example.com"}`}, "m3": {body: event("ord_3")},
		},
		mails: map[string]*fakeMail{
			"order-placed#ord_1": {state: "failed", settledAt: "2026-01-05T08:00:00.000Z"},
			"order-placed#ord_2": {state: "sent", settledAt: "2026-01-05T08:00:00.000Z"},
			"order-placed#ord_3": {state: "pending"},
			"order-placed#ord_4": {state: "failed", settledAt: time.Now().UTC().Add(-time.Hour).
				Format("2006-01-02T15:04:05.000Z")},
		},
	}
	return &f.failedMails
}

func (g *failedMails) serves(target string, body []byte) bool {
	return strings.HasPrefix(target, "AmazonSQS.") || strings.HasSuffix(target, ".Scan") ||
		strings.HasSuffix(target, ".UpdateItem") && bytes.Contains(body, []byte(`"TableName":"`+mailsTable+`"`))
}

func (g *failedMails) serve(w http.ResponseWriter, target string, body []byte) {
	_, operation, _ := strings.Cut(target, ".")
	if g.before != nil {
		g.before(operation)
	}
	if operation == g.deny {
		answerDynamoDB(w, 400, `{"__type":"com.amazonaws#AccessDeniedException","message":"denied"}`)
		return
	}
	var in givenUpRequest
	_ = json.Unmarshal(body, &in)
	out, failed := g.answer(operation, in)
	text, _ := json.Marshal(out)
	answerDynamoDB(w, map[bool]int{false: 200, true: 400}[failed], string(text))
}

type givenUpRequest struct {
	QueueURL                  string `json:"QueueUrl"`
	MessageBody               string
	ReceiptHandle             string
	VisibilityTimeout         int
	Entries                   []struct{ ReceiptHandle string }
	Key                       map[string]map[string]string
	ExpressionAttributeValues map[string]map[string]string
}

func (g *failedMails) answer(operation string, in givenUpRequest) (answer any, failed bool) {
	switch operation {
	case "ReceiveMessage":
		return map[string]any{"Messages": g.receive()}, in.QueueURL != deadLetterQueue || in.VisibilityTimeout < 1
	case "ChangeMessageVisibilityBatch":
		for _, e := range in.Entries {
			g.letters[e.ReceiptHandle].hidden = false
		}
		return map[string]any{}, in.QueueURL != deadLetterQueue
	case "DeleteMessage":
		delete(g.letters, in.ReceiptHandle)
		return map[string]any{}, in.QueueURL != deadLetterQueue
	case "SendMessage":
		g.sent = append(g.sent, in.MessageBody)
		return map[string]any{"MessageId": "new", "MD5OfMessageBody": md5sum(in.MessageBody)}, in.QueueURL != mailQueue
	case "Scan":
		return g.scan(in.ExpressionAttributeValues[":since"]["S"]), false
	}
	return g.requeue(in)
}

func (g *failedMails) receive() (messages []map[string]string) {
	for id, letter := range g.letters {
		if !letter.hidden {
			letter.hidden = true
			messages = append(messages, map[string]string{
				"MessageId": id, "ReceiptHandle": id, "Body": letter.body, "MD5OfBody": md5sum(letter.body),
			})
		}
	}
	return messages
}

func md5sum(text string) string {
	digest := md5.Sum([]byte(text))
	return hex.EncodeToString(digest[:])
}

func (g *failedMails) scan(since string) any {
	items := []any{}
	for id, mail := range g.mails {
		if mail.state == "failed" && mail.settledAt >= since {
			items = append(items, map[string]any{
				"mail_id": map[string]string{"S": id}, "settled_at": map[string]string{"S": mail.settledAt},
			})
		}
	}
	return map[string]any{"Items": items, "Count": len(items), "ScannedCount": len(g.mails)}
}

func (g *failedMails) requeue(in givenUpRequest) (answer any, failed bool) {
	mail, v := g.mails[in.Key["mail_id"]["S"]], in.ExpressionAttributeValues
	if mail.state != v[":failed"]["S"] {
		return map[string]any{
			"__type":  "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
			"message": "The conditional request failed",
		}, true
	}
	g.updates++
	*mail = fakeMail{
		state: v[":state"]["S"], createdAt: v[":created"]["S"], dueAt: v[":due"]["S"], attempt: v[":attempt"]["N"],
		shard: v[":shard"]["N"],
	}
	return map[string]any{}, false
}

// wantLeft wants these letters to be dead, and shown to everybody.
func (g *failedMails) wantLeft(t *testing.T, ids ...string) {
	t.Helper()
	if got := slices.Sorted(maps.Keys(g.letters)); !slices.Equal(got, ids) {
		t.Errorf("dead letters %q, want %q", got, ids)
	}
	for id, letter := range g.letters {
		if letter.hidden {
			t.Errorf("%s is hidden", id)
		}
	}
}

// TestRedriveOnlyLooks unless it is told to do something.
func TestRedriveOnlyLooks(t *testing.T) {
	g := startGivenUp(t)
	for range 2 {
		r := shop(t, "--local", "redrive")
		r.want(t, exitDone, "2 failed mails", "order-placed#ord_1 failed at 2026-01-05T08:00:00Z",
			"order-placed#ord_4 failed at",
			"3 dead letters", "2 events of mails", "1 not understood", "message m2 is not understood",
			"nothing was changed: --yes")
		if strings.Contains(r.out+r.err, "ada@example.com") {
			t.Errorf("it tells what a message holds: %s%s", r.out, r.err)
		}
	}
	g.wantLeft(t, "m1", "m2", "m3")
	if g.updates != 0 || len(g.sent) != 0 {
		t.Errorf("%d updates and sent %q, want none", g.updates, g.sent)
	}
}

func TestRedrive(t *testing.T) {
	g := startGivenUp(t)
	started := time.Now().Add(-time.Millisecond)
	r := shop(t, "--local", "redrive", "--yes")
	r.want(t, exitDone, "2 failed mails", "2 requeued", "3 dead letters", "2 events of mails", "1 not understood",
		"2 sent again")
	if strings.Contains(r.out, "nothing was changed") {
		t.Errorf("got %s", r.out)
	}
	g.wantLeft(t, "m2")
	slices.Sort(g.sent)
	if want := []string{event("ord_1"), event("ord_3")}; !slices.Equal(g.sent, want) {
		t.Errorf("sent %q, want %q", g.sent, want)
	}
	for _, id := range []string{"order-placed#ord_1", "order-placed#ord_4"} {
		got := *g.mails[id]
		due, err := time.Parse(time.RFC3339, got.dueAt)
		if err != nil || due.Before(started) || due.After(time.Now()) || got.createdAt != got.dueAt ||
			got.state != "pending" || got.attempt != "0" || got.shard == "" {
			t.Errorf("%s is %+v, want it pending since and due now", id, got)
		}
	}
	shop(t, "--local", "redrive", "--yes").want(t, exitDone, "0 failed mails", "0 requeued", "1 dead letters",
		"0 events of mails", "0 sent again")
	if g.updates != 2 || len(g.sent) != 2 {
		t.Errorf("after a second run %d updates and sent %q, want nothing more", g.updates, g.sent)
	}
	shop(t, "--local", "redrive", "--yes", "--all").want(t, exitDone, "1 not understood", "1 sent again")
	g.wantLeft(t)
}

func TestRedriveInPart(t *testing.T) {
	for _, c := range []struct {
		args    string
		updates int
		letters int
	}{
		{"--only mails", 2, 3},
		{"--only letters", 0, 1},
		{"--only mails --since 2h", 1, 3},
		{"--since 2h", 1, 1},
		{"--only mails --since 1m", 0, 3},
	} {
		g := startGivenUp(t)
		shop(t, append([]string{"--local", "redrive", "--yes"}, strings.Fields(c.args)...)...).want(t, exitDone)
		if g.updates != c.updates || len(g.letters) != c.letters {
			t.Errorf("%s: %d updates and %d letters left, want %d and %d",
				c.args, g.updates, len(g.letters), c.updates, c.letters)
		}
	}
}

// TestRedriveManyMails names the first five, and when the last failed.
func TestRedriveManyMails(t *testing.T) {
	g := startGivenUp(t)
	for i := range 7 {
		g.mails[fmt.Sprint("order-placed#ord_b", i)] = &fakeMail{
			state: "failed", settledAt: fmt.Sprintf("2025-01-05T08:00:0%d.000Z", 6-i),
		}
		g.letters[fmt.Sprint("f", i)] = &fakeLetter{body: "{"}
	}
	delete(g.mails, "order-placed#ord_4")
	r := shop(t, "--local", "redrive")
	r.want(t, exitDone, "8 failed mails", "order-placed#ord_b6 failed at 2025-01-05T08:00:00Z",
		"order-placed#ord_b2 failed at",
		"and 3 more, the last at 2026-01-05T08:00:00Z", "8 not understood", "and 3 more")
	if strings.Contains(r.out, "ord_b1") {
		t.Errorf("got %s, want five mails only", r.out)
	}
}

// TestRedriveDenied: the report tells what was done, nothing is lost or hidden, and the operator reads why.
func TestRedriveDenied(t *testing.T) {
	for operation, want := range map[string]string{
		"Scan": "looking for failed mails", "UpdateItem": "making mail order-placed#",
		"ReceiveMessage": "reading dead letters",
		"SendMessage":    "sending dead letter", "DeleteMessage": "sent, but not deleted",
		"ChangeMessageVisibilityBatch": "giving dead letters back",
	} {
		t.Run(operation, func(t *testing.T) {
			g := startGivenUp(t)
			g.deny = operation
			shop(t, "--local", "redrive", "--yes").want(t, exitFailed, want, "AccessDenied", "failed mails")
			for _, id := range []string{"m1", "m3"} {
				body := event(strings.Replace(id, "m", "ord_", 1))
				if g.letters[id] == nil && !slices.Contains(g.sent, body) {
					t.Errorf("letter %s is lost", id)
				}
			}
			if operation != "ChangeMessageVisibilityBatch" {
				g.wantLeft(t, slices.Sorted(maps.Keys(g.letters))...)
			}
		})
	}
}

// TestRedriveInterrupted: Ctrl-C while letters are sent again loses and hides none, and another run ends the work.
func TestRedriveInterrupted(t *testing.T) {
	g := startGivenUp(t)
	ctx, interrupt := context.WithCancel(t.Context())
	g.before = func(operation string) {
		if operation == "DeleteMessage" {
			interrupt()
		}
	}
	var out, err bytes.Buffer
	code := run(ctx, []string{"--local", "redrive", "--yes"}, streams{out: &out, err: &err})
	result{code, out.String(), err.String()}.want(t, exitInterrupted, "2 requeued", "1 sent again", "shop: interrupted")
	if len(g.letters) != 2 || len(g.sent) != 1 {
		t.Errorf("%d letters left and sent %q, want one sent and the others left", len(g.letters), g.sent)
	}
	g.wantLeft(t, slices.Sorted(maps.Keys(g.letters))...)
	shop(t, "--local", "redrive", "--yes").want(t, exitDone, "0 requeued", "1 sent again")
	g.wantLeft(t, "m2")
}
