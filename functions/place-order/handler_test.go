package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/validation"
)

// place is a checkout. Calling a nil one panics, and so is answered as internal.
type place func(order.Request) (order.Order, bool, error)

func (p place) Do(_ context.Context, r order.Request) (order.Order, bool, error) { return p(r) }

const (
	publicURL = "https://api.shop.example"
	orderID   = "ord_7vtcxc6t7ggcx267wchbxpn4v3"
)

func gbp(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

// wanted is the request of event.json.
func wanted() order.Request {
	total := gbp(8300)
	return order.Request{
		Customer: httpapitest.Customer, IdempotencyKey: "b7d2a1f0-6e1c-4a59-9d43-0c8f5e2b7a66", ExpectedTotal: &total,
		Items: []order.Item{{ProductID: "brass-desk-lamp", Quantity: 1}, {ProductID: "linen-tea-towel", Quantity: 2}},
	}
}

// expecting accepts one request, or repeats its answer.
func expecting(t *testing.T, want order.Request, replayed bool) place {
	return func(r order.Request) (order.Order, bool, error) {
		if !reflect.DeepEqual(r, want) {
			t.Errorf("the request is %+v, want %+v", r, want)
		}
		return order.Order{
			ID: orderID, UserID: r.Customer.UserID, Email: r.Customer.Email,
			Lines: []order.Line{
				{ProductID: "brass-desk-lamp", Name: "Brass desk lamp", UnitPrice: gbp(6400), Quantity: 1},
				{ProductID: "linen-tea-towel", Name: "Linen tea towel", UnitPrice: gbp(950), Quantity: 2},
			},
			Total: gbp(8300), PlacedAt: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC),
		}, replayed, nil
	}
}

func placed(header ...string) httpapitest.Want {
	want := httpapitest.Want{Status: http.StatusCreated, Header: map[string]string{"Location": publicURL + "/orders/" + orderID}, Body: `{
		"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","status":"placed",
		"items":[
			{"product_id":"brass-desk-lamp","name":"Brass desk lamp","unit_price":{"amount":6400,"currency":"GBP"},"quantity":1,
			 "line_total":{"amount":6400,"currency":"GBP"}},
			{"product_id":"linen-tea-towel","name":"Linen tea towel","unit_price":{"amount":950,"currency":"GBP"},"quantity":2,
			 "line_total":{"amount":1900,"currency":"GBP"}}],
		"total":{"amount":8300,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.589Z","email_status":"pending"}`}
	for i := 0; i < len(header); i += 2 {
		want.Header[header[i]] = header[i+1]
	}
	return want
}

func TestPlaceOrder(t *testing.T) {
	h := placeOrder(httpapitest.Guard(), expecting(t, wanted(), false), publicURL)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, placed())
}

func TestRepeat(t *testing.T) {
	h := placeOrder(httpapitest.Guard(), expecting(t, wanted(), true), publicURL)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, placed("Idempotent-Replayed", "true"))
}

func TestLocationFromTheDomain(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithHeader("Host", "evil.example").WithHeader("X-Forwarded-Host", "evil.example")
	h := placeOrder(httpapitest.Guard(), expecting(t, wanted(), false), "")
	httpapitest.Call(t, h, e).Check(t, placed("Location", "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/orders/"+orderID))
}

func TestAdminOrders(t *testing.T) {
	want := wanted()
	want.Customer = httpapitest.Admin
	a := httpapitest.Call(t, placeOrder(httpapitest.Guard(), expecting(t, want, false), publicURL),
		httpapitest.ReadEvent(t).WithHeader("Authorization", "Bearer "+httpapitest.AdminToken))
	if a.Status != http.StatusCreated {
		t.Errorf("status = %d, want 201", a.Status)
	}
}

// TestLinesReachTheDomain as they are, in their order: merging is the domain's.
func TestLinesReachTheDomain(t *testing.T) {
	for body, items := range map[string][]order.Item{
		`{"items":[{"quantity":2,"product_id":"b"},{"product_id":"a","quantity":1},{"product_id":"b","quantity":3}]}`: {{ProductID: "b", Quantity: 2}, {ProductID: "a", Quantity: 1}, {ProductID: "b", Quantity: 3}},
		`{"items":[{"product_id":"\u0061","quantity":9223372036854775807}]}`:                                          {{ProductID: "a", Quantity: 9223372036854775807}},
		`{"items":[{"product_id":"a","quantity":-1e0},{},{"quantity":3.0}]}`:                                          {{ProductID: "a", Quantity: -1}, {}, {Quantity: 3}},
	} {
		t.Run(body, func(t *testing.T) {
			want := wanted()
			want.Items, want.ExpectedTotal = items, nil
			h := placeOrder(httpapitest.Guard(), expecting(t, want, false), publicURL)
			httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, placed())
		})
	}
}

func TestKeys(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	for _, key := range []string{"k", strings.Repeat("k", 255), `!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`, "a key, and more", "null"} {
		t.Run(key, func(t *testing.T) {
			want := wanted()
			want.IdempotencyKey = key
			h := placeOrder(httpapitest.Guard(), expecting(t, want, false), publicURL)
			httpapitest.Call(t, h, e.WithHeader("Idempotency-Key", key)).Check(t, placed())
		})
	}
}

func TestBadKeys(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), placeOrder(httpapitest.Guard(), place(nil), publicURL)
	httpapitest.Call(t, h, e.WithHeader("Idempotency-Key", "")).CheckProblem(t, httpapitest.Problem{Code: "idempotency_key_required"})
	for _, key := range []string{strings.Repeat("k", 256), "a\tb", "a\x00", "a\x7f", "clé", "ключ"} {
		t.Run(key, func(t *testing.T) {
			httpapitest.Call(t, h, e.WithHeader("Idempotency-Key", key)).CheckProblem(t,
				httpapitest.FieldErrors("Idempotency-Key", "must have 1 to 255 printable ASCII characters"))
		})
	}
}

func TestBodies(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), placeOrder(httpapitest.Guard(), place(nil), publicURL))
}

func TestBadMembers(t *testing.T) {
	const wrong = "has a value of the wrong type or range"
	line := func(quantity string) string { return `{"items":[{"product_id":"a","quantity":` + quantity + `}]}` }
	total := func(value string) string {
		return `{"items":[{"product_id":"a","quantity":1}],"expected_total":` + value + `}`
	}
	for body, want := range map[string]httpapitest.Problem{
		line("1.5"):                  httpapitest.FieldErrors("items[0].quantity", wrong),
		line("15e-1"):                httpapitest.FieldErrors("items[0].quantity", wrong),
		line("null"):                 httpapitest.FieldErrors("items[0].quantity", "must not be null"),
		total("null"):                httpapitest.FieldErrors("expected_total", "must not be null"),
		line("99999999999999999999"): httpapitest.FieldErrors("items[0].quantity", wrong),
		line(`"3"`):                  httpapitest.FieldErrors("items[0].quantity", wrong),
		line("true"):                 httpapitest.FieldErrors("items[0].quantity", wrong),
		line("1,\"price\":1"):        httpapitest.FieldErrors("items[0].price", "is not a known member"),
		line("1,\"quantity\":1"):     httpapitest.FieldErrors("items[0].quantity", "is given twice"),
		line("1},5,{\"quantity\":1"): httpapitest.FieldErrors("items[1]", wrong),
		`{"items":{}}`:               httpapitest.FieldErrors("items", wrong),
		`{"items":"a"}`:              httpapitest.FieldErrors("items", wrong),
		total("8300"):                httpapitest.FieldErrors("expected_total", wrong),
		total("{}"):                  httpapitest.FieldErrors("expected_total.amount", "is required"),
		total(`{"amount":1}`):        httpapitest.FieldErrors("expected_total.currency", "is required"),
		total(`{"amount":1.5}`):      httpapitest.FieldErrors("expected_total.amount", wrong),
		total(`{"amount":"1"}`):      httpapitest.FieldErrors("expected_total.amount", wrong),
		total(`{"amount":1,"currency":"GBP","tax":1}`): httpapitest.FieldErrors("expected_total.tax", "is not a known member"),
	} {
		t.Run(body, func(t *testing.T) {
			h := placeOrder(httpapitest.Guard(), place(nil), publicURL)
			httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, want)
		})
	}
}

// TestImpossibleOrders runs on the domain itself, which refuses them before it asks its store anything: there is none.
func TestImpossibleOrders(t *testing.T) {
	const quantity = "must be a whole number from 1 to 10000"
	for body, want := range map[string]httpapitest.Problem{
		`{}`:           httpapitest.FieldErrors("items", "must have at least one item"),
		`{"items":[]}`: httpapitest.FieldErrors("items", "must have at least one item"),
		`{"items":[{"product_id":"a","quantity":1},{}]}`:          httpapitest.FieldErrors("items[1].product_id", "must be a product id", "items[1].quantity", quantity),
		`{"items":[{"product_id":"a"}]}`:                          httpapitest.FieldErrors("items[0].quantity", quantity),
		`{"items":[{"product_id":"a","quantity":0}]}`:             httpapitest.FieldErrors("items[0].quantity", quantity),
		`{"items":[{"product_id":"a","quantity":-1}]}`:            httpapitest.FieldErrors("items[0].quantity", quantity),
		`{"items":[{"product_id":"a","quantity":1000000000000}]}`: httpapitest.FieldErrors("items[0].quantity", quantity),
		ninetyNine(t): httpapitest.FieldErrors("items", "must name at most 98 products"),
		`{"items":[{"product_id":"a","quantity":1}],"expected_total":{"amount":1,"currency":"EUR"}}`: httpapitest.FieldErrors("expected_total", "the currency must be GBP"),
	} {
		t.Run(body[:min(len(body), 60)], func(t *testing.T) {
			h := placeOrder(httpapitest.Guard(), &order.Checkout{Currency: "GBP"}, publicURL)
			httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, want)
		})
	}
}

func ninetyNine(t *testing.T) string {
	t.Helper()
	var in request
	for i := range 99 {
		in.Items = append(in.Items, item{ProductID: fmt.Sprintf("p%d", i), Quantity: 1})
	}
	body, err := json.Marshal(map[string]any{"items": in.Items})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler {
			refuse := place(func(order.Request) (order.Order, bool, error) { return order.Order{}, false, err })
			return placeOrder(httpapitest.Guard(), refuse, publicURL)
		},
		httpapitest.Refusal{
			Err:     validation.Errors{{Field: "items[1].quantity", Message: "must be a whole number from 1 to 10000"}},
			Problem: httpapitest.FieldErrors("items[1].quantity", "must be a whole number from 1 to 10000"),
		},
		httpapitest.Refusal{
			Err:     &order.UnknownProductError{ProductID: "brass-floor-lamp"},
			Problem: httpapitest.Problem{Code: "product_not_found", Detail: "There is no product brass-floor-lamp."},
		},
		httpapitest.Refusal{
			Err: &order.MaxPerOrderExceededError{Items: []order.Excess{{ProductID: "a", Requested: 3, Allowed: 2}, {ProductID: "b", Requested: 2, Allowed: 1}}},
			Problem: httpapitest.Problem{
				Code: "max_per_order_exceeded",
				More: `"items":[{"product_id":"a","requested":3,"allowed":2},{"product_id":"b","requested":2,"allowed":1}]`,
			},
		},
		httpapitest.Refusal{
			Err: &order.OutOfStockError{Items: []order.Shortage{{ProductID: "a", Requested: 3, Available: 1}, {ProductID: "b", Requested: 1}}},
			Problem: httpapitest.Problem{
				Code: "out_of_stock",
				More: `"items":[{"product_id":"a","requested":3,"available":1},{"product_id":"b","requested":1,"available":0}]`,
			},
		},
		httpapitest.Refusal{
			Err: &order.PriceChangedError{Items: []order.Price{{ProductID: "a", Price: gbp(6600)}, {ProductID: "b", Price: gbp(0)}}},
			Problem: httpapitest.Problem{
				Code: "price_changed",
				More: `"items":[{"product_id":"a","price":{"amount":6600,"currency":"GBP"}},{"product_id":"b","price":{"amount":0,"currency":"GBP"}}]`,
			},
		},
		httpapitest.Refusal{
			Err:     &order.KeyReusedError{OrderID: "ord_7vtcxc6t7ggcx267wchbxpn4v3"},
			Problem: httpapitest.Problem{Code: "idempotency_key_reused", More: `"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3"`},
		},
		httpapitest.Refusal{Err: order.ErrBusy, Problem: httpapitest.Problem{Code: "busy"}})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), func(g httpapi.Guard) httpapi.Handler { return placeOrder(g, place(nil), publicURL) })
}
