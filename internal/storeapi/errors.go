package storeapi

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
)

// maxRetryAfter is for how many seconds at most a client is asked to wait when the store is busy. Each is told another
// number at random, so that those who met do not all come back at once.
const maxRetryAfter = 3

const busy = "The store is busy. Repeat the same request."

// IfBusy gives err a detail of its own for the case that it is answered 503, where the usual one would not be true.
func IfBusy(err error, detail string) error { return &unlessDone{err, detail} }

// IfBusyWithoutKey is [IfBusy] for a request that came without an Idempotency-Key, and err for one that came with it.
func IfBusyWithoutKey(err error, key, detail string) error {
	if key != "" {
		return err
	}
	return IfBusy(err, detail)
}

type unlessDone struct {
	error
	detail string
}

// Unwrap returns the error that there are words for.
func (u *unlessDone) Unwrap() error { return u.error }

// isTemporary reports whether what failed says of itself that a repeat may help, as an edge does of a service that
// throttles.
func isTemporary(err error) bool {
	var failure interface{ Temporary() bool }
	return errors.As(err, &failure) && failure.Temporary()
}

// table is what clients are told of each error. The log has the cause.
var table = []struct {
	err    error
	status int
	code   string
	detail string
}{
	{page.ErrInvalidCursor, http.StatusBadRequest, "invalid_cursor", "The cursor was altered, or belongs to another query."},
	{httpapi.ErrKeyRequired, http.StatusBadRequest, "idempotency_key_required", "The header Idempotency-Key is missing."},
	{httpapi.ErrUnauthenticated, http.StatusUnauthorized, "unauthenticated", "A valid access token is needed."},
	{token.ErrInvalid, http.StatusUnauthorized, "unauthenticated", "A valid access token is needed."},
	{user.ErrInvalidCredentials, http.StatusUnauthorized, "invalid_credentials", "The e-mail address or the password is wrong."},
	{user.ErrSessionOver, http.StatusUnauthorized, "unauthenticated", "There is no such session, or no longer. Log in again."},
	{user.ErrNotFound, http.StatusUnauthorized, "unauthenticated", "The account is gone. Sign up anew."},
	{httpapi.ErrForbidden, http.StatusForbidden, "forbidden", "The caller may not do this."},
	{httpapi.ErrCrossSite, http.StatusForbidden, "forbidden", "This is for the shop's own pages alone. It needs the header Sec-Fetch-Site of one origin, and application/json."},
	{user.ErrNotAdmin, http.StatusForbidden, "forbidden", "The caller may not do this."},
	{product.ErrNotFound, http.StatusNotFound, "product_not_found", "There is no such product."},
	{order.ErrNotFound, http.StatusNotFound, "order_not_found", "There is no such order."},
	{httpapi.ErrNoRoute, http.StatusNotFound, "not_found", "There is nothing here."},
	{user.ErrEmailTaken, http.StatusConflict, "email_taken", "An account with this e-mail address exists already."},
	{product.ErrInsufficientStock, http.StatusConflict, "insufficient_stock", "The stock would fall below zero."},
	{order.ErrTooLargeToCancel, http.StatusConflict, "order_too_large", "An order of more than 49 products cannot be cancelled."},
	{httpapi.ErrTooLarge, http.StatusRequestEntityTooLarge, "payload_too_large", "The body is larger than 64 KiB."},
	{httpapi.ErrMediaType, http.StatusUnsupportedMediaType, "unsupported_media_type", "The body must be application/json, in UTF-8."},
	{product.ErrKeyReused, http.StatusUnprocessableEntity, "idempotency_key_reused", "The Idempotency-Key was used for another adjustment."},
	{order.ErrBusy, http.StatusServiceUnavailable, "busy", busy},
	{product.ErrContended, http.StatusServiceUnavailable, "busy", busy},
	{product.ErrUnsettled, http.StatusServiceUnavailable, "busy", "It is not known whether the change was made. Look at the product before you repeat it."},
	{context.DeadlineExceeded, http.StatusServiceUnavailable, "busy", busy},
}

// Code returns the contract's code for the error, as the client is told it.
func Code(err error) string {
	p, _ := Describe(err)
	return p.Code
}

// Describe finds the answer to err, and headers that go with it. It is the store's [httpapi.Describe].
func Describe(err error) (httpapi.Problem, map[string]string) {
	p, header := answerTo(err)
	var own *unlessDone
	if p.Status == http.StatusServiceUnavailable && errors.As(err, &own) {
		p.Detail = own.detail
	}
	return p, header
}

func answerTo(err error) (httpapi.Problem, map[string]string) {
	if p, ok := detailed(err); ok {
		return p, nil
	}
	var guesses *user.TooManyGuessesError
	if errors.As(err, &guesses) {
		return httpapi.Problem{Status: http.StatusTooManyRequests, Code: "too_many_requests", Detail: "Too many attempts. Try again later."},
			retryAfter(guesses.RetryAfter)
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return httpapi.Problem{Status: row.status, Code: row.code, Detail: row.detail}, headers(row.status)
		}
	}
	if isTemporary(err) {
		return httpapi.Problem{Status: http.StatusServiceUnavailable, Code: "busy", Detail: busy}, headers(http.StatusServiceUnavailable)
	}
	return httpapi.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "The store failed."}, nil
}

// detailed answers the errors that tell more than their kind.
func detailed(err error) (httpapi.Problem, bool) {
	var (
		fields  validation.Errors
		unknown *order.UnknownProductError
		excess  *order.MaxPerOrderExceededError
		short   *order.OutOfStockError
		prices  *order.PriceChangedError
		stock   *product.StockChangedError
		changed *product.ChangedError
		reused  *order.KeyReusedError
		status  *order.StatusChangedError
	)
	switch {
	case errors.As(err, &fields):
		return httpapi.Problem{Status: http.StatusBadRequest, Code: "invalid_request", Detail: "The request is not valid.", Errors: fieldErrors(fields)}, true
	case errors.As(err, &unknown):
		return httpapi.Problem{Status: http.StatusNotFound, Code: "product_not_found", Detail: "There is no product " + unknown.ProductID + "."}, true
	case errors.As(err, &excess):
		return httpapi.Problem{Status: http.StatusConflict, Code: "max_per_order_exceeded", Detail: "One order may not have so many units of every item.", Items: excesses(excess)}, true
	case errors.As(err, &short):
		return httpapi.Problem{Status: http.StatusConflict, Code: "out_of_stock", Detail: "There is not enough of every item.", Items: shortages(short)}, true
	case errors.As(err, &prices):
		return httpapi.Problem{Status: http.StatusConflict, Code: "price_changed", Detail: "The order does not cost what was agreed to.", Items: changedPrices(prices)}, true
	case errors.As(err, &stock):
		return httpapi.Problem{Status: http.StatusConflict, Code: "stock_changed", Detail: "The stock is not what it was compared with.", Quantity: &stock.Quantity}, true
	case errors.As(err, &changed):
		return httpapi.Problem{Status: http.StatusConflict, Code: "product_changed", Detail: "The product is not of the version that it was compared with.", Product: AdminProductOf(changed.Stored)}, true
	case errors.As(err, &status):
		return httpapi.Problem{Status: http.StatusConflict, Code: "status_changed", Detail: "The order's status does not allow this change, or no longer.", OrderStatus: status.Present.String()}, true
	case errors.As(err, &reused):
		return httpapi.Problem{Status: http.StatusUnprocessableEntity, Code: "idempotency_key_reused", Detail: "The Idempotency-Key was used for another order.", OrderID: reused.OrderID}, true
	}
	return httpapi.Problem{}, false
}

func fieldErrors(problems validation.Errors) []httpapi.FieldError {
	out := make([]httpapi.FieldError, len(problems))
	for i, p := range problems {
		out[i] = httpapi.FieldError{Field: p.Field, Message: p.Message}
	}
	return out
}

func excesses(err *order.MaxPerOrderExceededError) []Excess {
	out := make([]Excess, len(err.Items))
	for i, e := range err.Items {
		out[i] = Excess(e)
	}
	return out
}

func shortages(err *order.OutOfStockError) []Shortage {
	out := make([]Shortage, len(err.Items))
	for i, s := range err.Items {
		out[i] = Shortage(s)
	}
	return out
}

func changedPrices(err *order.PriceChangedError) []ChangedPrice {
	out := make([]ChangedPrice, len(err.Items))
	for i, p := range err.Items {
		out[i] = ChangedPrice{ProductID: p.ProductID, Price: Money(p.Price)}
	}
	return out
}

func headers(status int) map[string]string {
	switch status {
	case http.StatusUnauthorized:
		return map[string]string{"WWW-Authenticate": "Bearer"}
	case http.StatusServiceUnavailable:
		return retryAfter(time.Duration(1+rand.IntN(maxRetryAfter)) * time.Second)
	}
	return nil
}

// retryAfter gives whole seconds, rounded up.
func retryAfter(d time.Duration) map[string]string {
	return map[string]string{"Retry-After": strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))}
}
