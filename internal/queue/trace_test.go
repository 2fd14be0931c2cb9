package queue

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/notification"
)

const (
	traceID    = "1-5759e988-bd862e3fe1be46a994272793"
	sentHeader = "Root=" + traceID + ";Parent=53995c3f42cd8ad8;Sampled=1"
)

// traceSent returns the tracing headers of the messages that use sends, empty for one that has none.
func traceSent(t *testing.T, use func(*Queue)) []string {
	t.Helper()
	type message struct {
		MessageSystemAttributes map[string]struct{ DataType, StringValue string }
	}
	var sent []string
	use(queueOver(func(r *http.Request) (*http.Response, error) {
		var in struct {
			message
			Entries []message
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Fatal(err)
		}
		for _, m := range append(in.Entries, in.message)[:max(1, len(in.Entries))] {
			sent = append(sent, m.MessageSystemAttributes["AWSTraceHeader"].StringValue)
		}
		return fault(400, "QueueDoesNotExist")
	}))
	return sent
}

// TestTraceIsSent: every message names the trace of the invocation that sends it, and none where nothing is traced.
func TestTraceIsSent(t *testing.T) {
	for _, header := range []string{sentHeader, "", "Root=nonsense"} {
		t.Setenv("_X_AMZN_TRACE_ID", header)
		sent := traceSent(t, func(q *Queue) { _ = q.OrderPlaced(t.Context(), orderID) })
		sent = append(sent, traceSent(t, func(q *Queue) {
			_, _ = q.Send(t.Context(), []notification.Mail{{ID: mailID}, {ID: mailID}})
		})...)
		want := header
		if header == "Root=nonsense" {
			want = ""
		}
		if len(sent) != 3 || strings.Join(sent, "") != strings.Repeat(want, 3) {
			t.Errorf("traced by %q, the messages have %q", header, sent)
		}
	}
}

// TestTraceIsLogged: what is said of a mail names the trace of who sent its event, and nothing else that a message may
// hold there.
func TestTraceIsLogged(t *testing.T) {
	for header, want := range map[string]string{sentHeader: traceID, "Root=forged": "", "": ""} {
		m := message(t, "a")
		m.Attributes = map[string]string{"AWSTraceHeader": header}
		_, log := receiveAll(t, time.Minute, deliver(func(string) (notification.Outcome, error) {
			return notification.OutcomeSent, nil
		}), m, events.SQSMessage{MessageId: "b", Body: "b"})
		if !strings.Contains(log, `"mail_id":"order-placed#ord_a","sender_trace_id":"`+want+`"`) {
			t.Errorf("sent by %q: the log does not name %q: %s", header, want, log)
		}
	}
}
