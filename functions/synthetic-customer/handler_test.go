package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe/observetest"
)

// answers are a store's: by method and path, one after another, and the last one for ever.
type answers map[string][]string

// healthy is what a store answers to a visit, with a mail that is sent at the second look.
func healthy() answers {
	return answers{
		"POST /sessions":     {`201 {"access_token":"t"}`},
		"GET /products":      {`200 {"items":[{}]}`},
		"GET /products/lamp": {`200 {}`},
		"POST /orders":       {`201 {"order_id":"ord_1"}`},
		"GET /orders/ord_1":  {`200 {"email_status":"pending"}`, `200 {"email_status":"sent"}`},
	}
}

// visited is what came of a visit: its error, the metrics, and the requests with what they brought.
type visited struct {
	failed   string
	measured map[string]int64
	requests []string
}

// visit has a customer visit a store that answers so, as Lambda calls it. Its time is over after twenty requests.
func visit(t *testing.T, a answers) visited {
	t.Helper()
	var v visited
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		key := r.Method + " " + r.URL.Path
		v.requests = append(v.requests, strings.Join([]string{
			key, string(body), r.Header.Get("Authorization"), r.Header.Get("Idempotency-Key"),
		}, "|"))
		if len(v.requests) == 20 {
			cancel()
		}
		if len(a[key]) == 0 {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		status, text, _ := strings.Cut(a[key][0], " ")
		a[key] = a[key][min(1, len(a[key])-1):]
		w.WriteHeader(map[string]int{"200": 200, "201": 201, "202": 202, "401": 401, "409": 409, "503": 503}[status])
		_, _ = io.WriteString(w, text)
	}))
	defer server.Close()
	c := &customer{
		store: store{server.URL, server.Client()}, email: "a@example.com", product: "lamp",
		secret: func(context.Context) (string, error) { return "pw", nil },
		key:    func() string { return "k" }, poll: time.Millisecond,
	}
	event, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	v.measured = observetest.Measured(t, func() { _, err = lambda.NewHandler(c.visit).Invoke(ctx, event) })
	if err != nil {
		v.failed = err.Error()
	}
	return v
}

func TestEvent(t *testing.T) {
	var e events.CloudWatchEvent
	httpapitest.ReadFile(t, "event.json", &e)
	if e.Source != "aws.events" || e.DetailType != "Scheduled Event" || len(e.Resources) != 1 {
		t.Errorf("event.json is no scheduled event: %+v", e)
	}
}

// TestVisit: each request is a customer's, and each step is measured.
func TestVisit(t *testing.T) {
	got := visit(t, healthy())
	want := []string{
		`POST /sessions|{"email":"a@example.com","password":"pw"}||`,
		"GET /products|||", "GET /products/lamp|||",
		`POST /orders|{"items":[{"product_id":"lamp","quantity":1}]}|Bearer t|k`,
		"GET /orders/ord_1||Bearer t|", "GET /orders/ord_1||Bearer t|",
	}
	if got.failed != "" || !slices.Equal(got.requests, want) {
		t.Errorf("error %q, requests\n%q, want\n%q", got.failed, got.requests, want)
	}
	steps := slices.Sorted(maps.Keys(got.measured))
	if want := []string{"SyntheticStep browse", "SyntheticStep log_in", "SyntheticStep mail",
		"SyntheticStep order"}; !slices.Equal(steps, want) {
		t.Errorf("measured %q, want %q", steps, want)
	}
}

// TestVisitFails at the first step that does, and says which and why.
func TestVisitFails(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		answers []string
		want    string
	}{
		"busy":          {"POST /sessions", []string{"503 busy"}, "log_in: POST /sessions answered 503: busy"},
		"no token":      {"POST /sessions", []string{"201 ["}, "log_in: POST /sessions: unexpected end of JSON input"},
		"new account":   {"POST /sessions", []string{"401 x"}, "log_in: " + errNotVerified.Error()},
		"no products":   {"GET /products", []string{`200 {"items":[]}`}, "browse: the catalogue is empty"},
		"product gone":  {"GET /products/lamp", nil, "browse: GET /products/lamp answered 418: "},
		"sold out":      {"POST /orders", []string{"409 x"}, "order: POST /orders answered 409: x"},
		"mail failed":   {"GET /orders/ord_1", []string{`200 {"email_status":"failed"}`}, "mail: the mail of "},
		"mail pending":  {"GET /orders/ord_1", []string{`200 {"email_status":"pending"}`}, "mail: "},
		"order unknown": {"GET /orders/ord_1", []string{"503 x"}, "mail: GET /orders/ord_1 answered 503: x"},
	} {
		a := healthy()
		a[c.request] = c.answers
		a["POST /users"] = []string{"202 {}"}
		if got := visit(t, a); !strings.HasPrefix(got.failed, c.want) || got.failed == "" {
			t.Errorf("%s: error %q, want %q", name, got.failed, c.want)
		}
	}
}

// TestNoPassword: what Secrets Manager says is told, and no request is sent.
func TestNoPassword(t *testing.T) {
	c := &customer{secret: func(context.Context) (string, error) { return "", errors.New("denied") }}
	if err := c.visit(t.Context()); err == nil || err.Error() != "log_in: denied" {
		t.Errorf("error %v", err)
	}
}

// FuzzAnswer: whatever a store answers, a visit ends.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"access_token":"t","items":[{}],"order_id":"ord_1","email_status":"sent"}`)
	f.Add(`{"items":null`)
	f.Fuzz(func(t *testing.T, text string) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, text)
		}))
		defer server.Close()
		var out struct {
			Token string `json:"access_token"`
		}
		err := store{server.URL, server.Client()}.ask(t.Context(), request{"GET", "/", nil, "", ""}, &out)
		if err == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q is taken for an answer", text)
		}
	})
}
