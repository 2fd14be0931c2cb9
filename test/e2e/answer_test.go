package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	strict "github.com/go-json-experiment/json"
)

// internals are traces of how the store is built. No body may show any.
var internals = regexp.MustCompile(`(?i)goroutine|panic|\.go:|/var/task|amazonaws|arn:aws|dynamodb|dynamostore|` +
	`operation error|https response error|conditionalcheck|exception|unmarshal|json:|jsontext|go struct|` +
	`internal/|httpapi|context deadline|connection refused|errorType|stackTrace`)

// gatewayStatuses are those that API Gateway answers by itself, with a small
// body of its own.
var gatewayStatuses = []int{401, 403, 404, 413, 429}

var catalogueAge = regexp.MustCompile(`^public, max-age=([0-9]+)(, .+)?$`)

// checkContract tells what in the answer breaks the contract, whatever was asked.
func (a answer) checkContract(req *http.Request, resp *http.Response) error {
	if a.fromGateway() {
		return errors.Join(a.checkShape(req, resp), a.checkGatewayBody())
	}
	return errors.Join(a.checkShape(req, resp), a.checkHeaders(req), a.checkProblem(req))
}

func (a answer) checkShape(req *http.Request, resp *http.Response) error {
	c, err := theContract()
	if err != nil {
		return fmt.Errorf("loading the contract: %w", err)
	}
	return c.CheckAnswer(req, resp, a.body)
}

func (a answer) isProblem() bool { return a.mediaType() == "application/problem+json" }

func (a answer) mediaType() string {
	m, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return m
}

// fromGateway reports whether no function answered.
func (a answer) fromGateway() bool {
	return slices.Contains(gatewayStatuses, a.status) && !a.isProblem()
}

func (a answer) checkGatewayBody() error {
	var body map[string]string
	if err := json.Unmarshal(a.body, &body); err != nil || len(body) != 1 || body["message"] == "" {
		return errors.New("neither a problem nor the gateway's own body")
	}
	return nil
}

// browserHeaders are those that each answer of a function has for a browser that opens it by itself.
var browserHeaders = map[string]string{
	"Content-Security-Policy":   "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Referrer-Policy":           "no-referrer",
	"Strict-Transport-Security": "max-age=31536000; includeSubDomains",
	"X-Content-Type-Options":    "nosniff",
}

func (a answer) checkHeaders(req *http.Request) error {
	errs := []error{a.checkRequestID(), a.checkCacheControl(req)}
	for name, want := range browserHeaders {
		if got := a.header.Get(name); got != want {
			errs = append(errs, fmt.Errorf("%s = %q, want %q", name, got, want))
		}
	}
	want := "application/json"
	if req.URL.Query().Get("format") == "csv" {
		want = "text/csv"
	}
	if m := a.mediaType(); a.status < 400 && len(a.body) > 0 && m != want {
		errs = append(errs, fmt.Errorf("content type = %q, want %s", m, want))
	}
	return errors.Join(errs...)
}

func (a answer) checkRequestID() error {
	id := a.header.Get("X-Request-Id")
	if id == "" || id == clientRequestID {
		return fmt.Errorf("X-Request-Id = %q, want the gateway's", id)
	}
	return journal.requestID(id)
}

// checkCacheControl holds the rule of the contract: public with a short
// max-age for the catalogue, no-store for the rest. The issuer's documents hold
// nothing secret and may be either.
func (a answer) checkCacheControl(req *http.Request) error {
	got := a.header.Get("Cache-Control")
	if strings.Contains(req.URL.Path, "/.well-known/") && got != "no-store" {
		return cachedFor(got, 24*60*60)
	}
	path, read := req.URL.Path, req.Method == http.MethodGet || req.Method == http.MethodHead
	catalogue := read && !strings.Contains(path, "/admin/") && !strings.HasSuffix(path, "/back-in-stock") &&
		(strings.Contains(path, "/products") || strings.HasSuffix(path, "/categories"))
	if catalogue && (a.status == http.StatusOK || a.status == http.StatusNotModified) {
		return cachedFor(got, 300)
	}
	if got != "no-store" {
		return fmt.Errorf("Cache-Control = %q, want no-store", got)
	}
	return nil
}

// cachedFor tells when a Cache-Control is not public for 1 to limit seconds.
func cachedFor(got string, limit int) error {
	m := catalogueAge.FindStringSubmatch(got)
	if m == nil {
		return fmt.Errorf("Cache-Control = %q, want public with a max-age", got)
	}
	if age, err := strconv.Atoi(m[1]); err != nil || age < 1 || age > limit {
		return fmt.Errorf("Cache-Control = %q, want a max-age of 1 to %d", got, limit)
	}
	return nil
}

// checkProblem holds an error's body to RFC 9457 and the contract's members.
func (a answer) checkProblem(req *http.Request) error {
	if a.status < 400 || req.Method == http.MethodHead {
		return nil
	}
	if !a.isProblem() {
		return fmt.Errorf("content type = %q, want application/problem+json", a.header.Get("Content-Type"))
	}
	if found := internals.Find(a.body); found != nil {
		return fmt.Errorf("the body shows the store's internals: %q", found)
	}
	var p problem
	if err := strict.Unmarshal(a.body, &p, strict.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("reading the problem: %w", err)
	}
	return errors.Join(a.checkProblemHead(p), checkProblemMembers(p))
}

func (a answer) checkProblemHead(p problem) error {
	if p.Type == "" || p.Title == "" || p.Detail == "" || p.Code == "" {
		return errors.New("the problem lacks type, title, detail or code")
	}
	if p.Status != a.status {
		return fmt.Errorf("the problem's status = %d, the answer's %d", p.Status, a.status)
	}
	if id := a.header.Get("X-Request-Id"); p.RequestID != id {
		return fmt.Errorf("the problem's request_id = %q, the header's %q", p.RequestID, id)
	}
	return nil
}

// checkProblemMembers: each code has its own extra members and no others.
func checkProblemMembers(p problem) error {
	hasItems := slices.Contains([]string{"max_per_order_exceeded", "out_of_stock", "price_changed"}, p.Code)
	switch {
	case (p.Code == "invalid_request") != (len(p.Errors) > 0):
		return errors.New("errors belongs to invalid_request, and to it alone")
	case hasItems != (len(p.Items) > 0):
		return errors.New("items belongs to max_per_order_exceeded, out_of_stock and price_changed, and to them alone")
	case (p.Code == "product_changed") != (p.Product != nil):
		return errors.New("product belongs to product_changed, and to it alone")
	case p.Code != "idempotency_key_reused" && p.OrderID != "":
		return errors.New("order_id belongs to idempotency_key_reused alone")
	case (p.Code == "stock_changed") != (p.Quantity != nil):
		return errors.New("quantity belongs to stock_changed, and to it alone")
	case (p.Code == "status_changed") != (p.OrderStatus != ""):
		return errors.New("order_status belongs to status_changed, and to it alone")
	}
	for _, e := range p.Errors {
		if e.Message == "" {
			return fmt.Errorf("the error of field %q has no message", e.Field)
		}
	}
	return nil
}
