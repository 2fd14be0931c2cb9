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
	"shop/internal/picture"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
)

// refusals are all errors that have an answer of their own, and all that a client may be told of each.
var refusals = []struct {
	err error
	httpapitest.Problem
}{
	{validation.Errors{
		{Field: "a[0].b", Message: `"c"`}, {Message: "d"},
	}, httpapitest.FieldErrors("a[0].b", `"c"`, "", "d")},
	{page.ErrInvalidCursor, code("invalid_cursor")},
	{httpapi.ErrKeyRequired, code("idempotency_key_required")},
	{httpapi.ErrUnauthenticated, code("unauthenticated")},
	{token.ErrInvalid, code("unauthenticated")},
	{user.ErrInvalidCredentials, code("invalid_credentials")},
	{user.ErrNotFound, told("unauthenticated", "The account is gone. Sign up anew.")},
	{user.ErrInvalidAPIKey, code("invalid_api_key")},
	{user.ErrSessionOver, told("unauthenticated", "There is no such session, or no longer. Log in again.")},
	{httpapi.ErrForbidden, code("forbidden")},
	{user.ErrNoRight, code("forbidden")},
	{httpapi.ErrCrossSite, httpapitest.CrossSite},
	{product.ErrNotFound, code("product_not_found")},
	{&order.UnknownProductError{ProductID: "x.1"}, told("product_not_found", "There is no product x.1.")},
	{order.ErrNotFound, code("order_not_found")},
	{picture.ErrNoUpload, code("upload_not_found")},
	{&picture.RefusedError{Reason: "It is blurred."}, told("picture_refused", "It is blurred.")},
	{httpapi.ErrNoRoute, code("not_found")},
	{user.ErrEmailTaken, code("email_taken")},
	{
		&order.MaxPerOrderExceededError{
			Items: []order.Excess{{ProductID: "x", Requested: 3, Allowed: 2}, {ProductID: "y"}},
		},
		more("max_per_order_exceeded",
			`"items":[{"product_id":"x","requested":3,"allowed":2},{"product_id":"y","requested":0,"allowed":0}]`),
	},
	{
		&order.OutOfStockError{Items: []order.Shortage{{ProductID: "x", Requested: 3}}},
		more("out_of_stock", `"items":[{"product_id":"x","requested":3,"available":0}]`),
	},
	{
		&order.PriceChangedError{Items: []order.Price{{ProductID: "x", Price: money.Money{Currency: "GBP"}}}},
		more("price_changed", `"items":[{"product_id":"x","price":{"amount":0,"currency":"GBP"}}]`),
	},
	{
		&product.ChangedError{Stored: product.Product{ID: "a", LowStockThreshold: 5, Version: 2}},
		more("product_changed",
			`"product":{"product_id":"a","name":"","price":{"amount":0,"currency":""},"image_url":"",`+
				`"stock_status":"out_of_stock","description":"","stock":0,"low_stock_threshold":5,"active":false,"version":2,`+
				`"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}`),
	},
	{&product.StockChangedError{}, more("stock_changed", `"quantity":0`)},
	{product.ErrInsufficientStock, code("insufficient_stock")},
	{product.ErrInStock, code("in_stock")},
	{product.ErrTooManyAwaited, code("too_many_awaited")},
	{&order.StatusChangedError{Present: order.Shipped}, more("status_changed", `"order_status":"shipped"`)},
	{httpapi.ErrTooLarge, code("payload_too_large")},
	{httpapi.ErrMediaType, code("unsupported_media_type")},
	{&order.KeyReusedError{OrderID: "ord_a"}, more("idempotency_key_reused", `"order_id":"ord_a"`)},
	{product.ErrKeyReused, told("idempotency_key_reused", "The Idempotency-Key was used for another adjustment.")},
	{&user.TooManyGuessesError{RetryAfter: 90*time.Second + 1}, httpapitest.Problem{
		Code: "too_many_requests", Header: map[string]string{"Retry-After": "91"},
	}},
	{order.ErrBusy, code("busy")},
	{product.ErrContended, code("busy")},
	{context.DeadlineExceeded, code("busy")},
	{temporary(true), code("busy")},
	{temporary(false), code("internal")},
	{context.Canceled, code("internal")},
	{&order.RejectedError{}, code("internal")},
	{errors.New("anything else"), code("internal")},
}

func code(c string) httpapitest.Problem          { return httpapitest.Problem{Code: c} }
func told(c, detail string) httpapitest.Problem  { return httpapitest.Problem{Code: c, Detail: detail} }
func more(c, members string) httpapitest.Problem { return httpapitest.Problem{Code: c, More: members} }

// temporary is a failure that says of itself whether a repeat may help.
type temporary bool

func (t temporary) Error() string   { return fmt.Sprintf("temporary: %t", bool(t)) }
func (t temporary) Temporary() bool { return bool(t) }

func TestEveryCodeIsTried(t *testing.T) {
	untried := httpapitest.Codes()
	for _, r := range refusals {
		delete(untried, r.Code)
	}
	if len(untried) > 0 {
		t.Errorf("untried are %v", untried)
	}
}

func TestProblems(t *testing.T) {
	for _, r := range refusals {
		t.Run(r.Code+" "+r.err.Error(), func(t *testing.T) {
			want := r.Answer(t, "id-1")
			header := httpapi.FixedHeaders()
			maps.Copy(header, map[string]string{"Cache-Control": "no-store", "X-Request-Id": "id-1"})
			maps.Copy(header, want.Header)
			for _, err := range []error{r.err, fmt.Errorf("reading table shop-1: %w",
				r.err), errors.Join(errors.New("secret"), r.err)} {
				out := fail(t, err)
				if want.Status == 503 { // TestBusyClientsComeBackApart has the numbers
					header["Retry-After"] = out.Headers["Retry-After"]
				}
				if out.StatusCode != want.Status || !maps.Equal(out.Headers, header) || out.Body != want.Body {
					t.Errorf("%v:\ngot  %d %v %s\nwant %d %v %s", err, out.StatusCode, out.Headers, out.Body,
						want.Status, header, want.Body)
				}
			}
		})
	}
}

func fail(t *testing.T, err error) events.APIGatewayV2HTTPResponse {
	t.Helper()
	h := storeapi.Lambda(httpapi.Front{},
		func(context.Context, *httpapi.Request) (httpapi.Response, error) { return httpapi.OK("never"), err })
	out, failed := h(t.Context(),
		events.APIGatewayV2HTTPRequest{RequestContext: events.APIGatewayV2HTTPRequestContext{RequestID: "id-1"}})
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
