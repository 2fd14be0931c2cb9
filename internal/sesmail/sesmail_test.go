package sesmail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ses"

	"shop/internal/notification"
)

// transport is SES as the SDK's HTTP client sees it.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	return f(r)
}

func mailerOver(f transport) *Mailer {
	return &Mailer{Sender: "shop@shop.example", ConfigurationSet: "shop-mails", Client: ses.New(ses.Options{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		HTTPClient: &http.Client{Transport: f},
	})}
}

var message = notification.Message{
	MailID: "order-placed#ord_7",
	To:     "ada@example.com", Subject: "Your order ord_7 – thank you", Text: "1 × Brass lamp\n£64.00 & no more = +%20",
	HTML: "<p>1 × Brass lamp</p>\n<b>£64.00</b>",
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

func sent() (*http.Response, error) {
	return reply(200,
		`<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendEmailResult><MessageId>0102-mail-1</MessageId></SendEmailResult>`+
			`<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></SendEmailResponse>`)
}

func fault(status int, code string) (*http.Response, error) {
	return reply(status,
		fmt.Sprintf(`<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>%s</Code>`+
			`<Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code))
}

// TestSend compares the whole request: one member more could be a setting that nobody chose.
func TestSend(t *testing.T) {
	var forms []url.Values
	m := mailerOver(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, err
		}
		if r.Method != http.MethodPost || r.URL.String() != "https://email.eu-west-1.amazonaws.com/" {
			t.Errorf("SES was called with %s %s", r.Method, r.URL)
		}
		forms = append(forms, form)
		return sent()
	})
	id, err := m.Send(t.Context(), message)
	if err != nil || id != "0102-mail-1" {
		t.Errorf("got %q, %v", id, err)
	}
	want := map[string]string{
		"Action": "SendEmail", "Version": "2010-12-01", "Source": "shop@shop.example",
		"ConfigurationSetName": "shop-mails", "Destination.ToAddresses.member.1": "ada@example.com",
		"Message.Subject.Data": "Your order ord_7 – thank you", "Message.Subject.Charset": "UTF-8",
		"Message.Body.Text.Data": "1 × Brass lamp\n£64.00 & no more = +%20", "Message.Body.Text.Charset": "UTF-8",
		"Message.Body.Html.Data": "<p>1 × Brass lamp</p>\n<b>£64.00</b>", "Message.Body.Html.Charset": "UTF-8",
		"Tags.member.1.Name": "mail_kind", "Tags.member.1.Value": "order-placed",
		"Tags.member.2.Name": "mail_subject", "Tags.member.2.Value": "ord_7",
	}
	if len(forms) != 1 || !maps.Equal(flat(forms[0]), want) {
		t.Errorf("SES was called with %v, want %v once", forms, want)
	}
}

// TestReplyTo: answers go to the address that is set for them, and without one SES is told of none.
func TestReplyTo(t *testing.T) {
	for replyTo, want := range map[string]string{"help@shop.example": "help@shop.example", "": ""} {
		m := mailerOver(func(r *http.Request) (*http.Response, error) {
			if err := r.ParseForm(); err != nil {
				return nil, err
			}
			if got := r.PostForm.Get("ReplyToAddresses.member.1"); got != want ||
				r.PostForm.Has("ReplyToAddresses.member.2") {
				t.Errorf("%q: SES was told %q", replyTo, got)
			}
			return sent()
		})
		m.ReplyTo = replyTo
		if _, err := m.Send(t.Context(), message); err != nil {
			t.Error(err)
		}
	}
}

func flat(form url.Values) map[string]string {
	out := map[string]string{}
	for name, values := range form {
		out[name] = strings.Join(values, "|")
	}
	return out
}

// try sends the message to an SES that always answers the same, by a clock that only the test sees, and returns the
// calls.
func try(t *testing.T, answer transport) (calls int, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var id string
		id, err = mailerOver(func(r *http.Request) (*http.Response, error) {
			calls++
			return answer(r)
		}).Send(ctx, message)
		if id != "" {
			t.Errorf("message id = %q beside %v", id, err)
		}
	})
	return calls, err
}

// TestFaults: only an address that SES calls none is refused for good, and only what SES did not carry out is tried
// again.
func TestFaults(t *testing.T) {
	const once, throttled = 1, 3
	for _, c := range []struct {
		status  int
		code    string
		refused bool
		calls   int
	}{
		{400, "InvalidParameterValue", true, once},
		{400, "MessageRejected", false, once},
		{400, "MailFromDomainNotVerifiedException", false, once},
		{400, "ConfigurationSetDoesNotExist", false, once},
		{400, "ConfigurationSetSendingPausedException", false, once},
		{400, "AccountSendingPausedException", false, once},
		{403, "AccessDenied", false, once},
		{403, "SignatureDoesNotMatch", false, once},
		{400, "Throttling", false, throttled},
		{400, "ThrottlingException", false, throttled},
		{400, "LimitExceededException", false, throttled},
		{500, "InternalFailure", false, once},
		{502, "BadGateway", false, once},
		{503, "ServiceUnavailable", false, once},
		{504, "GatewayTimeout", false, once},
		{400, "RequestTimeout", false, once},
		{408, "RequestTimeoutException", false, once},
		{418, "NeverHeardOf", false, once},
	} {
		t.Run(c.code, func(t *testing.T) {
			calls, err := try(t, func(*http.Request) (*http.Response, error) { return fault(c.status, c.code) })
			if err == nil || !strings.Contains(err.Error(), c.code) ||
				errors.Is(err, notification.ErrRefused) != c.refused || errors.Is(err, notification.ErrNoAnswer) {
				t.Errorf("got %v, want an answer, refused = %t", err, c.refused)
			}
			if calls != c.calls {
				t.Errorf("SES was called %d times, want %d", calls, c.calls)
			}
		})
	}
}

// broken is a body that ends before it should.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

func (b broken) Close() error { return nil }

// TestLostAnswers: SES may have sent the mail, so it is not asked again.
func TestLostAnswers(t *testing.T) {
	for name, answer := range map[string]transport{
		"reset":      func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET },
		"closed":     func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"timeout":    func(*http.Request) (*http.Response, error) { return nil, timeout{} },
		"half an OK": func(*http.Request) (*http.Response, error) { return reply(200, "<SendEmailResponse><SendEm") },
		"body is lost": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: broken{syscall.ECONNRESET}}, nil
		},
		"never": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := try(t, answer)
			if calls != 1 || !errors.Is(err, notification.ErrNoAnswer) || errors.Is(err, notification.ErrRefused) {
				t.Errorf("got %v after %d calls, want ErrNoAnswer after 1", err, calls)
			}
		})
	}
}

// TestOddAnswers: an answer that says that SES failed, whatever else is in it, is an answer.
func TestOddAnswers(t *testing.T) {
	for name, answer := range map[string]transport{
		"no body": func(*http.Request) (*http.Response, error) { return reply(500, "") },
		"HTML":    func(*http.Request) (*http.Response, error) { return reply(502, "<html>Bad gateway</html>") },
		"429":     func(*http.Request) (*http.Response, error) { return reply(429, "") },
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := try(t, answer)
			if calls != 1 || err == nil || errors.Is(err, notification.ErrNoAnswer) ||
				errors.Is(err, notification.ErrRefused) {
				t.Errorf("got %v after %d calls, want another error after 1", err, calls)
			}
		})
	}
}

// TestConnections: with real connections, a call that nobody accepts was not sent; one that is accepted and then
// dropped, at first or after a throttle, may have been.
func TestConnections(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 2 {
			answer, _ := fault(400, "Throttling")
			w.WriteHeader(answer.StatusCode)
			_, _ = io.Copy(w, answer.Body)
			return
		}
		panic(http.ErrAbortHandler)
	}))
	m := mailerOver(nil)
	m.Client = ses.New(m.Client.Options(),
		func(o *ses.Options) { o.BaseEndpoint, o.HTTPClient = &server.URL, http.DefaultClient })
	for _, want := range []int64{1, 3} {
		if _, err := m.Send(t.Context(), message); !errors.Is(err, notification.ErrNoAnswer) || calls.Load() != want {
			t.Errorf("dropped: got %v after %d calls, want ErrNoAnswer after %d", err, calls.Load(), want)
		}
	}
	server.Close()
	if _, err := m.Send(t.Context(), message); !errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, notification.ErrNoAnswer) {
		t.Errorf("nobody listens: got %v, want another error than ErrNoAnswer", err)
	}
}

// timeout is what a client that waited for too long returns.
type timeout struct{}

func (timeout) Error() string   { return "timeout awaiting response headers" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// TestThrottledThenSent: a throttled call was not carried out.
func TestThrottledThenSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		id, err := mailerOver(func(*http.Request) (*http.Response, error) {
			if calls++; calls == 1 {
				return fault(400, "Throttling")
			}
			return sent()
		}).Send(context.Background(), message)
		if err != nil || id != "0102-mail-1" || calls != 2 {
			t.Errorf("got %q, %v after %d calls", id, err, calls)
		}
	})
}

// TestThrottledThenLost: the second attempt may have been carried out.
func TestThrottledThenLost(t *testing.T) {
	calls := 0
	_, err := try(t, func(*http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			return fault(400, "Throttling")
		}
		return nil, syscall.ECONNRESET
	})
	if calls != 2 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v after %d calls, want 2", err, calls)
	}
}

// SES names addresses in its messages, and the log must hold none.
func TestErrorsHoldNoAddress(t *testing.T) {
	for _, code := range []string{"MessageRejected", "InvalidParameterValue", "AccessDenied"} {
		answer := func(*http.Request) (*http.Response, error) {
			body := `<ErrorResponse><Error><Type>Sender</Type><Code>` + code +
				`</Code><Message>not verified: victim@example.org</Message></Error></ErrorResponse>`
			return &http.Response{
				StatusCode: 400, Header: http.Header{"Content-Type": {"text/xml"}},
				Body: io.NopCloser(strings.NewReader(body)),
			}, nil
		}
		m := mailerOver(answer)
		_, err := m.Send(t.Context(), notification.Message{To: "victim@example.org"})
		if err == nil || strings.Contains(err.Error(), "victim") || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: got %v, want the code and no address", code, err)
		}
	}
}
