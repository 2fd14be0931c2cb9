package main

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/observe/observetest"
	"shop/internal/order"
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
	want := httpapitest.Want{Status: http.StatusCreated,
		Header: map[string]string{"Location": publicURL + "/orders/" + orderID}, Body: `{
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

// TestMeasured: an order counts once with its money, a repeat as one, and a refusal by its code.
func TestMeasured(t *testing.T) {
	for name, c := range map[string]struct {
		orders place
		key    string
		want   map[string]int64
	}{
		"placed":   {expecting(t, wanted(), false), "k", map[string]int64{"OrdersPlaced": 1, "Revenue GBP": 8300}},
		"repeated": {expecting(t, wanted(), true), "k", map[string]int64{"Replayed": 1}},
		"synthetic": {func(r order.Request) (order.Order, bool, error) {
			o, _, _ := expecting(t, wanted(), false)(r)
			o.Synthetic = true
			return o, false, nil
		}, "k", map[string]int64{"SyntheticOrders": 1}},
		"refused": {func(order.Request) (order.Order, bool, error) { return order.Order{}, false, order.ErrBusy }, "k",
			map[string]int64{"CheckoutsRefused busy": 1}},
		"not understood": {nil, "", map[string]int64{"CheckoutsRefused idempotency_key_required": 1}},
	} {
		event := httpapitest.ReadEvent(t)
		if c.key == "" {
			event = event.WithHeader("Idempotency-Key", "")
		}
		got := observetest.Measured(t,
			func() { httpapitest.Call(t, placeOrder(httpapitest.Guard(), c.orders, publicURL), event) })
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: measured %v, want %v", name, got, c.want)
		}
	}
}

// TestAllocations: the order itself aside, and the check of the token's signature.
func TestAllocations(t *testing.T) {
	o, _, _ := expecting(t, wanted(), false)(wanted())
	placing := place(func(order.Request) (order.Order, bool, error) { return o, false, nil })
	observetest.Measured(t, func() {
		h := placeOrder(httpapitest.Guard(), placing, publicURL)
		httpapitest.CheckAllocations(t, h, httpapitest.ReadEvent(t), 165)
	})
}

func TestLocationFromTheDomain(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithHeader("Host", "evil.example").WithHeader("X-Forwarded-Host", "evil.example")
	h := placeOrder(httpapitest.Guard(), expecting(t, wanted(), false), "")
	httpapitest.Call(t, h, e).Check(t,
		placed("Location", "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/orders/"+orderID))
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
	want := wanted()
	want.Items, want.ExpectedTotal = []order.Item{
		{ProductID: "b", Quantity: 2}, {ProductID: "a"}, {ProductID: "b", Quantity: -3},
	}, nil
	h := placeOrder(httpapitest.Guard(), expecting(t, want, false), publicURL)
	body := `{"items":[{"quantity":2,"product_id":"b"},{"product_id":"a"},{"product_id":"b","quantity":-3}]}`
	httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, placed())
}

func TestNoKey(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), placeOrder(httpapitest.Guard(), place(nil), publicURL)
	httpapitest.Call(t, h, e.WithHeader("Idempotency-Key", "")).CheckProblem(t,
		httpapitest.Problem{Code: "idempotency_key_required"})
}

func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), placeOrder(httpapitest.Guard(), place(nil), publicURL)
	httpapitest.CheckBody(t, e, h)
	httpapitest.Call(t, h, e.WithBody(`{"items":[],"expected_total":{"amount":1}}`)).CheckProblem(t,
		httpapitest.FieldErrors("expected_total.currency", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		refuse := place(func(order.Request) (order.Order, bool, error) { return order.Order{}, false, err })
		return placeOrder(httpapitest.Guard(), refuse, publicURL)
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), placeOrder(httpapitest.Guard(), place(nil), publicURL))
}
