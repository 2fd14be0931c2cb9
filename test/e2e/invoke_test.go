package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"shop/test/storeclient"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/uuid"
)

// invocation is a function called past the gateway, with the event that API
// Gateway would make of a request.
type invocation struct {
	function string // logical id
	named    string // the function's own name, where the stack has none
	call     call
	claims   map[string]string // what the authorizer is pretended to have found
}

// invoke calls the function and holds its answer to the same contract.
func (i invocation) invoke(t *testing.T) answer {
	t.Helper()
	event := i.event(t)
	out := i.post(t, event)
	req, err := i.call.request(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, resp := answerOf(t, out, req)
	if a.status >= 500 {
		t.Fatalf("%s answered %d: %s", i.function, a.status, clip(a.body))
	}
	if err := a.checkContract(req, resp); err != nil {
		t.Fatalf("%s: %v\nin the answer %d: %s", i.function, err, a.status, clip(a.body))
	}
	if got := a.header.Get("X-Request-Id"); got != event.RequestContext.RequestID {
		t.Fatalf("X-Request-Id = %q, want the gateway's %q", got, event.RequestContext.RequestID)
	}
	a.note()
	return a
}

func (i invocation) post(t *testing.T, event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	t.Helper()
	name := i.named
	if name == "" {
		name = lookUp(t, stackResources, i.function)
	}
	raw, err := invokeNamed(t.Context(), name, event)
	if err != nil {
		t.Fatal(err)
	}
	var out events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(raw, &out); err != nil || out.StatusCode == 0 {
		t.Fatalf("%s answered no HTTP response: %s", i.function, clip(raw))
	}
	return out
}

// invoke calls a function, named by its logical id, with any event.
func invoke(t *testing.T, function string, event any) []byte {
	t.Helper()
	raw, err := invokeNamed(t.Context(), lookUp(t, stackResources, function), event)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// invokeNamed calls a function by its own name.
func invokeNamed(ctx context.Context, name string, event any) ([]byte, error) {
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	return awsPost(ctx, "lambda", "/2015-03-31/functions/"+url.PathEscape(name)+"/invocations", "application/json",
		payload)
}

func answerOf(t *testing.T, out events.APIGatewayV2HTTPResponse, req *http.Request) (answer, *http.Response) {
	t.Helper()
	body := []byte(out.Body)
	if out.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(out.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = decoded
	}
	header := http.Header{}
	for name, value := range out.Headers {
		header.Set(name, value)
	}
	resp := &http.Response{StatusCode: out.StatusCode, Header: header, Request: req, Body: http.NoBody}
	return answer{out.StatusCode, header, body}, resp
}

func (i invocation) event(t *testing.T) events.APIGatewayV2HTTPRequest {
	t.Helper()
	route := i.call.route()
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route.key, RawPath: i.call.path, RawQueryString: i.call.query.Encode(),
		Headers:        map[string]string{"host": "shop.example.com", "x-request-id": clientRequestID},
		PathParameters: route.parameters,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: route.key, AccountID: "000000000000", Stage: "$default", RequestID: uuid.NewString(),
			APIID:      "api",
			DomainName: "shop.example.com", Time: time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch: time.Now().UnixMilli(), HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: i.call.method, Path: i.call.path, Protocol: "HTTP/1.1", SourceIP: "127.0.0.1",
				UserAgent: "e2e"},
		},
	}
	if i.call.query != nil {
		e.QueryStringParameters = map[string]string{}
		for name := range i.call.query {
			e.QueryStringParameters[name] = i.call.query.Get(name)
		}
	}
	i.addHeaders(&e)
	i.addBody(t, &e)
	return e
}

// addHeaders puts in what the gateway passes on: the token, and the claims its
// authorizer is pretended to have found in it.
func (i invocation) addHeaders(e *events.APIGatewayV2HTTPRequest) {
	if i.call.from.token != "" {
		e.Headers["authorization"] = "Bearer " + i.call.from.token
	}
	if i.call.key != "" {
		e.Headers["idempotency-key"] = i.call.key
	}
	if i.claims != nil {
		e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
				Claims: i.claims, Scopes: []string{"admin", "customer"},
			},
		}
	}
}

func (i invocation) addBody(t *testing.T, e *events.APIGatewayV2HTTPRequest) {
	t.Helper()
	body, err := storeclient.Request{Body: i.call.body}.EncodedBody()
	if err != nil {
		t.Fatal(err)
	}
	if len(body) == 0 {
		return
	}
	e.Headers["content-type"] = "application/json"
	e.Body = string(body)
}

// matchedRoute is a route as the template declares it, with what a path gave
// its parameters.
type matchedRoute struct {
	key        string
	parameters map[string]string
}

// route finds the parameter of a path: the segment after products or orders,
// but for /admin/orders/summary.
func (c call) route() matchedRoute {
	segments := strings.Split(c.path, "/")
	parameters := map[string]string{}
	for n := 2; n < len(segments); n++ {
		name := map[string]string{"products": "product_id", "orders": "order_id", "pictures": "sha256"}[segments[n-1]]
		if name != "" && segments[n] != "summary" {
			parameters[name], segments[n] = segments[n], "{"+name+"}"
		}
	}
	if len(parameters) == 0 {
		parameters = nil
	}
	return matchedRoute{c.method + " " + strings.Join(segments, "/"), parameters}
}
