// Package httpapitest is for the tests of handlers: it runs a handler on an event as Lambda does, and compares its
// answer with the expected text and with docs/openapi.yaml.
package httpapitest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
)

// Event is a request as API Gateway's HTTP API hands it on, in payload format 2.0. The methods return changed copies.
type Event events.APIGatewayV2HTTPRequest

// ReadEvent reads the event.json of the package under test. It takes no member that the format does not have, and no
// event that contradicts itself.
func ReadEvent(t testing.TB) Event {
	t.Helper()
	var e Event
	ReadFile(t, "event.json", &e)
	if same := e.To(e.RouteKey, e.PathParameters); !reflect.DeepEqual(same, e) {
		t.Fatalf("event.json contradicts itself:\ngot  %+v\nwant %+v", e, same)
	}
	return e
}

// ReadFile reads a JSON file into v, and takes no member that v does not have.
func ReadFile(t testing.TB, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// To returns the event for another route, such as "GET /products/{product_id}".
func (e Event) To(route string, parameters map[string]string) Event {
	method, path, _ := strings.Cut(route, " ")
	for name, value := range parameters {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	e.RouteKey, e.RawPath, e.PathParameters = route, path, parameters
	e.RequestContext.RouteKey, e.RequestContext.HTTP.Method, e.RequestContext.HTTP.Path = route, method, path
	return e
}

// WithParameter returns the event with a path parameter.
func (e Event) WithParameter(name, value string) Event {
	parameters := maps.Clone(e.PathParameters)
	parameters[name] = value
	return e.To(e.RouteKey, parameters)
}

// WithHeader returns the event with a header, or without it when the value is empty.
func (e Event) WithHeader(name, value string) Event {
	e.Headers = maps.Clone(e.Headers)
	delete(e.Headers, strings.ToLower(name))
	if value != "" {
		e.Headers[strings.ToLower(name)] = value
	}
	return e
}

// WithCookie returns the event with a cookie.
func (e Event) WithCookie(name, value string) Event {
	e.Cookies = append(slices.Clone(e.Cookies), name+"="+value)
	return e
}

// WithBody returns the event with a body.
func (e Event) WithBody(body string) Event {
	e.Body = body
	return e
}

// WithQuery returns the event with a query string.
func (e Event) WithQuery(query string) Event {
	e.RawQueryString, e.QueryStringParameters = query, nil
	return e
}
