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
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
)

const (
	listRoute = "GET /admin/products"
	viewRoute = "GET /admin/products/{product_id}"
)

// goods are an inventory. Calling what is nil panics, and so is answered as internal.
type goods struct {
	list func(admin user.Caller, f product.Filter, r page.Request) (page.Page[product.Product], error)
	read func(id string) (product.Product, error)
}

func (g goods) Inventory(
	_ context.Context, admin user.Caller, f product.Filter, r page.Request,
) (page.Page[product.Product], error) {
	return g.list(admin, f, r)
}

func (g goods) Read(_ context.Context, id string) (product.Product, error) {
	return g.read(id)
}

func handler(g goods) httpapi.Handler { return viewInventory(httpapitest.Guard(), g) }

func eventFor(t *testing.T, route string) httpapitest.Event {
	parameters := map[string]string{}
	if route == viewRoute {
		parameters["product_id"] = "brass-desk-lamp"
	}
	return httpapitest.ReadEvent(t).To(route, parameters).WithQuery("")
}

func storedLamp() product.Product {
	return product.Product{
		ID: "brass-desk-lamp", Name: "Brass desk lamp", Description: "A lacquered brass lamp.",
		Price: money.Money{Amount: 6400, Currency: "GBP"}, Active: true, Stock: 4, LowStockThreshold: 5,
		Version:   2,
		CreatedAt: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
		UpdatedAt: time.Date(2026, 2, 20, 11, 15, 42, 40e6, time.UTC),
	}
}

func TestList(t *testing.T) {
	h := handler(goods{list: func(
		admin user.Caller, _ product.Filter, r page.Request,
	) (page.Page[product.Product], error) {
		if want := (page.Request{Limit: 2}); admin != httpapitest.Admin || r != want {
			t.Errorf("%+v asked for %+v", admin, r)
		}
		gone := product.Product{
			ID: "old-lamp", Name: "Old lamp", Price: money.Money{Currency: "GBP"},
			ImageURL: "https://images.shop.example/old.jpg", LowStockThreshold: 7, Version: 1,
		}
		return page.Page[product.Product]{Items: []product.Product{storedLamp(), gone}, NextCursor: "bW9yZQ"}, nil
	}})
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"items":[
			{"product_id":"brass-desk-lamp","name":"Brass desk lamp","price":{"amount":6400,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
			 "stock":4,"low_stock_threshold":5,"active":true,"version":2,"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"},
			{"product_id":"old-lamp","name":"Old lamp","price":{"amount":0,"currency":"GBP"},"image_url":"https://images.shop.example/old.jpg",
			 "stock_status":"out_of_stock","stock":0,"low_stock_threshold":7,"active":false,"version":1,"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}],
		"next_cursor":"bW9yZQ"}`})
}

func TestView(t *testing.T) {
	h := handler(goods{read: func(id string) (product.Product, error) {
		if id != "brass-desk-lamp" {
			t.Errorf("asked for %s", id)
		}
		return storedLamp(), nil
	}})
	httpapitest.Call(t, h, eventFor(t, viewRoute)).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"product_id":"brass-desk-lamp","name":"Brass desk lamp","price":{"amount":6400,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
		"description":"A lacquered brass lamp.","stock":4,"low_stock_threshold":5,"active":true,"version":2,
		"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`})
}

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, httpapitest.ReadEvent(t), func(ask func(page.Request)) httpapi.Handler {
		return handler(goods{list: func(
			_ user.Caller, _ product.Filter, r page.Request,
		) (page.Page[product.Product], error) {
			ask(r)
			return page.Page[product.Product]{}, nil
		}})
	})
}

func TestNoProductID(t *testing.T) {
	e := eventFor(t, viewRoute).WithParameter("product_id", "brass desk lamp")
	httpapitest.Call(t, handler(goods{}), e).CheckProblem(t, httpapitest.Problem{Code: "product_not_found"})
}

func TestRefusals(t *testing.T) {
	failing := func(err error) httpapi.Handler {
		return handler(goods{
			list: func(user.Caller, product.Filter, page.Request) (page.Page[product.Product], error) {
				return page.Page[product.Product]{}, err
			},
			read: func(string) (product.Product, error) { return product.Product{}, err },
		})
	}
	for _, route := range []string{listRoute, viewRoute} {
		httpapitest.CheckRefusals(t, eventFor(t, route), failing)
	}
}

func TestGuard(t *testing.T) {
	for _, route := range []string{listRoute, viewRoute} {
		httpapitest.CheckGuard(t, eventFor(t, route), handler(goods{}))
	}
}

func TestFilters(t *testing.T) {
	for query, want := range map[string]product.Filter{
		"":                                   {},
		"q=Br%20a":                           {Prefix: "Br a"},
		"stock=low":                          {LowStock: true},
		"stock=low&q=%C3%A4":                 {Prefix: "ä", LowStock: true},
		"q=" + strings.Repeat("%C3%A4", 200): {Prefix: strings.Repeat("ä", 200)},
	} {
		h := handler(goods{list: func(
			_ user.Caller, f product.Filter, _ page.Request,
		) (page.Page[product.Product], error) {
			if f != want {
				t.Errorf("%s: the domain was asked for %+v, want %+v", query, f, want)
			}
			return page.Page[product.Product]{}, nil
		}})
		httpapitest.Call(t, h, eventFor(t, listRoute).WithQuery(query)).Check(t, httpapitest.Want{
			Status: http.StatusOK, Body: `{"items":[],"next_cursor":null}`,
		})
	}
	httpapitest.CheckQueries(t, eventFor(t, listRoute), handler(goods{}), map[string]httpapitest.Problem{
		"stock=":                        httpapitest.FieldErrors("stock", "must be low"),
		"stock=high":                    httpapitest.FieldErrors("stock", "must be low"),
		"q=" + strings.Repeat("x", 201): httpapitest.FieldErrors("q", "must have at most 200 characters"),
	})
}
