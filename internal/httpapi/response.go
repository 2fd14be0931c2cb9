package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"

	"shop/internal/observe"
)

// Response is an answer.
type Response struct {
	Status int
	Body   any               // written as JSON; nil for none
	Header map[string]string // beside those that every answer has
}

// OK answers 200 with body.
func OK(body any) Response { return Response{Status: http.StatusOK, Body: body} }

// Created answers 201 with body.
func Created(body any) Response { return Response{Status: http.StatusCreated, Body: body} }

// With returns the response with one more header.
func (p Response) With(name, value string) Response {
	header := map[string]string{name: value}
	for k, v := range p.Header {
		header[k] = v
	}
	p.Header = header
	return p
}

// Public lets caches keep the response for so many seconds: for what everyone is answered alike.
func (p Response) Public(seconds int) Response {
	return p.With("Cache-Control", fmt.Sprintf("public, max-age=%d", seconds))
}

func (p Response) encode(ctx context.Context, r *Request) events.APIGatewayV2HTTPResponse {
	out := events.APIGatewayV2HTTPResponse{StatusCode: p.Status, Headers: map[string]string{
		"Cache-Control":          "no-store",
		"X-Content-Type-Options": "nosniff",
		"X-Request-Id":           r.ID(),
	}}
	if p.Body != nil {
		out.Headers["Content-Type"] = "application/json"
		body, err := json.Marshal(p.Body, json.Deterministic(true), json.FormatNilSliceAsNull(false))
		if err != nil {
			observe.Log(ctx).Error("encoding an answer", "error", err)
			out.StatusCode, body = http.StatusInternalServerError, nil
		}
		out.Body = string(body)
	}
	for name, value := range p.Header {
		out.Headers[name] = value
	}
	return out
}
