package main

import (
	"context"
	"net/http"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/product"
)

// goods are a catalogue, or fail.
type goods struct {
	byID map[string]product.Product
	err  error
}

func (g goods) View(_ context.Context, id string) (product.Product, error) {
	p, ok := g.byID[id]
	switch {
	case g.err != nil:
		return product.Product{}, g.err
	case !ok:
		return product.Product{}, product.ErrNotFound
	}
	return p, nil
}

func lampWithStock(stock int64) goods {
	return goods{byID: map[string]product.Product{"brass-desk-lamp": {
		ID: "brass-desk-lamp", Name: "Brass <desk> lamp", Description: "Takes one “E14” bulb.\nNot included.",
		Price: money.Money{Amount: 6400, Currency: "GBP"}, Active: true, Stock: stock,
		LowStockThreshold: 5, Version: 3,
	}}}
}

func TestViewProduct(t *testing.T) {
	for status, stock := range map[string]int64{"out_of_stock": 0, "low_stock": 5, "in_stock": 6} {
		t.Run(status, func(t *testing.T) {
			httpapitest.Call(t, viewProduct(lampWithStock(stock)), httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{
				Status: http.StatusOK, Header: map[string]string{"Cache-Control": "public, max-age=10"},
				Body: `{"product_id":"brass-desk-lamp","name":"Brass <desk> lamp","price":{"amount":6400,"currency":"GBP"},
					"image_url":"","stock_status":"` + status +
					`","description":"Takes one “E14” bulb.\nNot included."}`,
			})
		})
	}
}

func TestViewLimitedProduct(t *testing.T) {
	goods := lampWithStock(6)
	limited := goods.byID["brass-desk-lamp"]
	limited.MaxPerOrder = 2
	goods.byID["brass-desk-lamp"] = limited
	httpapitest.Call(t, viewProduct(goods), httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{
		Status: http.StatusOK, Header: map[string]string{"Cache-Control": "public, max-age=10"},
		Body: `{"product_id":"brass-desk-lamp","name":"Brass <desk> lamp","price":{"amount":6400,"currency":"GBP"},
			"image_url":"","stock_status":"in_stock","max_per_order":2,"description":"Takes one “E14” bulb.\nNot included."}`,
	})
}

// TestTokensAreIgnored: everyone is answered alike, so that a cache may keep the answer.
func TestTokensAreIgnored(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	plain := httpapitest.Call(t, viewProduct(lampWithStock(6)), e)
	for _, header := range []string{"Bearer " + httpapitest.AdminToken, "Bearer x", "none"} {
		if got := httpapitest.Call(
			t, viewProduct(lampWithStock(6)), e.WithHeader("Authorization", header),
		); got.Body != plain.Body || got.Status != plain.Status {
			t.Errorf("%s: got %d %s, want %d %s", header, got.Status, got.Body, plain.Status, plain.Body)
		}
	}
}

func TestNoProduct(t *testing.T) {
	for _, id := range []string{"brass-floor-lamp", "brass desk lamp"} {
		e := httpapitest.ReadEvent(t).WithParameter("product_id", id)
		httpapitest.Call(t, viewProduct(lampWithStock(6)), e).CheckProblem(t,
			httpapitest.Problem{Code: "product_not_found"})
	}
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler { return viewProduct(goods{err: err}) })
}

func TestHead(t *testing.T) {
	httpapitest.CheckHead(t, httpapitest.ReadEvent(t), viewProduct(lampWithStock(6)))
}

func TestAllocations(t *testing.T) {
	httpapitest.CheckAllocations(t, viewProduct(lampWithStock(6)), httpapitest.ReadEvent(t), 75)
}
