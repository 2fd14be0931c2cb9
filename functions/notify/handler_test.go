package main

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/httpapi/httpapitest"
	"shop/internal/notification"
	"shop/internal/observe"
	"shop/internal/queue"
)

// The mail of event.json.
const (
	mailID    = "order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3"
	messageID = "059f36b4-87a3-44ab-83d2-661975830a7d"
)

// deliver is a queue.Deliverer.
type deliver func(mailID string) (notification.Outcome, error)

func (d deliver) Deliver(_ context.Context, mailID string) (notification.Outcome, error) {
	return d(mailID)
}

// run gives event.json to the function as Lambda does, and returns what it answers and logs.
func run(t *testing.T, d queue.Deliverer) (answer, log string) {
	t.Helper()
	payload, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	ctx, cancel := context.WithTimeout(observe.WithLogger(t.Context(), observe.New(&lines)), 30*time.Second)
	defer cancel()
	out, err := lambda.NewHandler(queue.Receive(d)).Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), lines.String()
}

func TestEvent(t *testing.T) {
	var e events.SQSEvent
	httpapitest.ReadFile(t, "event.json", &e)
	for _, m := range e.Records {
		if sum := md5.Sum([]byte(m.Body)); m.Md5OfBody != hex.EncodeToString(sum[:]) {
			t.Errorf("md5OfBody = %s, want %x", m.Md5OfBody, sum)
		}
	}
	if len(e.Records) != 1 || e.Records[0].MessageId != messageID {
		t.Errorf("event.json has %+v", e.Records)
	}
}

func TestNotify(t *testing.T) {
	var asked []string
	answer, log := run(t, deliver(func(id string) (notification.Outcome, error) {
		asked = append(asked, id)
		return notification.OutcomeSent, nil
	}))
	if answer != `{"batchItemFailures":[]}` {
		t.Errorf("answer = %s", answer)
	}
	if len(asked) != 1 || asked[0] != mailID {
		t.Errorf("delivered %q, want %q once", asked, mailID)
	}
	wantLine(t, log, "INFO", "mail handled", "sent")
}

// wantLine expects the log to be one line about the mail.
func wantLine(t *testing.T, log, level, message, outcome string) {
	t.Helper()
	var line struct {
		Level, Msg, Outcome, Error string
		MailID                     string `json:"mail_id"`
	}
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if line.Level != level || line.Msg != message || line.Outcome != outcome || line.MailID != mailID {
		t.Errorf("log = %s, want level %s, msg %s, outcome %s", log, level, message, outcome)
	}
}

// TestFaultsAreAcknowledged: the record says what is still pending, and the relay returns to it.
func TestFaultsAreAcknowledged(t *testing.T) {
	for outcome, err := range map[notification.Outcome]error{
		notification.OutcomePostponed: errors.New("SES is down"),
		notification.OutcomeFailed:    notification.ErrRefused,
		"":                            errors.New("the table is down"),
	} {
		answer, log := run(t, deliver(func(string) (notification.Outcome, error) { return outcome, err }))
		if answer != `{"batchItemFailures":[]}` {
			t.Errorf("%s: answer = %s", outcome, answer)
		}
		wantLine(t, log, "ERROR", "mail not sent", string(outcome))
	}
}

func TestUnknownMail(t *testing.T) {
	answer, _ := run(t, deliver(func(string) (notification.Outcome, error) {
		return "", fmt.Errorf("claiming: %w", notification.ErrNotFound)
	}))
	if want := `{"batchItemFailures":[{"itemIdentifier":"` + messageID + `"}]}`; answer != want {
		t.Errorf("answer = %s, want %s", answer, want)
	}
}
