package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/user"
)

// mine are a customer's orders. Calling a nil one panics, and so is answered as internal.
type mine func(customer user.Caller, r page.Request) (page.Page[order.Order], error)

func (m mine) Mine(_ context.Context, customer user.Caller, r page.Request) (page.Page[order.Order], error) {
	return m(customer, r)
}

func TestListMyOrders(t *testing.T) {
	orders := mine(func(customer user.Caller, r page.Request) (page.Page[order.Order], error) {
		if want := (page.Request{Limit: 2}); customer != httpapitest.Customer || r != want {
			t.Errorf("%+v asked for %+v", customer, r)
		}
		return page.Page[order.Order]{Items: []order.Order{{
			ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", UserID: customer.UserID, Email: "ada.before@example.com",
			Lines: []order.Line{
				{ProductID: "linen-tea-towel", Name: "Linen tea towel", UnitPrice: gbp(950), Quantity: 2},
			},
			Total:    gbp(1900),
			PlacedAt: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC),
		}}, NextCursor: "b2ZmIHRvIHBhZ2UgdHdv"}, nil
	})
	httpapitest.Call(t, listMyOrders(httpapitest.Guard(), orders), httpapitest.ReadEvent(t)).
		Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"items":[{
			"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada.before@example.com",
			"status":"placed",
			"items":[{"product_id":"linen-tea-towel","name":"Linen tea towel","unit_price":{"amount":950,"currency":"GBP"},
				"quantity":2,"line_total":{"amount":1900,"currency":"GBP"}}],
			"total":{"amount":1900,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.589Z"}],
		"next_cursor":"b2ZmIHRvIHBhZ2UgdHdv"}`})
}

func gbp(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, httpapitest.ReadEvent(t), func(ask func(page.Request)) httpapi.Handler {
		return listMyOrders(httpapitest.Guard(), mine(func(
			_ user.Caller, r page.Request,
		) (page.Page[order.Order], error) {
			ask(r)
			return page.Page[order.Order]{}, nil
		}))
	})
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return listMyOrders(httpapitest.Guard(), mine(func(user.Caller, page.Request) (page.Page[order.Order], error) {
			return page.Page[order.Order]{}, err
		}))
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), listMyOrders(httpapitest.Guard(), mine(nil)))
}
