package storeapi_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
)

// codes are all that the contract has, and the status of each.
var codes = map[string]int{
	"invalid_request": 400, "invalid_cursor": 400, "idempotency_key_required": 400, "unauthenticated": 401, "invalid_credentials": 401, "forbidden": 403,
	"product_not_found": 404, "order_not_found": 404, "not_found": 404, "email_taken": 409, "max_per_order_exceeded": 409,
	"out_of_stock": 409, "price_changed": 409,
	"product_changed": 409, "stock_changed": 409, "insufficient_stock": 409, "unsupported_media_type": 415, "payload_too_large": 413, "idempotency_key_reused": 422,
	"too_many_requests": 429, "busy": 503, "internal": 500,
}

// refusals are all errors that have an answer of their own, and all that a client may be told of each.
var refusals = []struct {
	err    error
	code   string
	detail string // what is told beside the code's own text
	more   string
	header map[string]string
}{
	{err: validation.Errors{{Field: "a[0].b", Message: `"c"`}, {Message: "d"}}, code: "invalid_request",
		more: `,"errors":[{"field":"a[0].b","message":"\"c\""},{"field":"","message":"d"}]`},
	{err: page.ErrInvalidCursor, code: "invalid_cursor"},
	{err: httpapi.ErrKeyRequired, code: "idempotency_key_required"},
	{err: httpapi.ErrUnauthenticated, code: "unauthenticated", header: challenge},
	{err: token.ErrInvalid, code: "unauthenticated", header: challenge},
	{err: user.ErrInvalidCredentials, code: "invalid_credentials", header: challenge},
	{err: user.ErrNotFound, code: "unauthenticated", detail: "The account is gone. Sign up anew.", header: challenge},
	{err: user.ErrSessionOver, code: "unauthenticated", detail: "There is no such session, or no longer. Log in again.", header: challenge},
	{err: httpapi.ErrForbidden, code: "forbidden"},
	{err: user.ErrNotAdmin, code: "forbidden"},
	{err: product.ErrNotFound, code: "product_not_found"},
	{err: &order.UnknownProductError{ProductID: "x.1"}, code: "product_not_found", detail: "There is no product x.1."},
	{err: order.ErrNotFound, code: "order_not_found"},
	{err: httpapi.ErrNoRoute, code: "not_found"},
	{err: user.ErrEmailTaken, code: "email_taken"},
	{err: &order.MaxPerOrderExceededError{Items: []order.Excess{{ProductID: "x", Requested: 3, Allowed: 2}}}, code: "max_per_order_exceeded",
		more: `,"items":[{"product_id":"x","requested":3,"allowed":2}]`},
	{err: &order.OutOfStockError{Items: []order.Shortage{{ProductID: "x", Requested: 3, Available: 0}}}, code: "out_of_stock",
		more: `,"items":[{"product_id":"x","requested":3,"available":0}]`},
	{err: &order.PriceChangedError{Items: []order.Price{{ProductID: "x", Price: money.Money{Amount: 0, Currency: "GBP"}}}}, code: "price_changed",
		more: `,"items":[{"product_id":"x","price":{"amount":0,"currency":"GBP"}}]`},
	{err: &product.ChangedError{Stored: product.Product{ID: "a", Version: 2}}, code: "product_changed",
		more: `,"product":{"product_id":"a","name":"","price":{"amount":0,"currency":""},"image_url":"","stock_status":"out_of_stock",` +
			`"description":"","stock":0,"active":false,"version":2,"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}`},
	{err: &product.StockChangedError{Quantity: 0}, code: "stock_changed", more: `,"quantity":0`},
	{err: product.ErrInsufficientStock, code: "insufficient_stock"},
	{err: httpapi.ErrTooLarge, code: "payload_too_large"},
	{err: httpapi.ErrMediaType, code: "unsupported_media_type"},
	{err: &order.KeyReusedError{OrderID: "ord_a"}, code: "idempotency_key_reused", more: `,"order_id":"ord_a"`},
	{err: product.ErrKeyReused, code: "idempotency_key_reused", detail: "The Idempotency-Key was used for another adjustment."},
	{err: &user.TooManyGuessesError{RetryAfter: 90*time.Second + 1}, code: "too_many_requests", header: map[string]string{"Retry-After": "91"}},
	{err: order.ErrBusy, code: "busy", header: later},
	{err: product.ErrContended, code: "busy", header: later},
	{err: context.DeadlineExceeded, code: "busy", header: later},
	{err: temporary(true), code: "busy", header: later},
	{err: temporary(false), code: "internal"},
	{err: context.Canceled, code: "internal"},
	{err: &order.RejectedError{}, code: "internal"},
	{err: errors.New("anything else"), code: "internal"},
}

// temporary is a failure that says of itself whether a repeat may help.
type temporary bool

func (t temporary) Error() string   { return fmt.Sprintf("temporary: %t", bool(t)) }
func (t temporary) Temporary() bool { return bool(t) }

var (
	challenge = map[string]string{"WWW-Authenticate": "Bearer"}
	later     = map[string]string{"Retry-After": "1"}
)

// details are the codes' own texts: each says something else.
var details = map[string]string{
	"invalid_request": "The request is not valid.", "invalid_cursor": "The cursor was altered, or belongs to another query.",
	"idempotency_key_required": "The header Idempotency-Key is missing.", "unauthenticated": "A valid access token is needed.",
	"invalid_credentials": "The e-mail address or the password is wrong.", "forbidden": "The caller may not do this.",
	"product_not_found": "There is no such product.", "order_not_found": "There is no such order.", "not_found": "There is nothing here.",
	"email_taken": "An account with this e-mail address exists already.", "out_of_stock": "There is not enough of every item.",
	"max_per_order_exceeded": "One order may not have so many units of every item.",
	"price_changed":          "The order does not cost what was agreed to.", "product_changed": "The product is not of the version that it was compared with.", "stock_changed": "The stock is not what it was compared with.",
	"insufficient_stock": "The stock would fall below zero.", "unsupported_media_type": "The body must be application/json, in UTF-8.",
	"payload_too_large": "The body is larger than 64 KiB.", "idempotency_key_reused": "The Idempotency-Key was used for another order.",
	"too_many_requests": "Too many attempts. Try again later.", "busy": "The store is busy. Repeat the same request.", "internal": "The store failed.",
}

var titles = map[int]string{
	400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 413: "Request Entity Too Large", 415: "Unsupported Media Type",
	422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
}

func TestEveryCodeIsTried(t *testing.T) {
	tried := map[string]int{}
	for _, r := range refusals {
		tried[r.code] = codes[r.code]
	}
	if !maps.Equal(tried, codes) {
		t.Errorf("tried %v, the contract has %v", tried, codes)
	}
	if known := httpapitest.Codes(); !maps.Equal(known, codes) {
		t.Errorf("the handlers' tests know %v, the contract has %v", known, codes)
	}
}

func TestProblems(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.code+" "+r.err.Error(), func(t *testing.T) {
			status, detail := codes[r.code], details[r.code]
			if r.detail != "" {
				detail = r.detail
			}
			want := httpapi.FixedHeaders()
			maps.Copy(want, map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store", "X-Request-Id": "id-1"})
			maps.Copy(want, r.header)
			body := fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":%q,"code":%q,"request_id":"id-1"%s}`, titles[status], status, detail, r.code, r.more)
			for _, err := range []error{r.err, fmt.Errorf("reading table shop-1: %w", r.err), errors.Join(errors.New("secret"), r.err)} {
				out := fail(t, err)
				if got := out.Headers["Retry-After"]; status == 503 && strings.Contains("123", got) && got != "" {
					want["Retry-After"] = got
				}
				if out.StatusCode != status || !maps.Equal(out.Headers, want) || out.Body != body {
					t.Errorf("%v:\ngot  %d %v %s\nwant %d %v %s", err, out.StatusCode, out.Headers, out.Body, status, want, body)
				}
			}
		})
	}
}

func fail(t *testing.T, err error) events.APIGatewayV2HTTPResponse {
	t.Helper()
	h := storeapi.Lambda(httpapi.Front{}, func(context.Context, *httpapi.Request) (httpapi.Response, error) { return httpapi.OK("never"), err })
	out, failed := h(t.Context(), events.APIGatewayV2HTTPRequest{RequestContext: events.APIGatewayV2HTTPRequestContext{RequestID: "id-1"}})
	if failed != nil {
		t.Fatal(failed)
	}
	return out
}

// TestBusyClientsComeBackApart: each is told a number of seconds at random, 1 to 3.
func TestBusyClientsComeBackApart(t *testing.T) {
	told := map[string]bool{}
	for range 200 {
		told[fail(t, order.ErrBusy).Headers["Retry-After"]] = true
	}
	if want := map[string]bool{"1": true, "2": true, "3": true}; !maps.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// TestRetryAfter: whole seconds, rounded up, and never none.
func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		-time.Hour: "1", 0: "1", time.Nanosecond: "1", time.Second: "1", time.Second + 1: "2", 15 * time.Minute: "900",
	} {
		out := fail(t, &user.TooManyGuessesError{RetryAfter: wait})
		if got := out.Headers["Retry-After"]; got != want {
			t.Errorf("%s: Retry-After is %q, want %q", wait, got, want)
		}
		if strings.Contains(out.Body, "15m") {
			t.Errorf("the body tells the error's text: %s", out.Body)
		}
	}
}
