package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/deadline"
	"shop/internal/notification"
	"shop/internal/observe"
)

// deliver is a Deliverer.
type deliver func(mailID string) (notification.Outcome, error)

func (d deliver) Deliver(_ context.Context, mailID string) (notification.Outcome, error) {
	return d(mailID)
}

// message speaks of the mail of order ord_<name>.
func message(t *testing.T, name string) events.SQSMessage {
	t.Helper()
	body, err := encode(notification.Mail{ID: notification.OrderMailID("ord_" + name)})
	if err != nil {
		t.Fatal(err)
	}
	return events.SQSMessage{MessageId: "message-" + name, Body: body}
}

// receiveAll gives the messages to the function, and returns what Lambda reads and what was logged.
func receiveAll(t *testing.T, left time.Duration, d Deliverer, messages ...events.SQSMessage) (answer, log string) {
	t.Helper()
	var lines bytes.Buffer
	ctx, cancel := context.WithTimeout(observe.WithLogger(t.Context(), observe.New(&lines)), left)
	defer cancel()
	response, err := Receive(d)(ctx, events.SQSEvent{Records: messages})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(response)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), lines.String()
}

const nothingFailed = `{"batchItemFailures":[]}`

func TestReceive(t *testing.T) {
	var delivered []string
	answer, _ := receiveAll(t, 30*time.Second, deliver(func(id string) (notification.Outcome, error) {
		delivered = append(delivered, id)
		return notification.OutcomeSent, nil
	}), message(t, "a"), message(t, "b"), message(t, "a"))
	if want := "[order-placed#ord_a order-placed#ord_b order-placed#ord_a]"; answer != nothingFailed ||
		fmt.Sprint(delivered) != want {
		t.Errorf("answered %s and delivered %s, want %s", answer, delivered, want)
	}
}

func TestReceiveNothing(t *testing.T) {
	for _, messages := range [][]events.SQSMessage{nil, {}} {
		if answer, log := receiveAll(t, 30*time.Second, deliver(nil), messages...); answer != nothingFailed ||
			log != "" {
			t.Errorf("answered %s and logged %s", answer, log)
		}
	}
}

// TestFailures: each message stands for itself, and only those that cannot be understood, that speak of no recorded
// mail, and that crash the function are received again.
func TestFailures(t *testing.T) {
	foreign := events.SQSMessage{
		MessageId: "message-foreign", Body: `{"type":"order.shipped","email":"ada@example.com"}`,
	}
	answer, log := receiveAll(t, 30*time.Second, deliver(func(id string) (notification.Outcome, error) {
		switch strings.TrimPrefix(id, "order-placed#ord_") {
		case "unrecorded":
			return "", fmt.Errorf("claiming: %w", notification.ErrNotFound)
		case "crash":
			panic("no template")
		case "nil":
			panic(nil)
		case "refused":
			return notification.OutcomeFailed, notification.ErrRefused
		case "down":
			return notification.OutcomePostponed, errors.New("SES is down")
		case "lost":
			return "", errors.New("the mark was not written")
		}
		return notification.OutcomeSent, nil
	}), message(t, "sent"), foreign, message(t, "unrecorded"), message(t, "refused"), message(t, "crash"),
		message(t, "down"), message(t, "nil"), message(t, "lost"), message(t, "last"))
	if want := failures("foreign", "unrecorded", "crash", "nil"); answer != want {
		t.Errorf("answered %s, want %s", answer, want)
	}
	for _, id := range []string{"foreign", "unrecorded", "crash", "nil"} {
		if !strings.Contains(log,
			`"msg":"message not understood","function":"","trace_id":"","message_id":"message-`+id+`"`) {
			t.Errorf("the log does not tell of %s: %s", id, log)
		}
	}
	for id, outcome := range map[string]string{
		"sent": "sent", "refused": "failed", "down": "postponed", "lost": "", "last": "sent",
	} {
		if !strings.Contains(log, `"mail_id":"order-placed#ord_`+id+`","sender_trace_id":"","outcome":"`+outcome+`"`) {
			t.Errorf("the log does not tell of %s: %s", id, log)
		}
	}
	if strings.Contains(log, "ada@example.com") {
		t.Errorf("the log tells what a foreign message holds: %s", log)
	}
}

func failures(names ...string) string {
	var items []string
	for _, name := range names {
		items = append(items, `{"itemIdentifier":"message-`+name+`"}`)
	}
	return `{"batchItemFailures":[` + strings.Join(items, ",") + `]}`
}

// TestTimeUsedUp: what there is no time for is acknowledged, for the mail is pending and the relay returns to it. What
// cannot be understood fails all the same.
func TestTimeUsedUp(t *testing.T) {
	answer, log := receiveAll(t, DeliveryTime+deadline.ShutdownMargin-time.Millisecond, deliver(nil), message(t, "a"),
		events.SQSMessage{MessageId: "message-b", Body: "b"}, message(t, "c"))
	if want := failures("b"); answer != want {
		t.Errorf("answered %s, want %s", answer, want)
	}
	if strings.Count(log, `"outcome":"postponed","error":"the function's time is used up"`) != 2 {
		t.Errorf("the log does not tell of two mails that were rescheduled: %s", log)
	}
}

// TestTimeRunsOut: mails are sent as long as there is time for a whole one.
func TestTimeRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var delivered []string
		answer, _ := receiveAll(t, DeliveryTime+deadline.ShutdownMargin+200*time.Millisecond,
			deliver(func(id string) (notification.Outcome, error) {
				delivered = append(delivered, id)
				time.Sleep(300 * time.Millisecond)
				return notification.OutcomeSent, nil
			}), message(t, "a"), message(t, "b"))
		if answer != nothingFailed || fmt.Sprint(delivered) != "[order-placed#ord_a]" {
			t.Errorf("answered %s and delivered %s", answer, delivered)
		}
	})
}

// untilEnd is a Deliverer whose every delivery lasts until its ctx ends, as that of a mark that cannot be written does.
type untilEnd struct{}

func (untilEnd) Deliver(ctx context.Context, _ string) (notification.Outcome, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// TestAnswersBeforeItIsCutOff: a delivery that uses all of the time leaves a second to answer for the batch: what was
// delivered before and what there is no time for is acknowledged, and what cannot be understood fails.
func TestAnswersBeforeItIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		answer, log := receiveAll(t, 30*time.Second, untilEnd{}, message(t, "a"), message(t, "b"),
			events.SQSMessage{MessageId: "message-c", Body: "c"})
		if want := failures("c"); answer != want || time.Since(start) != 29*time.Second {
			t.Errorf("answered %s after %s, want %s after 29 s", answer, time.Since(start), want)
		}
		if !strings.Contains(log,
			`"mail_id":"order-placed#ord_a","sender_trace_id":"","outcome":"","error":"context deadline exceeded"`) ||
			!strings.Contains(log, `"mail_id":"order-placed#ord_b","sender_trace_id":"","outcome":"postponed"`) {
			t.Errorf("the log does not tell of both mails: %s", log)
		}
	})
}
