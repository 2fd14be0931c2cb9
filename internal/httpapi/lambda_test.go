package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/observe"
	"shop/internal/validation"
)

const requestID = "JKJaXmPLvHcESHA="

// event is a request to a route that only these tests have.
func event() events.APIGatewayV2HTTPRequest {
	return events.APIGatewayV2HTTPRequest{
		RouteKey: "GET /things", Headers: map[string]string{"x-request-id": "the-clients-own"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{RequestID: requestID},
	}
}

// run calls the function and returns its answer and its log.
func run(t *testing.T, h Handler, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, string) {
	t.Helper()
	var log bytes.Buffer
	out, err := Lambda(Front{}, describeForTests, h)(observe.WithLogger(t.Context(), observe.New(&log)), e)
	if err != nil {
		t.Fatal(err)
	}
	return out, log.String()
}

func answering(r Response) Handler {
	return func(context.Context, *Request) (Response, error) { return r, nil }
}

func failing(err error) Handler {
	return func(context.Context, *Request) (Response, error) { return Response{}, err }
}

func wantAnswer(t *testing.T, got events.APIGatewayV2HTTPResponse, status int, header map[string]string, body string) {
	t.Helper()
	want := FixedHeaders()
	want["Cache-Control"], want["X-Request-Id"] = "no-store", requestID
	maps.Copy(want, header)
	if got.StatusCode != status || !maps.Equal(got.Headers, want) || got.Body != body {
		t.Errorf("got  %d %v %s\nwant %d %v %s", got.StatusCode, got.Headers, got.Body, status, want, body)
	}
}

func problemText(status int, code, detail string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q,"code":%q,"request_id":%q}`,
		http.StatusText(status), status, detail, code, requestID)
}

func wantFailure(t *testing.T, got events.APIGatewayV2HTTPResponse) {
	t.Helper()
	wantAnswer(t, got, 500, map[string]string{"Content-Type": "application/problem+json"},
		problemText(500, "internal", "The store failed."))
}

func TestAnswers(t *testing.T) {
	type body struct {
		List  []string          `json:"list"`
		Map   map[string]int    `json:"map"`
		Text  string            `json:"text"`
		Other map[string]string `json:"other,omitempty"`
	}
	written := `{"list":[],"map":{"a":1,"b":2,"c":3},"text":"<é> & \"\u0000\""}`
	value := body{Map: map[string]int{"c": 3, "a": 1, "b": 2}, Text: "<é> & \"\x00\""}
	isJSON := map[string]string{"Content-Type": "application/json"}
	with := func(header map[string]string) map[string]string {
		all := maps.Clone(isJSON)
		maps.Copy(all, header)
		return all
	}
	for name, c := range map[string]struct {
		response Response
		status   int
		header   map[string]string
		body     string
	}{
		"OK":      {OK(value), 200, isJSON, written},
		"Created": {Created(value), 201, isJSON, written},
		"public": {OK(value).
			Public(30), 200, with(map[string]string{"Cache-Control": "public, max-age=30"}), written},
		"more headers": {OK(value).With("Location", "a").
			With("X-More", "b"), 200, with(map[string]string{"Location": "a", "X-More": "b"}), written},
		"the last one": {OK(value).With("Location", "a").
			With("Location", "b"), 200, with(map[string]string{"Location": "b"}), written},
		"no body": {Response{Status: 204}, 204, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := run(t, answering(c.response), event())
			wantAnswer(t, out, c.status, c.header, c.body)
		})
	}
}

func TestWithLeavesTheOldOneAlone(t *testing.T) {
	first := OK(nil).With("A", "1")
	second := first.With("A", "2").With("B", "3")
	if !maps.Equal(first.Header, map[string]string{"A": "1"}) ||
		!maps.Equal(second.Header, map[string]string{"A": "2", "B": "3"}) {
		t.Errorf("got %v and %v", first.Header, second.Header)
	}
}

// TestUnwritableAnswers: what cannot be encoded is answered as the store's failure, whatever it was to be.
func TestUnwritableAnswers(t *testing.T) {
	for name, body := range map[string]any{
		"a channel": map[string]any{"a": make(chan int)}, "no UTF-8": map[string]string{"a": "secret \xff"},
		"a cycle": cycle(), "a function": func() {},
	} {
		t.Run(name, func(t *testing.T) {
			out, log := run(t, answering(OK(body).Public(60).With("Location", "x")), event())
			wantFailure(t, out)
			if strings.Count(log, "encoding an answer") != 1 || strings.Contains(log, "secret") {
				t.Errorf("log = %s", log)
			}
		})
	}
	out, _ := run(t, failing(validation.Errors{{Field: "secret \xff", Message: "no"}}), event())
	wantFailure(t, out)
}

func cycle() any {
	loop := map[string]any{}
	loop["loop"] = loop
	return loop
}

func TestPanics(t *testing.T) {
	for name, fault := range map[string]any{
		"text": "secret text", "error": errors.New("secret text"), "nil": nil, "number": 7,
	} {
		t.Run(name, func(t *testing.T) {
			out, log := run(t, func(context.Context, *Request) (Response, error) { panic(fault) }, event())
			wantFailure(t, out)
			if !strings.Contains(log, "panic: ") {
				t.Errorf("the log does not tell of the panic: %s", log)
			}
		})
	}
	out, _ := run(t, nil, event())
	wantFailure(t, out)
	out, _ = run(t, func(_ context.Context, r *Request) (Response, error) {
		panic(validation.Errors{{Field: "a", Message: "b"}})
	}, event())
	wantFailure(t, out)
}

// TestNextRequestAfterAPanic: the function serves on.
func TestNextRequestAfterAPanic(t *testing.T) {
	calls := 0
	f := Lambda(Front{}, describeForTests, func(context.Context, *Request) (Response, error) {
		if calls++; calls == 1 {
			panic("once")
		}
		return OK(calls), nil
	})
	for _, status := range []int{500, 200} {
		if out, err := f(t.Context(), event()); err != nil || out.StatusCode != status {
			t.Errorf("got %d, %v, want %d", out.StatusCode, err, status)
		}
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	lambda, _ := ctx.Deadline()
	out, err := Lambda(Front{}, describeForTests, func(ctx context.Context, _ *Request) (Response, error) {
		if got, ok := ctx.Deadline(); !ok || !got.Equal(lambda.Add(-time.Second)) {
			t.Errorf("the handler's deadline is %s, want a second before %s", got, lambda)
		}
		return OK(1), nil
	})(ctx, event())
	if err != nil || out.StatusCode != 200 {
		t.Errorf("got %d, %v", out.StatusCode, err)
	}
}

// TestTimeUsedUp: a handler whose time is up answers, and is not cut off.
func TestTimeUsedUp(t *testing.T) { synctest.Test(t, timeUsedUp) }

func timeUsedUp(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	out, err := Lambda(Front{}, describeForTests, func(ctx context.Context, _ *Request) (Response, error) {
		<-ctx.Done()
		return Response{}, fmt.Errorf("calling DynamoDB: %w", ctx.Err())
	})(ctx, event())
	if err != nil || ctx.Err() != nil {
		t.Fatalf("error %v, and of Lambda's context %v", err, ctx.Err())
	}
	wantAnswer(t, out, 503,
		map[string]string{"Content-Type": "application/problem+json", "Retry-After": out.Headers["Retry-After"]},
		problemText(503, "busy", "The store is busy. Repeat the same request."))
}

func TestRoutes(t *testing.T) {
	h := routes(map[string]Handler{
		"GET /things": answering(OK("list")), "GET /things/{id}": answering(OK("one")), "PUT /nil": nil,
	})
	for route, body := range map[string]string{"GET /things": `"list"`, "GET /things/{id}": `"one"`} {
		e := event()
		e.RouteKey = route
		out, _ := run(t, h, e)
		wantAnswer(t, out, 200, map[string]string{"Content-Type": "application/json"}, body)
	}
	for _, route := range []string{"", "$default", "POST /things", "get /things", "GET /things/", "GET /things/1"} {
		e := event()
		e.RouteKey = route
		out, _ := run(t, h, e)
		wantAnswer(t, out, 404, map[string]string{"Content-Type": "application/problem+json"},
			problemText(404, "not_found", "There is nothing here."))
	}
}

// logLine is a line of the log.
type logLine struct {
	Level      string
	Msg        string
	RequestID  string `json:"request_id"`
	Route      string
	Status     int
	Code       string
	Error      string
	DurationMS *int64 `json:"duration_ms"`
}

func readLog(t *testing.T, log string) []logLine {
	t.Helper()
	var lines []logLine
	for text := range strings.Lines(log) {
		var l logLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestLog(t *testing.T) {
	for _, c := range []struct {
		err         error
		status      int
		level, code string
	}{
		{nil, 200, "", ""},
		{ErrNoRoute, 404, "INFO", "not_found"},
		{errors.New("secret cause"), 500, "ERROR", "internal"},
		{context.DeadlineExceeded, 503, "ERROR", "busy"},
	} {
		_, log := run(t, func(context.Context, *Request) (Response, error) { return OK(1), c.err }, event())
		lines := readLog(t, log)
		last := lines[len(lines)-1]
		if last.Level != "INFO" || last.Msg != "answered" || last.Route != "GET /things" || last.Status != c.status ||
			last.DurationMS == nil || last.RequestID != requestID {
			t.Errorf("%v: the last line is %+v", c.err, last)
		}
		if c.err == nil {
			if len(lines) != 1 {
				t.Errorf("%d lines, want 1: %s", len(lines), log)
			}
			continue
		}
		if first := lines[0]; len(lines) != 2 || first.Level != c.level || first.Msg != "refused" ||
			first.Code != c.code || first.Error != c.err.Error() || first.RequestID != requestID {
			t.Errorf("%v: log = %s", c.err, log)
		}
	}
}
