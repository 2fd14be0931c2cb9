package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/notification"
)

const deadURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-MailDeadLetterQueue"

// lettersOver is the dead-letter queue over a transport, without the SDK's repeats.
func lettersOver(f transport) *DeadLetters {
	options := queueOver(f).Client.Options()
	options.Retryer = aws.NopRetryer{}
	return &DeadLetters{Client: sqs.New(options), URL: deadURL, MailURL: queueURL}
}

// request is a call to SQS, as these calls have it.
type request struct {
	Target            string `json:"-"`
	QueueURL          string `json:"QueueUrl"`
	MessageBody       string
	ReceiptHandle     string
	VisibilityTimeout *int
	WaitTimeSeconds   int
	MaxNumber         int `json:"MaxNumberOfMessages"`
	Entries           []struct {
		Id, ReceiptHandle string
		VisibilityTimeout *int
	}
}

// noting notes each request, and answers as is said for its operation; else with nothing.
func noting(t *testing.T, requests *[]request, answers map[string]transport) transport {
	return func(r *http.Request) (*http.Response, error) {
		in := request{Target: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Fatalf("SQS was sent no JSON: %v", err)
		}
		*requests = append(*requests, in)
		if answer := answers[in.Target]; answer != nil {
			return answer(r)
		}
		if in.Target == "SendMessage" {
			return reply(200, map[string]string{"MessageId": "1", "MD5OfMessageBody": sum(in.MessageBody)})
		}
		return reply(200, map[string]any{})
	}
}

func TestTake(t *testing.T) {
	var requests []request
	bodies := []string{
		written, "{", strings.Replace(written, `"version":1`, `"version":1000`, 1), written + strings.Repeat(" ", 5000),
	}
	d := lettersOver(noting(t, &requests, map[string]transport{"ReceiveMessage": func(
		*http.Request,
	) (*http.Response, error) {
		var messages []map[string]string
		for i, body := range bodies {
			messages = append(messages, map[string]string{
				"MessageId": fmt.Sprint("m", i), "ReceiptHandle": fmt.Sprint("h", i), "Body": body,
				"MD5OfBody": sum(body),
			})
		}
		return reply(200, map[string]any{"Messages": messages})
	}}))
	got, err := d.Receive(t.Context(), time.Minute)
	want := []notification.DeadLetter{{ID: "m0", Handle: "h0", Body: bodies[0], MailID: mailID}}
	for i, body := range bodies[1:] {
		want = append(want, notification.DeadLetter{ID: fmt.Sprint("m", i+1), Handle: fmt.Sprint("h", i+1), Body: body})
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	in := requests[0]
	if in.QueueURL != deadURL || in.MaxNumber != 10 || in.VisibilityTimeout == nil || *in.VisibilityTimeout != 60 ||
		in.WaitTimeSeconds < 1 {
		t.Errorf("asked for %+v, want ten of the dead-letter queue for a minute, looked for on every server", in)
	}
}

func TestTakeNothing(t *testing.T) {
	d := lettersOver(noting(t, new([]request), nil))
	if got, err := d.Receive(t.Context(), time.Minute); len(got) != 0 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	d = lettersOver(func(*http.Request) (*http.Response, error) { return fault(403, "AccessDenied") })
	if _, err := d.Receive(t.Context(), time.Minute); err == nil || !strings.HasPrefix(err.Error(), "receiving: ") {
		t.Errorf("denied: got %v", err)
	}
}

// TestGiveBack: ten a call, each to be shown at once.
func TestGiveBack(t *testing.T) {
	var requests []request
	var letters []notification.DeadLetter
	for i := range 23 {
		letters = append(letters, notification.DeadLetter{ID: fmt.Sprint(i), Handle: fmt.Sprint("h", i)})
	}
	taken := func(*http.Request) (*http.Response, error) {
		return reply(200, map[string]any{
			"Failed": []map[string]any{{"Id": "0", "Code": "ReceiptHandleIsInvalid", "SenderFault": true}},
		})
	}
	d := lettersOver(noting(t, &requests, map[string]transport{"ChangeMessageVisibilityBatch": taken}))
	if err := d.Release(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
	var handles []string
	for _, in := range requests {
		ids := map[string]bool{}
		for _, e := range in.Entries {
			ids[e.Id], handles = true, append(handles, e.ReceiptHandle)
			if e.VisibilityTimeout == nil || *e.VisibilityTimeout != 0 {
				t.Errorf("%s is hidden for %v, want 0", e.ReceiptHandle, e.VisibilityTimeout)
			}
		}
		if in.QueueURL != deadURL || len(ids) != len(in.Entries) || len(ids) > 10 {
			t.Errorf("called with %+v, want at most ten entries with ids of their own", in)
		}
	}
	if len(requests) != 3 || len(handles) != 23 || handles[22] != "h22" {
		t.Errorf("gave back %q in %d calls, want all in 3", handles, len(requests))
	}
	d = lettersOver(func(*http.Request) (*http.Response, error) { return fault(403, "AccessDenied") })
	if err := d.Release(t.Context(), letters); err == nil {
		t.Error("denied is no error")
	}
}

var letter = notification.DeadLetter{ID: "m", Handle: "h", Body: "{ anything", MailID: ""}

// TestResend: the letter is sent as it came, and only then deleted.
func TestResend(t *testing.T) {
	var requests []request
	if err := lettersOver(noting(t, &requests, nil)).Resend(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if len(requests) != 2 || requests[0].Target != "SendMessage" || requests[0].QueueURL != queueURL ||
		requests[0].MessageBody != letter.Body ||
		requests[1].Target != "DeleteMessage" || requests[1].QueueURL != deadURL ||
		requests[1].ReceiptHandle != letter.Handle {
		t.Errorf("called with %+v, want it sent to the mail queue, then deleted from the other", requests)
	}
}

// TestResendKeeps what it could not send.
func TestResendKeeps(t *testing.T) {
	for name, answer := range map[string]transport{
		"denied": func(*http.Request) (*http.Response, error) { return fault(403, "AccessDenied") },
		"lost":   func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset by peer") },
	} {
		var requests []request
		err := lettersOver(noting(t, &requests, map[string]transport{"SendMessage": answer})).
			Resend(t.Context(), letter)
		if err == nil || !strings.HasPrefix(err.Error(), "sending: ") || len(requests) != 1 ||
			strings.Contains(err.Error(), "anything") {
			t.Errorf("%s: got %v after %+v, want an error and no more calls", name, err, requests)
		}
	}
}

// TestResendInterrupted: what was sent is deleted, too, though an interrupt comes between.
func TestResendInterrupted(t *testing.T) {
	var requests []request
	ctx, interrupt := context.WithCancel(t.Context())
	d := lettersOver(noting(t, &requests, map[string]transport{"SendMessage": func(
		*http.Request,
	) (*http.Response, error) {
		interrupt()
		return reply(200, map[string]string{"MessageId": "1", "MD5OfMessageBody": sum(letter.Body)})
	}}))
	if err := d.Resend(ctx, letter); err != nil || len(requests) != 2 || requests[1].Target != "DeleteMessage" {
		t.Errorf("got %v after %+v, want it deleted", err, requests)
	}
	if err := d.Resend(ctx, letter); !errors.Is(err, context.Canceled) {
		t.Errorf("after the interrupt: got %v, want %v", err, context.Canceled)
	}
}

func TestResendNotDeleted(t *testing.T) {
	denied := func(*http.Request) (*http.Response, error) { return fault(403, "AccessDenied") }
	err := lettersOver(noting(t, new([]request), map[string]transport{"DeleteMessage": denied})).
		Resend(t.Context(), letter)
	if err == nil || !strings.HasPrefix(err.Error(), "sent, but not deleted: ") {
		t.Errorf("got %v", err)
	}
}
