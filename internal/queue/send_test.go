package queue

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/notification"
)

const queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/shop-MailQueue"

// transport is SQS as the SDK's HTTP client sees it.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func queueOver(f transport) *Queue {
	return &Queue{URL: queueURL, Client: sqs.New(sqs.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: &http.Client{Transport: f},
	})}
}

// call is a request to SQS.
type call struct {
	Target      string `json:"-"`
	QueueURL    string `json:"QueueUrl"`
	MessageBody string
	Entries     []entry
}

type entry struct{ Id, MessageBody string }

func readCall(t *testing.T, r *http.Request) call {
	t.Helper()
	c := call{Target: r.Header.Get("X-Amz-Target")}
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		t.Fatalf("SQS was sent no JSON: %v", err)
	}
	return c
}

func reply(status int, body any) (*http.Response, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(text)),
	}, nil
}

func fault(status int, code string) (*http.Response, error) {
	response, err := reply(status, map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": "no"})
	if err == nil {
		response.Header.Set("X-Amzn-Query-Error", code+";Sender")
	}
	return response, err
}

func sum(body string) string {
	digest := md5.Sum([]byte(body))
	return hex.EncodeToString(digest[:])
}

func TestOrderPlaced(t *testing.T) {
	var calls []call
	q := queueOver(func(r *http.Request) (*http.Response, error) {
		c := readCall(t, r)
		calls = append(calls, c)
		return reply(200, map[string]string{"MessageId": "1", "MD5OfMessageBody": sum(c.MessageBody)})
	})
	if err := q.OrderPlaced(t.Context(), orderID); err != nil {
		t.Fatal(err)
	}
	want := call{Target: "AmazonSQS.SendMessage", QueueURL: queueURL, MessageBody: written}
	if len(calls) != 1 || fmt.Sprint(calls[0]) != fmt.Sprint(want) {
		t.Errorf("SQS was called with %+v, want %+v once", calls, want)
	}
}

// TestOrderPlacedTriesOnce: no answer is asked for again while a customer waits; the relay does that. A connection that
// broke is no answer, and is tried once more, at once.
func TestOrderPlacedTriesOnce(t *testing.T) {
	reset := errors.New("connection reset by peer")
	for name, answer := range map[string]transport{
		"500":            func(*http.Request) (*http.Response, error) { return fault(500, "InternalFailure") },
		"503":            func(*http.Request) (*http.Response, error) { return fault(503, "ServiceUnavailable") },
		"throttled":      func(*http.Request) (*http.Response, error) { return fault(400, "ThrottlingException") },
		"over the limit": func(*http.Request) (*http.Response, error) { return fault(403, "RequestThrottled") },
		"no such queue":  func(*http.Request) (*http.Response, error) { return fault(400, "QueueDoesNotExist") },
		"reset":          func(*http.Request) (*http.Response, error) { return nil, reset },
		"broken answer": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{"))},
				nil
		},
		"another message's sum": func(*http.Request) (*http.Response, error) {
			return reply(200, map[string]string{"MessageId": "1", "MD5OfMessageBody": sum("other")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, calls, want := time.Now(), 0, 1
				if name == "reset" {
					want = 2
				}
				err := queueOver(func(r *http.Request) (*http.Response, error) {
					calls++
					return answer(r)
				}).OrderPlaced(context.Background(), orderID)
				if err == nil || !strings.HasPrefix(err.Error(), "sending an event: ") || calls != want ||
					time.Since(start) != 0 {
					t.Errorf("got %v after %d calls and %s, want an error after %d and no wait",
						err, calls, time.Since(start), want)
				}
			})
		})
	}
}

// TestOrderPlacedGivesUp: a queue that does not answer costs a checkout half a second, by a clock that only this test
// sees.
func TestOrderPlacedGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, calls := time.Now(), 0
		q := queueOver(func(r *http.Request) (*http.Response, error) {
			calls++
			if deadline, ok := r.Context().Deadline(); !ok || deadline.Sub(start) > 500*time.Millisecond {
				t.Errorf("the deadline is %v, %t", deadline.Sub(start), ok)
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		err := q.OrderPlaced(context.Background(), orderID)
		if !errors.Is(err, context.DeadlineExceeded) || calls != 1 || time.Since(start) != 500*time.Millisecond {
			t.Errorf("got %v after %d calls and %s", err, calls, time.Since(start))
		}
	})
}

// TestOrderPlacedKeepsAnEarlierDeadline: the function's own may come first.
func TestOrderPlacedKeepsAnEarlierDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		q := queueOver(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		if err := q.OrderPlaced(ctx, orderID); !errors.Is(err, context.DeadlineExceeded) ||
			time.Since(start) != 100*time.Millisecond {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func mails(names ...string) []notification.Mail {
	all := make([]notification.Mail, len(names))
	for i, name := range names {
		all[i] = notification.NewOrderMail("ord_"+name, "ada@example.com", time.Time{})
	}
	return all
}

// taking is an SQS that takes all entries but those whose ids it is given.
func taking(t *testing.T, calls *[]call, refused ...string) transport {
	return func(r *http.Request) (*http.Response, error) {
		c := readCall(t, r)
		*calls = append(*calls, c)
		var successful, failed []map[string]any
		for _, e := range c.Entries {
			successful = append(successful,
				map[string]any{"Id": e.Id, "MessageId": "m" + e.Id, "MD5OfMessageBody": sum(e.MessageBody)})
		}
		for _, id := range refused {
			failed = append(failed, map[string]any{"Id": id, "Code": "InternalError", "SenderFault": false})
		}
		return reply(200, map[string]any{"Successful": successful, "Failed": failed})
	}
}

func TestSend(t *testing.T) {
	var calls []call
	all := mails("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	unsent, err := queueOver(taking(t, &calls)).Send(t.Context(), all)
	if err != nil || len(unsent) != 0 {
		t.Fatalf("got %v, %v", unsent, err)
	}
	if len(calls) != 1 || calls[0].Target != "AmazonSQS.SendMessageBatch" || calls[0].QueueURL != queueURL ||
		len(calls[0].Entries) != len(all) {
		t.Fatalf("SQS was called with %+v", calls)
	}
	for i, e := range calls[0].Entries {
		if id, err := decode(e.MessageBody); err != nil || id != all[i].ID || e.Id != fmt.Sprint(i) {
			t.Errorf("entry %d is %+v, want %s", i, e, all[i].ID)
		}
	}
}

func TestSendInPart(t *testing.T) {
	var calls []call
	all := mails("a", "b", "c", "d")
	unsent, err := queueOver(taking(t, &calls, "3", "1")).Send(t.Context(), all)
	if err == nil || err.Error() != "sending events: 2 of 4 refused, the first with InternalError" {
		t.Errorf("error = %v", err)
	}
	if len(unsent) != 2 || unsent[0] != all[3] || unsent[1] != all[1] || len(calls) != 1 {
		t.Errorf("unsent = %v after %d calls, want %v and %v after 1", unsent, len(calls), all[3], all[1])
	}
}

// TestSendNothingKnown: when it cannot be told which were taken, all are sent again.
func TestSendNothingKnown(t *testing.T) {
	all := mails("a", "b")
	for name, answer := range map[string]transport{
		"refused":          func(*http.Request) (*http.Response, error) { return fault(403, "AccessDenied") },
		"an unknown entry": taking(t, new([]call), "0", "2"),
		"no number":        taking(t, new([]call), "x"),
		"a negative one":   taking(t, new([]call), "-1"),
	} {
		t.Run(name, func(t *testing.T) {
			unsent, err := queueOver(answer).Send(t.Context(), all)
			if err == nil || !strings.HasPrefix(err.Error(), "sending events: ") || len(unsent) != 2 ||
				unsent[0] != all[0] || unsent[1] != all[1] {
				t.Errorf("got %v, %v, want all mails and an error", unsent, err)
			}
		})
	}
}

// TestSendRepeats: nobody waits for the relay, so the SDK may try again; events may arrive twice.
func TestSendRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken []call
		calls := 0
		take := taking(t, &taken)
		unsent, err := queueOver(func(r *http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				return fault(500, "InternalFailure")
			}
			return take(r)
		}).Send(context.Background(), mails("a"))
		if err != nil || len(unsent) != 0 || calls != 2 {
			t.Errorf("got %v, %v after %d calls, want 2", unsent, err, calls)
		}
	})
}

// TestSendWhatHasNoEvent: mails of kinds that only a later version knows do not hold up the others.
func TestSendWhatHasNoEvent(t *testing.T) {
	later := []notification.Mail{{ID: "order-returned#ord_b"}, {ID: "order-placed#\xff"}, {}}
	known := mails("a", "c")
	var calls []call
	unsent, err := queueOver(taking(t, &calls, "1")).Send(t.Context(),
		[]notification.Mail{later[0], known[0], later[1], known[1], later[2]})
	want := `sending events: there is none for 3 mails, the first of them "order-returned#ord_b"` +
		"\nsending events: 1 of 2 refused, the first with InternalError"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	if !slices.Equal(unsent, append(later, known[1])) || len(calls) != 1 || len(calls[0].Entries) != 2 {
		t.Errorf("unsent = %v after %+v", unsent, calls)
	}
}

func TestSendNothing(t *testing.T) {
	q := queueOver(func(*http.Request) (*http.Response, error) {
		t.Error("SQS was called")
		return fault(500, "InternalFailure")
	})
	if unsent, err := q.Send(t.Context(), nil); len(unsent) != 0 || err != nil {
		t.Errorf("got %v, %v", unsent, err)
	}
	later := []notification.Mail{{ID: "order-returned#ord_b"}}
	if unsent, err := q.Send(t.Context(), later); !slices.Equal(unsent, later) || err == nil {
		t.Errorf("got %v, %v, want the mail and an error", unsent, err)
	}
}
