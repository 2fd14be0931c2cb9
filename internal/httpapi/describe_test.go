package httpapi

import (
	"context"
	"errors"
	"net/http"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
)

// answers is what these tests' clients are told of errors. What the store's are told, package storeapi has.
var answers = []struct {
	err    error
	status int
	code   string
	detail string
}{
	{page.ErrInvalidCursor, http.StatusBadRequest, "invalid_cursor", "C."},
	{ErrKeyRequired, http.StatusBadRequest, "idempotency_key_required", "K."},
	{ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated", "A valid access token is needed."},
	{token.ErrInvalid, http.StatusUnauthorized, "unauthenticated", "A valid access token is needed."},
	{ErrForbidden, http.StatusForbidden, "forbidden", "The caller may not do this."},
	{ErrCrossSite, http.StatusForbidden, "forbidden", "The caller may not do this."},
	{user.ErrNoRight, http.StatusForbidden, "forbidden", "The caller may not do this."},
	{product.ErrNotFound, http.StatusNotFound, "product_not_found", "P."},
	{order.ErrNotFound, http.StatusNotFound, "order_not_found", "O."},
	{ErrNoRoute, http.StatusNotFound, "not_found", "There is nothing here."},
	{ErrTooLarge, http.StatusRequestEntityTooLarge, "payload_too_large", "L."},
	{ErrMediaType, http.StatusUnsupportedMediaType, "unsupported_media_type", "M."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "busy", "The store is busy. Repeat the same request."},
}

var headersOf = map[int]map[string]string{
	http.StatusUnauthorized: {"WWW-Authenticate": "Bearer"}, http.StatusServiceUnavailable: {"Retry-After": "1"},
}

func describeForTests(err error) (Problem, map[string]string) {
	var fields validation.Errors
	if errors.As(err, &fields) {
		p := Problem{Status: http.StatusBadRequest, Code: "invalid_request", Detail: "The request is not valid."}
		for _, f := range fields {
			p.Errors = append(p.Errors, FieldError{Field: f.Field, Message: f.Message})
		}
		return p, nil
	}
	for _, row := range answers {
		if errors.Is(err, row.err) {
			return Problem{Status: row.status, Code: row.code, Detail: row.detail}, headersOf[row.status]
		}
	}
	return Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "The store failed."}, nil
}

// codeOf returns the code that a client is told of err.
func codeOf(err error) string {
	p, _ := describeForTests(err)
	return p.Code
}
