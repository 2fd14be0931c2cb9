package httpapi

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/getkin/kin-openapi/openapi3"

	"shop/internal/access"
	"shop/internal/page"
	"shop/internal/user"
	"shop/internal/validation"
)

func queryRequest(query string) *Request {
	return &Request{event: events.APIGatewayV2HTTPRequest{RawQueryString: query, RouteKey: "GET /products"}}
}

// known are the parameters of a route that is none of the store's.
var known = []string{"", "A", "a", "b", "c", "cursor", "from", "q"}

func TestQuery(t *testing.T) {
	for raw, want := range map[string]Query{
		"":                       {},
		"a=1&b=2":                {"a": "1", "b": "2"},
		"a":                      {"a": ""},
		"a=":                     {"a": ""},
		"=1":                     {"": "1"},
		"a=b=c":                  {"a": "b=c"},
		"a=%26+%2B%20%C3%A9%00":  {"a": "& + é\x00"},
		"%61=1":                  {"a": "1"},
		"A=1&a=2":                {"A": "1", "a": "2"},
		"&&a=1&":                 {"a": "1"},
		"cursor=%FF":             {"cursor": "\xff"},
		"from=2011-09-30T00:00Z": {"from": "2011-09-30T00:00Z"},
	} {
		got, err := readQuery(raw, known)
		if err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", raw, got, err, want)
		}
	}
}

func TestQueryRefuses(t *testing.T) {
	const (
		unreadable = "the query string cannot be read"
		unknown    = "is not a known parameter"
	)
	long := strings.Repeat("x", maxFieldName+1)
	for raw, want := range map[string]validation.Errors{
		"a=%":       {{Field: "", Message: unreadable}},
		"a=%GG":     {{Field: "", Message: unreadable}},
		"a=1;b=2":   {{Field: "", Message: unreadable}},
		"a=1&a=1":   {{Field: "a", Message: "is given more than once"}},
		"a=1&%61=2": {{Field: "a", Message: "is given more than once"}},
		"b=1&a=1&b=2&a=2&c=": {
			{Field: "a", Message: "is given more than once"}, {Field: "b", Message: "is given more than once"},
		},
		"cursor=a&cursor=b": {{Field: "cursor", Message: "is given more than once"}},
		"q=%FF":             {{Field: "q", Message: "is not UTF-8"}},
		"q=%ED%A0%80":       {{Field: "q", Message: "is not UTF-8"}},
		"%FF=1":             {{Field: "", Message: "the query string is not UTF-8"}},
		"d=1":               {{Field: "d", Message: unknown}},
		"a=1&B=1":           {{Field: "B", Message: unknown}},
		"d=1&d=2":           {{Field: "d", Message: unknown}},
		"a%20=1":            {{Field: "a ", Message: unknown}},
		"a[]=1":             {{Field: "a[]", Message: unknown}},
		"customer_id=&e=":   {{Field: "customer_id", Message: unknown}, {Field: "e", Message: unknown}},
		long + "=1":         {{Field: "", Message: unknown}},
	} {
		_, err := readQuery(raw, known)
		if got := problemsOf(err); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, want %v", raw, err, want)
		}
	}
}

func TestQueryListsSomeProblems(t *testing.T) {
	_, err := readQuery(strings.Repeat("d&e&f&g&h&i&j&k&l&m&n&o&", 2), known)
	if got := problemsOf(err); len(got) != maxProblems || got[0].Field != "d" {
		t.Errorf("got %v, want %d problems", got, maxProblems)
	}
}

// TestUnknownParameters: every route refuses them before its handler is called, those that take a body or nothing, too.
func TestUnknownParameters(t *testing.T) {
	for _, route := range access.Routes() {
		for _, name := range append([]string{"page", "Limit", "customer_id"}, parameters[route]...) {
			status, called := ask(t, route, name+"=1")
			known := slices.Contains(parameters[route], name)
			if called != known || known && status != 200 || !known && status != 400 {
				t.Errorf("%s?%s=1: answered %d, called the handler: %v", route, name, status, called)
			}
		}
	}
}

// ask sends a query to a route as an admin, and returns the status and whether the route's handler was called.
func ask(t *testing.T, route, query string) (status int, called bool) {
	t.Helper()
	e := event()
	e.RouteKey, e.RawQueryString, e.Headers["authorization"] = route, query, "Bearer admin"
	if rule, _ := access.Of(route); rule.Open() {
		out, _ := run(t, Open(map[string]Handler{route: func(context.Context, *Request) (Response, error) {
			called = true
			return OK(1), nil
		}}), e)
		return out.StatusCode, called
	}
	out, _ := run(t, Guard{Tokens: tokens, Rights: rights{}}.Routes(map[string]CallerHandler{
		route: func(context.Context, user.Caller, *Request) (Response, error) { called = true; return OK(1), nil },
	}), e)
	return out.StatusCode, called
}

// TestParametersAreDocumented: a route takes the query parameters that docs/openapi.yaml has for it, and no other.
func TestParametersAreDocumented(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string][]string{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
				if p.Value.In == "query" {
					documented[method+" "+path] = append(documented[method+" "+path], p.Value.Name)
				}
			}
			slices.Sort(documented[method+" "+path])
		}
	}
	maps.DeleteFunc(documented, func(_ string, names []string) bool { return len(names) == 0 })
	if !maps.EqualFunc(documented, parameters, slices.Equal) {
		t.Errorf("docs/openapi.yaml has %v, the routes take %v", documented, parameters)
	}
}

func TestPage(t *testing.T) {
	for raw, want := range map[string]page.Request{
		"":                     {Limit: 20},
		"limit=1":              {Limit: 1},
		"limit=100":            {Limit: 100},
		"cursor=abc-_&limit=7": {Limit: 7, Cursor: "abc-_"},
		"cursor=%20":           {Limit: 20, Cursor: " "},
	} {
		query, _ := queryRequest(raw).Query()
		if got, err := query.Page(); err != nil || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", raw, got, err, want)
		}
	}
	for _, limit := range []string{
		"", "0", "-1", "101", "1.5", "1e1", "ten", " 1", "1 ", "0x10", "1_0", "١", "null", "9223372036854775808",
		"18446744073709551617",
	} {
		_, err := Query{"limit": limit, "cursor": ""}.Page()
		if want := (validation.Errors{
			{Field: "limit", Message: "must be a whole number from 1 to 100"},
		}); !reflect.DeepEqual(problemsOf(err), want) {
			t.Errorf("limit %q: got %v, want %v", limit, err, want)
		}
	}
	if _, err := (Query{"cursor": ""}).Page(); !errors.Is(err, page.ErrInvalidCursor) {
		t.Errorf("an empty cursor: got %v, want %v", err, page.ErrInvalidCursor)
	}
}

func TestInt(t *testing.T) {
	for value, want := range map[string]int64{"-5": -5, "0": 0, "7": 7, "-0": 0} {
		if got, err := (Query{"top": value}).Int("top", 3, -5, 7); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", value, got, err, want)
		}
	}
	if got, err := (Query{}).Int("top", 99, -5, 7); err != nil || got != 99 {
		t.Errorf("missing: got %d, %v, want the fallback", got, err)
	}
	for _, value := range []string{"", "-6", "8", "x", "1.0", "--1"} {
		_, err := (Query{"top": value}).Int("top", 3, -5, 7)
		if want := (validation.Errors{
			{Field: "top", Message: "must be a whole number from -5 to 7"},
		}); !reflect.DeepEqual(problemsOf(err), want) {
			t.Errorf("%q: got %v, want %v", value, err, want)
		}
	}
}

func TestInstant(t *testing.T) {
	noon := time.Date(2011, 9, 30, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"2011-09-30T12:00:00Z":           noon,
		"2011-09-30t12:00:00z":           noon,
		"2011-09-30T14:00:00+02:00":      noon,
		"2011-09-30T03:15:00-08:45":      noon,
		"2011-09-30T12:00:00-00:00":      noon,
		"2011-10-01T11:59:00+23:59":      noon,
		"2011-09-30T12:00:00.5Z":         noon.Add(500 * time.Millisecond),
		"2011-09-30T12:00:00.123456789Z": noon.Add(123456789),
		"2012-02-29T00:00:00Z":           time.Date(2012, 2, 29, 0, 0, 0, 0, time.UTC),
		// not the zero time, which means none
		"0001-01-01T00:00:00Z":           time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC),
		"9999-12-31T23:59:59Z":           time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"9999-12-31T23:59:59.999999999Z": time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC),
	} {
		got, err := Query{"from": value}.Instant("from")
		if err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", value, got, err, want)
		}
	}
	if got, err := (Query{}).Instant("from"); err != nil || !got.IsZero() {
		t.Errorf("missing: got %v, %v, want the zero time", got, err)
	}
}

func TestInstantRefuses(t *testing.T) {
	want := validation.Errors{{Field: "from", Message: "must be an RFC 3339 time such as 2011-09-30T00:00:00Z"}}
	for _, value := range []string{
		"", "2011", "2011-09-30", "2011-09-30T12:00Z", "2011-09-30T12:00:00", "2011-09-30 12:00:00Z",
		"2011-09-30T12:00:00 01:00",
		"2011-09-30T7:00:00Z", "2011-9-30T07:00:00Z", "2011-09-30T12:00:00,5Z", "2011-09-30T12:00:00.Z",
		"2011-09-31T00:00:00Z", "2011-02-29T00:00:00Z",
		"2011-09-30T24:00:00Z", "2011-09-30T12:60:00Z", "2011-09-30T12:00:60Z", "2011-09-30T12:00:00+24:00",
		"2011-09-30T12:00:00+0200", "2011-09-30T12:00:00+02",
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "12011-09-30T12:00:00Z",
		"-011-09-30T12:00:00Z",
		"1317384000", "now", "2011-09-30T12:00:00Z ", "2011-09-30T12:00:00Zx", "٢٠١١-09-30T12:00:00Z",
	} {
		if got, err := (Query{"from": value}).Instant("from"); !reflect.DeepEqual(problemsOf(err), want) ||
			!got.IsZero() {
			t.Errorf("%q: got %v, %v", value, got, err)
		}
	}
}

func TestDay(t *testing.T) {
	for value, want := range map[string]time.Time{
		"2011-09-30": time.Date(2011, 9, 30, 0, 0, 0, 0, time.UTC),
		"2012-02-29": time.Date(2012, 2, 29, 0, 0, 0, 0, time.UTC),
		"0001-01-01": {},
		"9999-12-31": time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	} {
		if got, err := (Query{"to": value}).Day("to"); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", value, got, err, want)
		}
	}
	want := validation.Errors{{Field: "to", Message: "must be a day such as 2011-09-30"}}
	for _, value := range []string{
		"", "2011", "2011-09", "2011-9-30", "2011-09-3", "11-09-30", "2011-09-31", "2011-02-29", "2011-13-01",
		"2011-00-10", "20110930", "2011/09/30",
		"2011-09-30T00:00:00Z", "30.09.2011", " 2011-09-30", "2011-09-30 ", "0000-01-01", "10000-01-01", "today",
		"2011-W39-5",
	} {
		if got, err := (Query{"to": value}).Day("to"); !reflect.DeepEqual(problemsOf(err), want) || err == nil {
			t.Errorf("%q: got %v, %v", value, got, err)
		}
	}
	if _, err := (Query{}).Day("to"); !reflect.DeepEqual(problemsOf(err), want) {
		t.Errorf("missing: got %v", err)
	}
}

func TestURL(t *testing.T) {
	r := &Request{event: events.APIGatewayV2HTTPRequest{
		RequestContext: events.APIGatewayV2HTTPRequestContext{DomainName: "a1b2.example"},
	}}
	if got := r.URL("", "/orders/1"); got != "https://a1b2.example/orders/1" {
		t.Errorf("URL = %s", got)
	}
	if got := r.URL("http://127.0.0.1:4566/api", "/orders/1"); got != "http://127.0.0.1:4566/api/orders/1" {
		t.Errorf("URL = %s", got)
	}
}

func TestIdempotencyKey(t *testing.T) {
	for key, ok := range map[string]bool{
		"k": true, strings.Repeat("k", 255): true, ` !"#$%&'()*+,-./:;<=>?@[\]^_{|}~`: true,
		"": false, strings.Repeat("k", 256): false, "a\tb": false, "a\x00": false, "a\x7f": false, "clé": false,
	} {
		r := &Request{event: events.APIGatewayV2HTTPRequest{Headers: map[string]string{"idempotency-key": key}}}
		got, err := r.IdempotencyKey()
		want := validation.Errors{{Field: "Idempotency-Key", Message: "must have 1 to 255 printable ASCII characters"}}
		if ok && (got != key || err != nil) || !ok && (got != "" || !reflect.DeepEqual(problemsOf(err), want)) {
			t.Errorf("%q: got %q, %v", key, got, err)
		}
	}
	if key, err := (&Request{}).IdempotencyKey(); key != "" || err != nil {
		t.Errorf("none: got %q, %v", key, err)
	}
}
