package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/page"
	"shop/internal/product"
)

// browse is a productLister. Calling a nil one panics, and so is answered as internal.
type browse func(prefix string, r page.Request) (page.Page[product.Product], error)

func (b browse) Browse(_ context.Context, prefix string, r page.Request) (page.Page[product.Product], error) {
	return b(prefix, r)
}

// Pick is for handlers that only browse.
func (b browse) Pick(context.Context, []string) ([]product.Product, error) {
	return nil, errors.New("products were picked")
}

// pickOnly is a catalogue that only picks.
type pickOnly func(ids []string) ([]product.Product, error)

func (p pickOnly) Browse(context.Context, string, page.Request) (page.Page[product.Product], error) {
	return page.Page[product.Product]{}, errors.New("the catalogue was browsed")
}

func (p pickOnly) Pick(_ context.Context, ids []string) ([]product.Product, error) { return p(ids) }

// TestPick: the products of a basket in the order of their ids, each once. What is no id is of no product.
func TestPick(t *testing.T) {
	for ids, want := range map[string][]string{
		"a":                                {"a"},
		"b,a,b":                            {"b", "a"},
		"a,,b c,..,%2F,ä,a.b":              {"a", "a.b"},
		",":                                {},
		strings.Repeat("a,", 97) + "b":     {"a", "b"},
		strings.Repeat("x", 65) + ",a%2Cb": {"a", "b"},
	} {
		h := browseProducts(pickOnly(func(got []string) ([]product.Product, error) {
			if !slices.Equal(got, want) {
				t.Errorf("%q: asked for %q, want %q", ids, got, want)
			}
			return []product.Product{{
				ID: "a", Name: "A", Price: money.Money{Amount: 5, Currency: "GBP"}, Active: true, Stock: 2,
				MaxPerOrder: 3,
			}}, nil
		}))
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithQuery("ids="+ids)).
			Check(t, httpapitest.Want{Status: http.StatusOK, Header: public, Body: `{
			"items":[{"product_id":"a","name":"A","price":{"amount":5,"currency":"GBP"},"image_url":"","stock_status":"low_stock","max_per_order":3}],
			"next_cursor":null}`})
	}
	const many = "must list 1 to 98 product ids, with commas between"
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), browseProducts(pickOnly(nil)), map[string]httpapitest.Problem{
		"ids=":                                  httpapitest.FieldErrors("ids", many),
		"ids=" + strings.Repeat("a,", 98) + "b": httpapitest.FieldErrors("ids", many),
		"ids=a&q=b&limit=1&cursor=c": httpapitest.FieldErrors(
			"cursor", "does not go with ids", "limit", "does not go with ids", "q", "does not go with ids"),
	})
}

var public = map[string]string{"Cache-Control": "public, max-age=10"}

func TestBrowseProducts(t *testing.T) {
	shelf := browse(func(prefix string, r page.Request) (page.Page[product.Product], error) {
		if want := (page.Request{Limit: 2}); prefix != "brass" || r != want {
			t.Errorf("the catalogue was asked for %q, %+v", prefix, r)
		}
		return page.Page[product.Product]{
			Items: []product.Product{
				{
					ID: "brass-bell", Name: "Brass bell", Price: money.Money{Amount: 0, Currency: "GBP"}, Active: true,
					Version: 2,
				},
				{ID: "brass-desk-lamp", Name: "Brass desk lamp", Description: "not in lists",
					Price:    money.Money{Amount: 6400, Currency: "GBP"},
					ImageURL: "https://images.shop.example/brass-desk-lamp.jpg", Active: true, Stock: 12, Version: 1},
			},
			NextCursor: "b2ZmIHRvIHBhZ2UgdHdv",
		}, nil
	})
	httpapitest.Call(t, browseProducts(shelf), httpapitest.ReadEvent(t)).
		Check(t, httpapitest.Want{Status: http.StatusOK, Header: public, Body: `{
		"items":[
			{"product_id":"brass-bell","name":"Brass bell","price":{"amount":0,"currency":"GBP"},"image_url":"","stock_status":"out_of_stock"},
			{"product_id":"brass-desk-lamp","name":"Brass desk lamp","price":{"amount":6400,"currency":"GBP"},
			 "image_url":"https://images.shop.example/brass-desk-lamp.jpg","stock_status":"in_stock"}],
		"next_cursor":"b2ZmIHRvIHBhZ2UgdHdv"}`})
}

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, httpapitest.ReadEvent(t), func(ask func(page.Request)) httpapi.Handler {
		return browseProducts(browse(func(_ string, r page.Request) (page.Page[product.Product], error) {
			ask(r)
			return page.Page[product.Product]{}, nil
		}))
	})
}

// TestPrefixes: the longest prefix has 200 characters, whatever they take in bytes.
func TestPrefixes(t *testing.T) {
	longest := strings.Repeat("ä", 200)
	h := browseProducts(browse(func(prefix string, _ page.Request) (page.Page[product.Product], error) {
		if prefix != longest {
			t.Errorf("the catalogue was asked for %q, want %q", prefix, longest)
		}
		return page.Page[product.Product]{}, nil
	}))
	e := httpapitest.ReadEvent(t)
	httpapitest.Call(t, h, e.WithQuery("q="+url.QueryEscape(longest))).Check(t,
		httpapitest.Want{Status: http.StatusOK, Header: public, Body: `{"items":[],"next_cursor":null}`})
	httpapitest.CheckQueries(t, e, h, map[string]httpapitest.Problem{
		"q=" + strings.Repeat("a", 201): httpapitest.FieldErrors("q", "must have at most 200 characters"),
	})
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return browseProducts(browse(func(string, page.Request) (page.Page[product.Product], error) {
			return page.Page[product.Product]{}, err
		}))
	})
}

func TestHead(t *testing.T) {
	httpapitest.CheckHead(t, httpapitest.ReadEvent(t), browseProducts(browse(
		func(string, page.Request) (page.Page[product.Product], error) {
			return page.Page[product.Product]{}, nil
		})))
}
