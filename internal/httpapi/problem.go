package httpapi

import (
	"context"
	"errors"
	"net/http"

	"shop/internal/observe"
)

// Errors that only the edge knows.
var (
	// ErrUnauthenticated says that the request carries no access token that is to be believed.
	ErrUnauthenticated = errors.New("unauthenticated")
	// ErrForbidden says that the caller's token lacks the scope, or that the request came past the distribution.
	ErrForbidden = errors.New("forbidden")
	// ErrKeyRequired says that the header Idempotency-Key is missing.
	ErrKeyRequired = errors.New("idempotency key required")
)

// Problem is an error's answer: application/problem+json (RFC 9457).
type Problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail"`
	Code      string `json:"code"`
	RequestID string `json:"request_id"`

	Errors   []FieldError `json:"errors,omitempty"`   // invalid_request
	Items    any          `json:"items,omitempty"`    // of a refused order: []Excess, []Shortage or []ChangedPrice
	Quantity *int64       `json:"quantity,omitempty"` // stock_changed
	OrderID  string       `json:"order_id,omitempty"` // idempotency_key_reused: the order that was placed under the key
	Product  any          `json:"product,omitempty"`  // product_changed: AdminProduct, as it is stored now

	OrderStatus string `json:"order_status,omitempty"` // status_changed: the order's status now
}

// FieldError is one thing wrong with one field.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Describe returns what a client is told of an error: the problem, without the members that every problem has, and its
// headers. It has an answer to every error.
type Describe func(err error) (Problem, map[string]string)

// problem turns an error into its answer, and logs the cause of one that is the store's fault.
func problem(ctx context.Context, r *Request, err error) Response {
	p, header := r.describe(err)
	p.Type, p.Title, p.RequestID = "about:blank", http.StatusText(p.Status), r.ID()
	observe.Refused(ctx, p.Status, p.Code, err)
	response := Response{Status: p.Status, Body: p, Header: header}
	if removed := (withoutSession{}); errors.As(err, &removed) && p.Status == http.StatusUnauthorized {
		response = response.WithCookie(SessionCookie, "", 0)
	}
	return response.With("Content-Type", "application/problem+json")
}

// code returns the code that the client is told of err.
func (r *Request) code(err error) string {
	p, _ := r.describe(err)
	return p.Code
}
