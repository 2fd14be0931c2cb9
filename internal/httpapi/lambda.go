// Package httpapi connects the functions to API Gateway's HTTP API (payload format 2.0): it decodes requests,
// identifies the caller, and writes answers and errors. It is the only package that knows API Gateway. The JSON shapes
// and the table of errors are in package storeapi.
package httpapi

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"shop/internal/deadline"
	"shop/internal/observe"
)

// Handler serves one route. What it returns as an error becomes the answer that Describe has for it.
type Handler func(ctx context.Context, r *Request) (Response, error)

// Function is what Lambda calls: a lambda.Handler.
type Function func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error)

// asGateway reads and writes JSON as encoding/json does, which API Gateway's events are made for.
var asGateway = json.JoinOptions(
	jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), json.MatchCaseInsensitiveNames(true),
	json.FormatNilMapAsNull(true), json.FormatNilSliceAsNull(true),
)

// Invoke calls the function with an event and returns its answer, both as JSON. It returns an error for what is no
// event. Left to the Lambda library, which does this by encoding/json, it takes three times as long and a sixth of a
// short call (docs/benchmarks.md).
func (f Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event, asGateway); err != nil {
		return nil, fmt.Errorf("reading an event: %w", err)
	}
	out, err := f(ctx, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out, asGateway)
}

// Lambda makes a handler a Lambda function. The function never returns an error and never panics, and the handler's ctx
// ends while there is time to answer. Whom a request comes from, front decides, for the flows and for the audit log;
// what clients are told of an error, describe.
func Lambda(front Front, describe Describe, h Handler) Function {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		start := time.Now()
		r := &Request{event: event, front: front, describe: describe}
		ctx, cancel := deadline.WithMargin(observe.WithRequest(ctx, r.ID(), front.Address(r)))
		defer cancel()
		out := answer(ctx, h, r)
		observe.Request(ctx, event.RouteKey, out.StatusCode, time.Since(start))
		return out, nil
	}
}

// answer turns every failure into a problem, that of writing an answer too. A problem of the store's own can always be
// written: it is made of constants and the gateway's id.
func answer(ctx context.Context, h Handler, r *Request) events.APIGatewayV2HTTPResponse {
	response, err := call(ctx, h, r)
	if err != nil {
		response = problem(ctx, r, err)
	}
	out, err := response.encode(r)
	if err != nil {
		out, _ = problem(ctx, r, err).encode(r)
	}
	return out
}

// routes serves routes by their keys, such as "GET /orders", and nothing else.
func routes(handlers map[string]Handler) Handler {
	return func(ctx context.Context, r *Request) (Response, error) {
		h, ok := handlers[r.event.RouteKey]
		if !ok {
			return Response{}, fmt.Errorf("route %q: %w", r.event.RouteKey, ErrNoRoute)
		}
		return h(ctx, r)
	}
}

// ErrNoRoute says that the function serves no such route.
var ErrNoRoute = errors.New("no such route")

// call makes a panic an error: one request's fault must not end the process that serves the next. The log gets the
// stack.
func call(ctx context.Context, h Handler, r *Request) (response Response, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	if err := r.front.refuses(r); err != nil {
		return Response{}, err
	}
	return h(ctx, r)
}
