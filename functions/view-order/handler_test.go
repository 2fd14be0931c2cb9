package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/user"
)

// view is an orderReader. Calling a nil one panics, and so is answered as internal.
type view func(caller user.Caller, orderID string) (order.Order, order.EmailStatus, error)

func (v view) View(_ context.Context, caller user.Caller, orderID string) (order.Order, order.EmailStatus, error) {
	return v(caller, orderID)
}

const orderID = "ord_7vtcxc6t7ggcx267wchbxpn4v3"

// anOrder is an orderReader of one order, that expects one caller.
func anOrder(t *testing.T, status order.EmailStatus, caller user.Caller) view {
	return func(c user.Caller, id string) (order.Order, order.EmailStatus, error) {
		if c != caller || id != orderID {
			t.Errorf("%+v asked for %s", c, id)
		}
		return order.Order{
			ID: orderID, UserID: httpapitest.Customer.UserID, Email: httpapitest.Email,
			Lines: []order.Line{
				{ProductID: "brass-desk-lamp", Name: "Brass desk lamp", UnitPrice: gbp(6400), Quantity: 1},
				{ProductID: "linen-tea-towel", Name: "Linen tea towel", UnitPrice: gbp(950), Quantity: 2},
			},
			Total:    gbp(8300),
			PlacedAt: time.Date(2026, 3, 14, 10, 26, 53, 0, time.FixedZone("CET", 3600)),
		}, status, nil
	}
}

func gbp(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

func wantOrder(status string) httpapitest.Want {
	return httpapitest.Want{Status: http.StatusOK, Body: `{
		"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","status":"placed",
		"items":[
			{"product_id":"brass-desk-lamp","name":"Brass desk lamp","unit_price":{"amount":6400,"currency":"GBP"},"quantity":1,
			 "line_total":{"amount":6400,"currency":"GBP"}},
			{"product_id":"linen-tea-towel","name":"Linen tea towel","unit_price":{"amount":950,"currency":"GBP"},"quantity":2,
			 "line_total":{"amount":1900,"currency":"GBP"}}],
		"total":{"amount":8300,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.000Z","email_status":"` + status +
		`"}`}
}

func TestViewOrder(t *testing.T) {
	for _, status := range []order.EmailStatus{order.EmailPending, order.EmailSent, order.EmailFailed} {
		t.Run(string(status), func(t *testing.T) {
			h := viewOrder(httpapitest.Guard(), anOrder(t, status, httpapitest.Customer))
			httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, wantOrder(string(status)))
		})
	}
}

func TestViewOrderAsAdmin(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithHeader("Authorization", "Bearer "+httpapitest.AdminToken)
	h := viewOrder(httpapitest.Guard(), anOrder(t, order.EmailSent, httpapitest.Admin))
	httpapitest.Call(t, h, e).Check(t, wantOrder("sent"))
}

func TestNoOrderID(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithParameter("order_id", strings.ToUpper(orderID))
	h := viewOrder(httpapitest.Guard(), view(nil))
	httpapitest.Call(t, h, e).CheckProblem(t, httpapitest.Problem{Code: "order_not_found"})
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return viewOrder(httpapitest.Guard(), view(func(user.Caller, string) (order.Order, order.EmailStatus, error) {
			return order.Order{}, "", err
		}))
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), viewOrder(httpapitest.Guard(), view(nil)))
}
