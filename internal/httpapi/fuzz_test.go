package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json/jsontext"

	"shop/internal/page"
)

// FuzzDecode: a body is decoded, or refused in one of three ways, and the refusal can always be answered. What is
// decoded is what a lenient decoder makes of it too.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", "[]",
		`{"email":"a","items":[{"id":"x","quantity":1}],"total":{"amount":1,"currency":"GBP"},"fast":true,"stock":0}`,
		`{"email":"a","\u0065mail":"b"}`, `{"Email":"a"}`, `{"items":[null,{"quantity":1.5}]}`,
		`{"items":[{"quantity":1e3}]}`, `{"stock":1e99999}`, `{"stock":10e-1}`, `{"stock":null}`,
		"{\"email\":\"\xff\"}",
		`{"email":"\ud800"}`, `{"stock":99999999999999999999}`, "{}x", strings.Repeat("[", 300),
		strings.Repeat(`{"total":`, 300), `{"a/b~0c":{"0":1}}`,
	} {
		f.Add("application/json", body, false)
	}
	f.Add("application/json; charset=utf-8", "e30=", true)
	f.Add("text/plain", "{}", false)
	f.Add("application/json; charset", "e30", true)
	f.Fuzz(func(t *testing.T, contentType, body string, encoded bool) {
		r := typedRequest(contentType, body)
		r.event.IsBase64Encoded = encoded
		var got checkout
		err := r.decode(&got)
		if err != nil {
			checkRefusal(t, err)
			if p := problemsOf(err); len(p) > 0 && (p[0].Message == "" || len(p[0].Field) > maxFieldName+3) {
				t.Errorf("refused with %+v", p)
			}
			return
		}
		if encoded {
			return
		}
		var lenient checkout
		var mistyped *json.UnmarshalTypeError
		if err := json.Unmarshal([]byte(body), &lenient); errors.As(err, &mistyped) &&
			strings.HasPrefix(mistyped.Value, "number ") {
			return // 1.0 is a whole number for us alone; TestIntegersAreExact has them
		}
		if err := json.Unmarshal([]byte(body), &lenient); err != nil {
			t.Errorf("taken, though it is no JSON: %v", err)
		}
		if a, b := mustMarshal(t, got), mustMarshal(t, lenient); a != b {
			t.Errorf("got %s, want %s", a, b)
		}
	})
}

// checkRefusal shows that the refusal can be answered.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	out, failed := Lambda(Front{}, describeForTests, failing(err))(t.Context(), event())
	if failed != nil || out.StatusCode != refusalStatus(err) || !json.Valid([]byte(out.Body)) {
		t.Errorf("%v was answered %d %s", err, out.StatusCode, out.Body)
	}
}

// refusalStatus returns 0 for an error that a request may not lead to.
func refusalStatus(err error) int {
	switch {
	case errors.Is(err, ErrMediaType):
		return 415
	case errors.Is(err, ErrTooLarge):
		return 413
	case errors.Is(err, page.ErrInvalidCursor), len(problemsOf(err)) > 0:
		return 400
	}
	return 0
}

func mustMarshal(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// FuzzQuery: a query is read, or refused as invalid, and what was read is what it says.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"", "limit=5&cursor=abc", "limit=0", "limit=1&limit=2", "q=%FF", "%FF=1", "cursor=", "cursor=%FF", "a=%", "a;b",
		"limit=%2B5",
		"from=2011-09-30T12:00:00%2B02:00&to=2011-09-30", "from=2011-09-30t7:00:00,5z",
		"from=0001-01-01T00:00:00%2B00:01", "day=9999-12-31",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		query, err := readQuery(raw, []string{"cursor", "day", "from", "limit", "q", "to"})
		if err != nil {
			checkRefusal(t, err)
			return
		}
		for name, value := range query {
			if !utf8.ValidString(name) || !utf8.ValidString(value) && name != "cursor" {
				t.Errorf("%q = %q was taken", name, value)
			}
		}
		if p, err := query.Page(); err != nil {
			checkRefusal(t, err)
		} else if p.Limit < 1 || p.Limit > page.MaxLimit {
			t.Errorf("limit %d was taken", p.Limit)
		}
		checkTimes(t, query)
	})
}

func checkTimes(t *testing.T, query Query) {
	t.Helper()
	for name := range query {
		if at, err := query.Instant(name); err != nil {
			checkRefusal(t, err)
		} else if at.Location().String() != "UTC" || at.Year() < 1 || at.Year() > 9999 {
			t.Errorf("%q became %s", query[name], at)
		}
		if day, err := query.Day(name); err != nil {
			checkRefusal(t, err)
		} else if day.Format("2006-01-02") != query[name] {
			t.Errorf("%q became %s", query[name], day)
		}
		if n, err := query.Int(name, 0, -5, 5); err != nil {
			checkRefusal(t, err)
		} else if n < -5 || n > 5 {
			t.Errorf("%q became %d", query[name], n)
		}
	}
}

// FuzzInvoke: Invoke reads the same of an event as encoding/json does, and writes the same answer. What is no JSON is
// refused.
func FuzzInvoke(f *testing.F) {
	for _, payload := range []string{
		"", "null", "{}", "[]", `{"routeKey":"GET /things","headers":{"a":"b"},"cookies":["c"],"isBase64Encoded":true}`,
		`{"headers":{"a":"\xff"},"headers":{"b":"\ud800"}}`, `{"requestContext":{"authorizer":{"lambda":{"a":[1e3,null]}}}}`,
		`{"requestContext":{"timeEpoch":1773500966535,"http":{"sourceIp":"192.0.2.7"}},"unknown":[{}]}`,
		`{"body":1}`, "{}{}", `{"BODY":"in other letters"}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var got, want events.APIGatewayV2HTTPRequest
		echo := Function(func(_ context.Context, e events.APIGatewayV2HTTPRequest) (
			events.APIGatewayV2HTTPResponse, error,
		) {
			got = e
			return events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: e.Body, Headers: e.Headers}, nil
		})
		answer, err := echo.Invoke(t.Context(), payload)
		if wanted := json.Unmarshal(payload, &want); err == nil && wanted != nil {
			t.Fatalf("taken, though it is none: %v", wanted)
		}
		if err != nil || !jsontext.Value(payload).IsValid() {
			return // of two members with one name, each decoder makes something of its own
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		var read, wrote events.APIGatewayV2HTTPResponse
		text, err := json.Marshal(
			events.APIGatewayV2HTTPResponse{StatusCode: 200, Body: got.Body, Headers: got.Headers})
		if err := errors.Join(err, json.Unmarshal(text, &wrote), json.Unmarshal(answer, &read)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(read, wrote) {
			t.Errorf("wrote %s, want %s", answer, text)
		}
	})
}
