package contract

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json/jsontext"
)

// alwaysExtension marks a header that every answer of a function has, though API Gateway's own answer with the same
// status lacks it.
const alwaysExtension = "x-function-always"

// withoutBody are the statuses of answers that have no body.
var withoutBody = []int{http.StatusNoContent, http.StatusAccepted, http.StatusNotModified}

// CheckAnswer says what in an answer to req breaks the contract: a status, header, content type or body that the
// operation does not declare. The answer's body is given apart, because it was read already. A request that the
// document has no operation for must be answered as one that leads nowhere.
func (c *Contract) CheckAnswer(req *http.Request, resp *http.Response, body []byte) error {
	route, err := c.route(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	err = errors.Join(checkJSON(req, resp, body), checkDeclared(req, route, resp, body),
		checkFunctionHeaders(route, resp), checkRequestID(resp, body))
	if err != nil {
		return fmt.Errorf("%s %s answered %d: %w", req.Method, req.URL.Path, resp.StatusCode, err)
	}
	return nil
}

// route returns the operation that req is for.
func (c *Contract) route(req *http.Request) (*routers.Route, error) {
	relative, err := c.relative(req)
	if err != nil {
		return nil, err
	}
	route, _, err := c.router.FindRoute(relative)
	if errors.Is(err, routers.ErrPathNotFound) || errors.Is(err, routers.ErrMethodNotAllowed) {
		return c.nowhere(), nil
	}
	return route, err
}

// relative returns a request for the path that is left of req's after a base.
func (c *Contract) relative(req *http.Request) (*http.Request, error) {
	path := req.URL.EscapedPath()
	for _, base := range c.bases {
		if rest, ok := strings.CutPrefix(path, base+"/"); ok {
			path = "/" + rest
			break
		}
	}
	u, err := url.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("reading the path: %w", err)
	}
	return &http.Request{Method: req.Method, URL: u}, nil
}

// nowhere stands for the operation of every request that the document does not name.
func (c *Contract) nowhere() *routers.Route {
	notFound := openapi3.WithStatus(http.StatusNotFound, c.doc.Components.Responses["NoSuchRoute"])
	return &routers.Route{Spec: c.doc, Operation: &openapi3.Operation{Responses: openapi3.NewResponses(notFound)}}
}

// checkJSON refuses what a lenient decoder would let pass: duplicate names, invalid UTF-8, anything after the value;
// and CSV whose rows have not as many cells as its header. An
// answer 204, 304 or to HEAD has no body (RFC 9110, sections 15.3.5, 15.4.5 and 9.3.2), and the store's 202 has none,
// either.
func checkJSON(req *http.Request, resp *http.Response, body []byte) error {
	if req.Method == http.MethodHead || slices.Contains(withoutBody, resp.StatusCode) {
		if len(body) > 0 {
			return errors.New("an answer without content has a body")
		}
		return nil
	}
	if mediaType(resp) == "text/csv" {
		_, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		return err
	}
	if !jsontext.Value(body).IsValid() {
		return errors.New("the body is not one strict JSON value")
	}
	return nil
}

func checkDeclared(req *http.Request, route *routers.Route, resp *http.Response, body []byte) error {
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, Route: route},
		Status:                 resp.StatusCode,
		Header:                 resp.Header,
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	return openapi3filter.ValidateResponse(req.Context(), input.SetBodyBytes(body))
}

// checkFunctionHeaders demands of a function's answer the headers that the document could not require, because API
// Gateway may give the same status.
func checkFunctionHeaders(route *routers.Route, resp *http.Response) error {
	if fromGateway(resp) {
		return nil
	}
	declared := route.Operation.Responses.Status(resp.StatusCode)
	if declared == nil || declared.Value == nil {
		return nil // checkDeclared says so
	}
	var missing []error
	for _, name := range slices.Sorted(maps.Keys(declared.Value.Headers)) {
		always := declared.Value.Headers[name].Value.Extensions[alwaysExtension] == true
		if always && resp.Header.Get(name) == "" {
			missing = append(missing, fmt.Errorf("response header %q missing", name))
		}
	}
	return errors.Join(missing...)
}

// checkRequestID holds a problem's request_id to the header.
func checkRequestID(resp *http.Response, body []byte) error {
	if mediaType(resp) != "application/problem+json" || len(body) == 0 {
		return nil
	}
	var problem struct {
		RequestID string `json:"request_id"`
	}
	if err := json.Unmarshal(body, &problem); err != nil {
		return fmt.Errorf("reading the problem: %w", err)
	}
	if header := resp.Header.Get("X-Request-Id"); problem.RequestID != header {
		return fmt.Errorf("request_id is %q, the header X-Request-Id %q", problem.RequestID, header)
	}
	return nil
}

// fromGateway reports whether API Gateway made the answer by itself: a refusal of a function is a problem.
func fromGateway(resp *http.Response) bool {
	return resp.StatusCode >= 400 && mediaType(resp) == "application/json"
}

func mediaType(resp *http.Response) string {
	name, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return name
}
