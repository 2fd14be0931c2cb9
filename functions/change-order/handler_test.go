package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/observe"
	"shop/internal/order"
	"shop/internal/user"
)

const (
	orderID     = "ord_7vtcxc6t7ggcx267wchbxpn4v3"
	cancelRoute = "POST /orders/{order_id}/cancellation"
)

// orders is a progress. Calling what is nil panics, and so is answered as internal.
type orders struct {
	cancel func(user.Caller, string) (order.Order, bool, error)
	set    func(user.Caller, order.StatusRequest) (order.Order, bool, error)
}

func (o orders) Cancel(_ context.Context, customer user.Caller, id string) (order.Order, bool, error) {
	return o.cancel(customer, id)
}

func (o orders) Set(_ context.Context, admin user.Caller, s order.StatusRequest) (order.Order, bool, error) {
	return o.set(admin, s)
}

func handler(o orders) httpapi.Handler { return changeOrder(httpapitest.Guard(), o) }

func changedBy(by string, to order.Status) order.Order {
	pound := money.Money{Amount: 100, Currency: "GBP"}
	at := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	return order.Order{
		ID: orderID, UserID: httpapitest.Customer.UserID, Email: httpapitest.Email, Total: pound, PlacedAt: at,
		Lines:  []order.Line{{ProductID: "lamp", Name: "Lamp", UnitPrice: pound, Quantity: 1}},
		Status: to, Changes: []order.Change{{From: order.Packed, To: to, By: by, At: at}},
	}
}

func wantOrder(status, by, more string) httpapitest.Want {
	return httpapitest.Want{Status: http.StatusOK, Body: `{
		"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450",
		"email":"ada@example.com","status":"` + status + `",
		"items":[{"product_id":"lamp","name":"Lamp","unit_price":{"amount":100,"currency":"GBP"},"quantity":1,
			"line_total":{"amount":100,"currency":"GBP"}}],
		"total":{"amount":100,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.000Z",` + more + `
		"changes":[{"from":"packed","status":"` + status + `","by":"` + by + `","at":"2026-03-14T09:26:53.000Z"}]}`}
}

func TestSetStatus(t *testing.T) {
	h := handler(orders{set: func(admin user.Caller, s order.StatusRequest) (order.Order, bool, error) {
		want := order.StatusRequest{
			OrderID: orderID, From: order.Packed, To: order.Shipped, Tracking: "RM 1234 5678 9GB",
		}
		if admin != httpapitest.Admin || s != want {
			t.Errorf("%+v asked for %+v, want %+v", admin, s, want)
		}
		o := changedBy(admin.UserID, order.Shipped)
		o.Tracking = s.Tracking
		return o, true, nil
	}})
	e := httpapitest.ReadEvent(t)
	a := httpapitest.Call(t, h, e)
	a.Check(t, wantOrder("shipped", "shop", `"tracking":"RM 1234 5678 9GB",`))
	a.CheckAudit(t, e, observe.Event{
		Kind: observe.OrderStatusChanged, UserID: httpapitest.Admin.UserID, Subject: orderID, Before: "packed",
		After: "shipped",
	})
}

// TestCancel: a repeat is answered as the first request, and audited no more.
func TestCancel(t *testing.T) {
	for _, changed := range []bool{true, false} {
		h := handler(orders{cancel: func(customer user.Caller, id string) (order.Order, bool, error) {
			if customer != httpapitest.Admin || id != orderID {
				t.Errorf("%+v asked for %s", customer, id)
			}
			return changedBy(httpapitest.Customer.UserID, order.Cancelled), changed, nil
		}})
		e := httpapitest.ReadEvent(t)
		e = e.To(cancelRoute, e.PathParameters).WithBody("")
		a := httpapitest.Call(t, h, e)
		a.Check(t, wantOrder("cancelled", "customer", ""))
		var want []observe.Event
		if changed {
			want = append(want, observe.Event{
				Kind: observe.OrderStatusChanged, UserID: httpapitest.Admin.UserID, Subject: orderID, Before: "packed",
				After: "cancelled",
			})
		}
		a.CheckAudit(t, e, want...)
	}
}

// TestCancelInTwo: an order that is cancelled by way of cancelling, or is not cancelled yet, is audited as one change.
func TestCancelInTwo(t *testing.T) {
	for _, ended := range []bool{false, true} {
		o := changedBy(httpapitest.Admin.UserID, order.Cancelling)
		if ended {
			o.Status = order.Cancelled
			end := order.Change{From: order.Cancelling, To: order.Cancelled, By: o.Changes[0].By}
			o.Changes = append(o.Changes, end)
		}
		h := handler(orders{cancel: func(user.Caller, string) (order.Order, bool, error) { return o, true, nil }})
		e := httpapitest.ReadEvent(t)
		e = e.To(cancelRoute, e.PathParameters).WithBody("")
		httpapitest.Call(t, h, e).CheckAudit(t, e, observe.Event{
			Kind: observe.OrderStatusChanged, UserID: httpapitest.Admin.UserID, Subject: orderID, Before: "packed",
			After: "cancelled",
		})
	}
}

func TestRefused(t *testing.T) {
	changed := &order.StatusChangedError{Present: order.Shipped}
	h := handler(orders{
		cancel: func(user.Caller, string) (order.Order, bool, error) { return order.Order{}, false, changed },
	})
	e := httpapitest.ReadEvent(t)
	httpapitest.Call(t, h, e.To(cancelRoute, e.PathParameters).WithBody("")).
		CheckProblem(t, httpapitest.Problem{Code: "status_changed", More: `"order_status":"shipped"`})
	for _, route := range []string{cancelRoute, e.RouteKey} {
		odd := map[string]string{"order_id": "ord_1"}
		httpapitest.Call(t, h, e.To(route, odd)).CheckProblem(t, httpapitest.Problem{Code: "order_not_found"})
	}
	const unknown = "must be placed, packed, shipped, delivered, cancelling or cancelled"
	httpapitest.Call(t, h, e.WithBody(`{"tracking":""}`)).CheckProblem(t,
		httpapitest.FieldErrors("compare_status", unknown, "status", unknown, "tracking", "is required"))
}
