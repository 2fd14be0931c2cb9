package httpapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-json-experiment/json/jsontext"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/test/contract"
	"shop/test/project"
)

// functionTimeout is what Lambda gives a function.
const functionTimeout = 10 * time.Second

// What the events of tests say of a person. None of it may stand in a log.
const (
	Email    = "ada@example.com"
	Password = "a-lamp-in-the-window"
)

// Two tokens of one session, the second following the first. None of them may stand in a log, either.
const (
	RefreshToken     = "ses_4hl5tjn2cwvx3kq7zi6yd2mauo.q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
	NextRefreshToken = "ses_4hl5tjn2cwvx3kq7zi6yd2mauo.9Qm2nB0yXl8wZc7aTt3sVfUo1pKjHhGdEr6iYbNxLk8"
)

// Answer is what a function answered.
type Answer struct {
	Status  int
	Header  map[string]string
	Body    string
	Cookies []string // Set-Cookie
	Log     string   // the lines that the function logged meanwhile

	requestID string
}

// Call runs the handler as Lambda does: an event goes in as JSON, an answer comes out as JSON. The answer has to be one
// that docs/openapi.yaml allows, and the log must not tell the caller's token, password or address.
func Call(t testing.TB, h httpapi.Handler, e Event) Answer {
	t.Helper()
	return CallBehind(t, httpapi.Front{}, h, e)
}

// CallBehind is Call of a function that has the front.
func CallBehind(t testing.TB, front httpapi.Front, h httpapi.Handler, e Event) Answer {
	t.Helper()
	a := invoke(t, front, h, e)
	checkContract(t, e, a)
	_, token, _ := strings.Cut(e.Headers["authorization"], " ")
	for _, secret := range []string{token, Email, Password, RefreshToken, NextRefreshToken} {
		if secret != "" && strings.Contains(a.Log, secret) {
			t.Errorf("the log tells %q: %s", secret, a.Log)
		}
	}
	return a
}

func invoke(t testing.TB, front httpapi.Front, h httpapi.Handler, e Event) Answer {
	t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(observe.WithLogger(t.Context(), observe.New(&log)), functionTimeout)
	defer cancel()
	text, err := lambda.NewHandler(storeapi.Lambda(front, h)).Invoke(ctx, payload)
	if err != nil {
		t.Fatalf("the function failed: %v", err)
	}
	var out events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("the function answered %s: %v", text, err)
	}
	if out.IsBase64Encoded || out.MultiValueHeaders != nil {
		t.Errorf("the answer has more than a status, headers, cookies and a text: %s", text)
	}
	return Answer{
		Status: out.StatusCode, Header: out.Headers, Body: out.Body, Cookies: out.Cookies, Log: log.String(),
		requestID: e.RequestContext.RequestID,
	}
}

// checkContract holds the answer to docs/openapi.yaml.
func checkContract(t testing.TB, e Event, a Answer) {
	t.Helper()
	c, err := document()
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(e.RequestContext.HTTP.Method, "https://"+e.RequestContext.DomainName+e.RawPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp := &http.Response{StatusCode: a.Status, Header: http.Header{}}
	for name, value := range a.Header {
		resp.Header.Set(name, value)
	}
	for _, cookie := range a.Cookies {
		resp.Header.Add("Set-Cookie", cookie)
	}
	if err := c.CheckAnswer(req, resp, []byte(a.Body)); err != nil {
		t.Error(err)
	}
}

var document = sync.OnceValues(func() (*contract.Contract, error) {
	root, err := project.Root()
	if err != nil {
		return nil, err
	}
	return contract.Load(filepath.Join(root, "docs", "openapi.yaml"))
})

// Want is the answer that is expected.
type Want struct {
	Status  int
	Header  map[string]string // beside and instead of those that every answer has
	Cookies []string          // Set-Cookie
	Body    string            // JSON; blanks between its parts do not matter, the order of members does; empty for none
}

// Check compares the whole answer: status, all headers, the cookies and the body's text.
func (a Answer) Check(t testing.TB, want Want) {
	t.Helper()
	header := httpapi.FixedHeaders()
	header["Content-Type"], header["Cache-Control"], header["X-Request-Id"] = "application/json", "no-store",
		a.requestID
	if want.Body == "" {
		delete(header, "Content-Type")
	}
	maps.Copy(header, want.Header)
	if a.Status != want.Status {
		t.Errorf("status = %d, want %d", a.Status, want.Status)
	}
	got := maps.Clone(a.Header)
	delete(got, "ETag") // of the body, as CheckHead shows
	if !maps.Equal(got, header) {
		t.Errorf("headers:\ngot  %v\nwant %v", got, header)
	}
	if !slices.Equal(a.Cookies, want.Cookies) {
		t.Errorf("cookies:\ngot  %q\nwant %q", a.Cookies, want.Cookies)
	}
	if body := compact(t, want.Body); a.Body != body {
		t.Errorf("body:\ngot  %s\nwant %s", a.Body, body)
	}
}

func compact(t testing.TB, text string) string {
	t.Helper()
	value := jsontext.Value(text)
	if text == "" {
		return ""
	}
	if err := value.Compact(); err != nil {
		t.Fatalf("the expected body %s: %v", text, err)
	}
	return string(value)
}
