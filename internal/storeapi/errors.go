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
	"shop/internal/picture"
	"shop/internal/product"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
)

// maxRetryAfter is for how many seconds at most a client is asked to wait when the store is busy. Each is told another
// number at random, so that those who met do not all come back at once.
const maxRetryAfter = 3

const busy = "The store is busy. Repeat the same request."

// IfBusy gives err a detail of its own for an answer of 503 for which the usual detail would be wrong.
func IfBusy(err error, detail string) error { return &detailedError{err, detail} }

// IfBusyWithoutKey is [IfBusy] for a request that came without an Idempotency-Key, and err for one that came with it.
func IfBusyWithoutKey(err error, key, detail string) error {
	if key != "" {
		return err
	}
	return IfBusy(err, detail)
}

type detailedError struct {
	error
	detail string
}

// Unwrap returns the error that there are words for.
func (u *detailedError) Unwrap() error { return u.error }

// isTemporary reports whether the error says that a repeat may help, as adapters do when a service throttles.
func isTemporary(err error) bool {
	var failure interface{ Temporary() bool }
	return errors.As(err, &failure) && failure.Temporary()
}

const crossSite = "This is for the shop's own pages alone. It needs the header Sec-Fetch-Site of one origin, and " +
	"application/json."

const unsettled = "It is not known whether the change was made. Look at the product before you repeat it."

const noUpload = "Nothing was uploaded under this name, or it is gone. Begin again."

// table is what clients are told of each error. The log has the cause.
var table = []struct {
	err    error
	status int
	code   string
	detail string
}{
	{page.ErrInvalidCursor, 400, "invalid_cursor", "The cursor was altered, or belongs to another query."},
	{httpapi.ErrKeyRequired, 400, "idempotency_key_required", "The header Idempotency-Key is missing."},
	{httpapi.ErrUnauthenticated, 401, "unauthenticated", "A valid access token is needed."},
	{token.ErrInvalid, 401, "unauthenticated", "A valid access token is needed."},
	{user.ErrInvalidCredentials, 401, "invalid_credentials", "The e-mail address or the password is wrong."},
	{user.ErrInvalidAPIKey, 401, "invalid_api_key", "The API key is unknown or was revoked."},
	{user.ErrSessionOver, 401, "unauthenticated", "There is no such session, or no longer. Log in again."},
	{user.ErrNotFound, 401, "unauthenticated", "The account is gone. Sign up anew."},
	{httpapi.ErrForbidden, 403, "forbidden", "The caller may not do this."},
	{httpapi.ErrCrossSite, 403, "forbidden", crossSite},
	{user.ErrNoRight, 403, "forbidden", "The caller may not do this."},
	{product.ErrNotFound, 404, "product_not_found", "There is no such product."},
	{order.ErrNotFound, 404, "order_not_found", "There is no such order."},
	{picture.ErrNoUpload, 404, "upload_not_found", noUpload},
	{httpapi.ErrNoRoute, 404, "not_found", "There is nothing here."},
	{user.ErrEmailTaken, 409, "email_taken", "An account with this e-mail address exists already."},
	{product.ErrInsufficientStock, 409, "insufficient_stock", "The stock would fall below zero."},
	{product.ErrInStock, 409, "in_stock", "The product is in stock, and can be ordered now."},
	{product.ErrTooManyAwaited, 409, "too_many_awaited", "The customer waits for 100 products already. Withdraw one first."},
	{httpapi.ErrTooLarge, 413, "payload_too_large", "The body is larger than 64 KiB."},
	{httpapi.ErrMediaType, 415, "unsupported_media_type", "The body must be application/json, in UTF-8."},
	{product.ErrKeyReused, 422, "idempotency_key_reused", "The Idempotency-Key was used for another adjustment."},
	{order.ErrBusy, 503, "busy", busy},
	{product.ErrContended, 503, "busy", busy},
	{product.ErrUnsettled, 503, "busy", unsettled},
	{context.DeadlineExceeded, 503, "busy", busy},
}

// Code returns the contract's code for the error, as the client is told it.
func Code(err error) string {
	p, _ := Describe(err)
	return p.Code
}

// Describe finds the answer to err, and headers that go with it. It is the store's [httpapi.Describe].
func Describe(err error) (httpapi.Problem, map[string]string) {
	p, header := answerTo(err)
	var own *detailedError
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
		p := problem(http.StatusTooManyRequests, "too_many_requests", "Too many attempts. Try again later.")
		return p, retryAfter(guesses.RetryAfter)
	}
	for _, row := range table {
		if errors.Is(err, row.err) {
			return problem(row.status, row.code, row.detail), headers(row.status)
		}
	}
	if isTemporary(err) {
		return problem(http.StatusServiceUnavailable, "busy", busy), headers(http.StatusServiceUnavailable)
	}
	return problem(http.StatusInternalServerError, "internal", "The store failed."), nil
}

func problem(status int, code, detail string) httpapi.Problem {
	return httpapi.Problem{Status: status, Code: code, Detail: detail}
}

// detailed answers the errors that tell more than their kind.
func detailed(err error) (p httpapi.Problem, ok bool) {
	var (
		fields  validation.Errors
		stock   *product.StockChangedError
		changed *product.ChangedError
		refused *picture.RefusedError
	)
	switch {
	case errors.As(err, &fields):
		p = problem(http.StatusBadRequest, "invalid_request", "The request is not valid.")
		p.Errors = fieldErrors(fields)
	case errors.As(err, &stock):
		p = problem(http.StatusConflict, "stock_changed", "The stock is not what it was compared with.")
		p.Quantity = &stock.Quantity
	case errors.As(err, &changed):
		const detail = "The product is not of the version that it was compared with."
		p = problem(http.StatusConflict, "product_changed", detail)
		p.Product = AdminProductOf(changed.Stored)
	case errors.As(err, &refused):
		p = problem(http.StatusUnprocessableEntity, "picture_refused", refused.Reason)
	default:
		return refusedOrder(err)
	}
	return p, true
}

// refusedOrder answers the errors with details of an order that is not placed or changed.
func refusedOrder(err error) (p httpapi.Problem, ok bool) {
	var (
		reused *order.KeyReusedError
		status *order.StatusChangedError
	)
	switch {
	case errors.As(err, &status):
		p = problem(http.StatusConflict, "status_changed",
			"The order's status does not allow this change, or no longer.")
		p.OrderStatus = status.Present.String()
	case errors.As(err, &reused):
		p = problem(http.StatusUnprocessableEntity, "idempotency_key_reused",
			"The Idempotency-Key was used for another order.")
		p.OrderID = reused.OrderID
	default:
		return refusedItems(err)
	}
	return p, true
}

// refusedItems answers the errors that name the products because of which an order is not placed.
func refusedItems(err error) (p httpapi.Problem, ok bool) {
	var (
		unknown *order.UnknownProductError
		excess  *order.MaxPerOrderExceededError
		short   *order.OutOfStockError
		prices  *order.PriceChangedError
	)
	const conflict = http.StatusConflict
	switch {
	case errors.As(err, &unknown):
		p = problem(http.StatusNotFound, "product_not_found", "There is no product "+unknown.ProductID+".")
	case errors.As(err, &excess):
		p = problem(conflict, "max_per_order_exceeded", "One order may not have so many units of every item.")
		p.Items = excesses(excess)
	case errors.As(err, &short):
		p = problem(conflict, "out_of_stock", "There is not enough of every item.")
		p.Items = shortages(short)
	case errors.As(err, &prices):
		p = problem(conflict, "price_changed", "The order does not cost what was agreed to.")
		p.Items = changedPrices(prices)
	default:
		return p, false
	}
	return p, true
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
