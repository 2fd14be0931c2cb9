package httpapi

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/go-json-experiment/json"
)

// Response is an answer.
type Response struct {
	Status int
	Body   any               // written as JSON, but for a Text; nil for none
	Header map[string]string // beside those that every answer has

	cookies []string // Set-Cookie

	tagged bool // the answer has an ETag, and a client that has the same already gets no body
}

// Text is a body that is no JSON.
type Text struct{ Type, Content string }

// OK answers 200 with body.
func OK(body any) Response { return Response{Status: http.StatusOK, Body: body} }

// Created answers 201 with body.
func Created(body any) Response { return Response{Status: http.StatusCreated, Body: body} }

// NoContent answers 204, without a body.
func NoContent() Response { return Response{Status: http.StatusNoContent} }

// Accepted answers 202, without a body: what was asked for follows by mail, if anything does.
func Accepted() Response { return Response{Status: http.StatusAccepted} }

// With returns the response with one more header, or with another value of one that it has.
func (p Response) With(name, value string) Response {
	header := map[string]string{}
	maps.Copy(header, p.Header)
	header[name] = value
	p.Header = header
	return p
}

// Public lets caches keep the response for so many seconds: for what everyone is answered alike.
func (p Response) Public(seconds int) Response {
	return p.With("Cache-Control", fmt.Sprintf("public, max-age=%d", seconds))
}

// Tagged gives the response an ETag. A client that shows it in If-None-Match gets 304 for as long as the response is
// the same.
func (p Response) Tagged() Response {
	p.tagged = true
	return p
}

// FixedHeaders returns the headers that every answer has with the same values. They tell a browser that opens an answer
// by itself to come by HTTPS only for a year, to run and frame nothing, and to name no address of the API to other
// sites (OWASP ASVS 5.0, 3.4.1 and 3.4.3 to 3.4.6).
func FixedHeaders() map[string]string {
	return map[string]string{
		"Content-Security-Policy":   "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"Referrer-Policy":           "no-referrer",
		"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
		"X-Content-Type-Options":    "nosniff",
	}
}

// encode writes the response as API Gateway takes it.
func (p Response) encode(r *Request) (events.APIGatewayV2HTTPResponse, error) {
	out := events.APIGatewayV2HTTPResponse{StatusCode: p.Status, Headers: FixedHeaders(), Cookies: p.cookies}
	out.Headers["Cache-Control"] = "no-store"
	out.Headers["X-Request-Id"] = r.ID()
	if text, isText := p.Body.(Text); isText {
		out.Headers["Content-Type"], out.Body = text.Type, text.Content
	} else if p.Body != nil {
		body, err := json.Marshal(p.Body, json.Deterministic(true), json.FormatNilSliceAsNull(false))
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("encoding an answer: %w", err)
		}
		out.Headers["Content-Type"], out.Body = "application/json", string(body)
	}
	maps.Copy(out.Headers, p.Header)
	if p.tagged {
		tag(r, &out)
	}
	if r.isHead() {
		out.Body = ""
	}
	return out, nil
}
