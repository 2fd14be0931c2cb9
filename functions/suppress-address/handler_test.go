package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/httpapi/httpapitest"
	"shop/internal/notification"
	"shop/internal/observe/observetest"
	"shop/internal/sesmail"
)

// suppress is an addressSuppressor.
type suppress func(notification.Report) error

func (s suppress) Suppress(_ context.Context, r notification.Report) error { return s(r) }

// payload is event.json with each old text replaced by the new one that follows it.
func payload(t *testing.T, oldNew ...string) []byte {
	t.Helper()
	text, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !bytes.Contains(text, []byte(oldNew[i])) {
			t.Fatalf("event.json has no %s", oldNew[i])
		}
	}
	return []byte(strings.NewReplacer(oldNew...).Replace(string(text)))
}

// invoke gives the payload to the function as Lambda does, and returns what it answers and logs.
func invoke(t *testing.T, s addressSuppressor, payload []byte) (answer, log string, err error) {
	t.Helper()
	answer, log, err = observetest.Invoke(t.Context(), suppressAddress(s), payload)
	if strings.Contains(strings.ToLower(log), "lovelace") {
		t.Errorf("the log tells an address: %s", log)
	}
	return answer, log, err
}

// asked expects one report.
func asked(t *testing.T, want notification.Report, err error) suppress {
	calls := 0
	t.Cleanup(func() {
		if calls != 1 {
			t.Errorf("suppressed %d times, want once", calls)
		}
	})
	return func(got notification.Report) error {
		if calls++; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		return err
	}
}

// bounce is the report of event.json.
var bounce = notification.Report{
	MailID:    "order-placed#ord_7vtcxc6t7ggcx267wchbxpn4v3",
	MessageID: "0102019cecf7ab14-c191be45-e9ae-4d12-a87d-dd0099a07f8a-000000",
	Address:   "ada.lovelace@example.com", Reason: notification.Bounced, Suppress: true, Lost: true,
}

func TestEvent(t *testing.T) {
	var e events.EventBridgeEvent
	httpapitest.ReadFile(t, "event.json", &e)
	if e.Source != "aws.ses" || e.DetailType != "Email Bounced" || len(e.Resources) != 1 {
		t.Errorf("event.json is no event of SES: %+v", e)
	}
}

func TestSuppressAddress(t *testing.T) {
	answer, log, err := invoke(t, asked(t, bounce, nil), payload(t))
	if err != nil || answer != "null" {
		t.Errorf("answer %s, error %v, want null", answer, err)
	}
	wantLine(t, log, "INFO", "report handled", true)
}

// TestBounceForNow: nothing is suppressed, and the log tells of it.
func TestBounceForNow(t *testing.T) {
	want := bounce
	want.Suppress, want.Lost = false, false
	_, log, err := invoke(t, asked(t, want, nil), payload(t, "Permanent", "Transient"))
	if err != nil {
		t.Error(err)
	}
	wantLine(t, log, "INFO", "report handled", false)
}

func wantLine(t *testing.T, log, level, message string, suppressed bool) {
	t.Helper()
	var line struct {
		Level, Msg, Reason string
		Suppressed, Lost   bool
		MailID             string `json:"mail_id"`
		EventID            string `json:"event_id"`
	}
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if line.Level != level || line.Msg != message || line.Suppressed != suppressed || line.Lost != suppressed ||
		line.Reason != "bounce" || line.MailID != bounce.MailID ||
		line.EventID != "8e2a1d9b-5d0f-4f0e-9a57-5b1f7e0c2d34" {
		t.Errorf("log = %s", log)
	}
}

// TestFault: the invocation fails, so that Lambda repeats it and keeps the event in the end.
func TestFault(t *testing.T) {
	fault := errors.New("the table is down")
	_, log, err := invoke(t, asked(t, bounce, fault), payload(t))
	if !errors.Is(err, fault) || !strings.Contains(log, `"msg":"report not handled"`) ||
		!strings.Contains(log, fault.Error()) {
		t.Errorf("error %v, log %s", err, log)
	}
}

// TestUnknown: what is no report fails the invocation, too, and asks for nothing.
func TestUnknown(t *testing.T) {
	never := suppress(func(r notification.Report) error {
		t.Errorf("asked for %+v", r)
		return nil
	})
	for name, event := range map[string][]byte{
		"another event": payload(t, `"eventType": "Bounce"`, `"eventType": "Open"`),
		"no address":    payload(t, "@example.com", " at example.com"),
		"no detail":     []byte(`{"source":"aws.ses"}`),
		"a schedule":    []byte(`{"source":"aws.events","detail-type":"Scheduled Event","detail":{}}`),
	} {
		t.Run(name, func(t *testing.T) {
			if _, log, err := invoke(t, never, event); !errors.Is(err, sesmail.ErrUnknown) ||
				!strings.Contains(log, `"msg":"report not handled"`) {
				t.Errorf("error %v, log %s, want %v", err, log, sesmail.ErrUnknown)
			}
		})
	}
	for _, event := range []string{"", "null", "[]", `"x"`, `{"detail":`, `{"time":5}`} {
		if _, _, err := invoke(t, never, []byte(event)); err == nil {
			t.Errorf("%q: no error", event)
		}
	}
}

func TestMetric(t *testing.T) {
	for want, r := range map[string]notification.Report{
		"MailsBounced":        {Reason: notification.Bounced, Suppress: true},
		"MailsBouncedForNow":  {Reason: notification.Bounced},
		"MailsComplainedOf":   {Reason: notification.Complained, Suppress: true},
		"ComplaintsTakenBack": {Reason: notification.Complained},
	} {
		if got := metric(r); string(got) != want {
			t.Errorf("%+v: got %s, want %s", r, got, want)
		}
	}
}
