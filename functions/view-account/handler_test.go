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
	"shop/internal/product"
	"shop/internal/user"
)

// account is the account of whoever asks, or an error.
type account struct {
	user.User
	err error
}

func (a account) Do(_ context.Context, caller user.Caller) (user.User, error) {
	if caller != httpapitest.Customer {
		return user.User{}, user.ErrNotFound
	}
	return a.User, a.err
}

// mine are a customer's orders. Calling a nil one panics, and so is answered as internal.
type mine func(customer user.Caller, r page.Request) (page.Page[order.Order], error)

func (m mine) Mine(_ context.Context, customer user.Caller, r page.Request) (page.Page[order.Order], error) {
	return m(customer, r)
}

// awaiting are products that the customer waits for, or an error.
type awaiting struct {
	products []product.StockRequest
	err      error
}

func (a awaiting) Of(_ context.Context, userID string) ([]product.StockRequest, error) {
	if userID != httpapitest.Customer.UserID {
		return nil, nil
	}
	return a.products, a.err
}

var ada = account{User: user.User{
	ID: httpapitest.Customer.UserID, Email: httpapitest.Email, Name: "Ada Winter", Role: user.RoleCustomer,
	CreatedAt: time.Date(2026, 3, 2, 18, 4, 11, 207e6, time.UTC),
}}

const shown = `{"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","name":"Ada Winter","admin":false,"scopes":[],
	"created_at":"2026-03-02T18:04:11.207Z"}`

func exportEvent(t *testing.T) httpapitest.Event {
	return httpapitest.ReadEvent(t).To("GET /users/me/export", nil)
}

func TestViewAccount(t *testing.T) {
	h := viewAccount(httpapitest.Guard(), ada, mine(nil), awaiting{})
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusOK, Body: shown})
}

func TestExport(t *testing.T) {
	orders := mine(func(customer user.Caller, r page.Request) (page.Page[order.Order], error) {
		if want := (page.Request{Limit: 2}); customer != httpapitest.Customer || r != want {
			t.Errorf("%+v asked for %+v", customer, r)
		}
		return page.Page[order.Order]{Items: []order.Order{{
			ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", UserID: customer.UserID, Email: "ada@example.com",
			Lines: []order.Line{{
				ProductID: "linen-tea-towel", Name: "Linen tea towel",
				UnitPrice: money.Money{Amount: 950, Currency: "GBP"}, Quantity: 2,
			}},
			Total:    money.Money{Amount: 1900, Currency: "GBP"},
			PlacedAt: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC),
		}}, NextCursor: "b2ZmIHRvIHBhZ2UgdHdv"}, nil
	})
	h := viewAccount(httpapitest.Guard(), ada, orders, awaiting{products: []product.StockRequest{
		{UserID: httpapitest.Customer.UserID, ProductID: "brass-desk-lamp", RequestedAt: ada.CreatedAt},
	}})
	httpapitest.Call(t, h, exportEvent(t).WithQuery("limit=2")).Check(t, httpapitest.Want{Status: http.StatusOK,
		Body: `{"account":` + shown + `,
		"back_in_stock":[{"product_id":"brass-desk-lamp","requested_at":"2026-03-02T18:04:11.207Z"}],
		"orders":[{
			"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com",
			"status":"placed",
			"items":[{"product_id":"linen-tea-towel","name":"Linen tea towel","unit_price":{"amount":950,"currency":"GBP"},
				"quantity":2,"line_total":{"amount":1900,"currency":"GBP"}}],
			"total":{"amount":1900,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.589Z"}],
		"next_cursor":"b2ZmIHRvIHBhZ2UgdHdv"}`})
}

// TestPagesOfAnExport: the last page has no cursor, and one without orders has a list all the same.
func TestPagesOfAnExport(t *testing.T) {
	orders := mine(func(_ user.Caller, r page.Request) (page.Page[order.Order], error) {
		if want := (page.Request{Limit: 20, Cursor: "AA-_09"}); r != want {
			t.Errorf("asked for %+v, want %+v", r, want)
		}
		return page.Page[order.Order]{}, nil
	})
	h := viewAccount(httpapitest.Guard(), ada, orders, awaiting{})
	httpapitest.Call(t, h, exportEvent(t).WithQuery("cursor=AA-_09")).Check(t, httpapitest.Want{
		Status: http.StatusOK, Body: `{"account":` + shown + `,"back_in_stock":[],"orders":[],"next_cursor":null}`,
	})
	httpapitest.CheckQueries(t, exportEvent(t), h, map[string]httpapitest.Problem{
		"limit=101": httpapitest.FieldErrors("limit", "must be a whole number from 1 to 100"),
	})
}

func TestRefusals(t *testing.T) {
	for _, e := range []httpapitest.Event{httpapitest.ReadEvent(t), exportEvent(t)} {
		httpapitest.CheckRefusals(t, e, func(err error) httpapi.Handler {
			return viewAccount(httpapitest.Guard(), account{err: err}, mine(nil), awaiting{})
		})
	}
	httpapitest.CheckRefusals(t, exportEvent(t), func(err error) httpapi.Handler {
		return viewAccount(httpapitest.Guard(), ada, mine(func(
			user.Caller, page.Request,
		) (page.Page[order.Order], error) {
			return page.Page[order.Order]{}, err
		}), awaiting{})
	})
	noOrders := mine(func(user.Caller, page.Request) (page.Page[order.Order], error) {
		return page.Page[order.Order]{}, nil
	})
	httpapitest.CheckRefusals(t, exportEvent(t), func(err error) httpapi.Handler {
		return viewAccount(httpapitest.Guard(), ada, noOrders, awaiting{err: err})
	})
}

func TestGuard(t *testing.T) {
	for _, e := range []httpapitest.Event{httpapitest.ReadEvent(t), exportEvent(t)} {
		httpapitest.CheckGuard(t, e, viewAccount(httpapitest.Guard(), nil, mine(nil), awaiting{}))
	}
}
