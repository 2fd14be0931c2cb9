package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
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
type browse func(s product.Selection, r page.Request) (page.Page[product.Product], error)

func (b browse) Browse(
	_ context.Context, s product.Selection, r page.Request,
) (page.Page[product.Product], error) {
	return b(s, r)
}

// Categories is for handlers that only browse.
func (b browse) Categories(context.Context, page.Request) (page.Page[string], error) {
	return page.Page[string]{}, errors.New("categories were listed")
}

// Pick is for handlers that only browse.
func (b browse) Pick(context.Context, []string) ([]product.Product, error) {
	return nil, errors.New("products were picked")
}

// pickOnly is a catalogue that only picks.
type pickOnly func(ids []string) ([]product.Product, error)

func (p pickOnly) Browse(context.Context, product.Selection, page.Request) (page.Page[product.Product], error) {
	return page.Page[product.Product]{}, errors.New("the catalogue was browsed")
}

func (p pickOnly) Categories(context.Context, page.Request) (page.Page[string], error) {
	return page.Page[string]{}, errors.New("categories were listed")
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
				MaxPerOrder: 3, LowStockThreshold: 2,
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
		"ids=a&search=b&in_stock=true&category=c": httpapitest.FieldErrors("category", "does not go with ids",
			"in_stock", "does not go with ids", "search", "does not go with ids"),
	})
}

var public = map[string]string{"Cache-Control": "public, max-age=10"}

func TestBrowseProducts(t *testing.T) {
	shelf := browse(func(s product.Selection, r page.Request) (page.Page[product.Product], error) {
		if want := (page.Request{Limit: 2}); !reflect.DeepEqual(s, product.Selection{Prefix: "brass"}) || r != want {
			t.Errorf("the catalogue was asked for %+v, %+v", s, r)
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
		return browseProducts(browse(func(_ product.Selection, r page.Request) (page.Page[product.Product], error) {
			ask(r)
			return page.Page[product.Product]{}, nil
		}))
	})
}

// TestPrefixes: the longest prefix has 200 characters, whatever they take in bytes.
func TestPrefixes(t *testing.T) {
	longest := strings.Repeat("ä", 200)
	h := browseProducts(browse(func(s product.Selection, _ page.Request) (page.Page[product.Product], error) {
		if s.Prefix != longest {
			t.Errorf("the catalogue was asked for %q, want %q", s.Prefix, longest)
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
		return browseProducts(browse(func(product.Selection, page.Request) (page.Page[product.Product], error) {
			return page.Page[product.Product]{}, err
		}))
	})
}

func TestHead(t *testing.T) {
	httpapitest.CheckHead(t, httpapitest.ReadEvent(t), browseProducts(browse(
		func(product.Selection, page.Request) (page.Page[product.Product], error) {
			return page.Page[product.Product]{}, nil
		})))
}

// categories is a catalogue that only lists its categories.
type categories func(r page.Request) (page.Page[string], error)

func (c categories) Browse(context.Context, product.Selection, page.Request) (page.Page[product.Product], error) {
	return page.Page[product.Product]{}, errors.New("the catalogue was browsed")
}

func (c categories) Pick(context.Context, []string) ([]product.Product, error) {
	return nil, errors.New("products were picked")
}

func (c categories) Categories(_ context.Context, r page.Request) (page.Page[string], error) {
	return c(r)
}

func TestCategories(t *testing.T) {
	e := httpapitest.ReadEvent(t).To("GET /categories", nil)
	h := browseProducts(categories(func(r page.Request) (page.Page[string], error) {
		if want := (page.Request{Limit: 2, Cursor: "AA"}); r != want {
			t.Errorf("asked for %+v, want %+v", r, want)
		}
		return page.Page[string]{Items: []string{"Home & Garden", "Lamps"}, NextCursor: "bW9yZQ"}, nil
	}))
	httpapitest.Call(t, h, e.WithQuery("limit=2&cursor=AA")).Check(t, httpapitest.Want{
		Status: http.StatusOK, Header: public,
		Body: `{"items":[{"name":"Home & Garden"},{"name":"Lamps"}],"next_cursor":"bW9yZQ"}`,
	})
	httpapitest.CheckQueries(t, e, browseProducts(categories(nil)), map[string]httpapitest.Problem{
		"q=a": httpapitest.FieldErrors("q", "is not a known parameter"),
	})
}

// TestSelections: what is looked for, as the domain is asked for it, and what is refused with its field.
func TestSelections(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	for query, want := range map[string]product.Selection{
		"":                               {},
		"search=LAM%20bras":              {Search: product.Search{"lam", "bras"}},
		"search=Cafe%CC%81+%F0%9F%A6%8A": {Search: product.Search{"cafe"}},
		"search=%D7%A1%D7%A4%D7%A8":      {Search: product.Search{"ספר"}},
		"category=Home%20%26%20Garden":   {Category: "Home & Garden"},
		"in_stock=true":                  {InStock: true},
		"search=a&category=B&in_stock=true": {
			Search: product.Search{"a"}, Category: "B", InStock: true,
		},
		"q=&in_stock=true": {InStock: true},
	} {
		h := browseProducts(browse(func(s product.Selection, _ page.Request) (page.Page[product.Product], error) {
			if !reflect.DeepEqual(s, want) {
				t.Errorf("%s: asked for %+v, want %+v", query, s, want)
			}
			return page.Page[product.Product]{}, nil
		}))
		httpapitest.Call(t, h, e.WithQuery(query)).Check(t,
			httpapitest.Want{Status: http.StatusOK, Header: public, Body: `{"items":[],"next_cursor":null}`})
	}
	const words = "must have 1 to 5 words of letters or digits"
	httpapitest.CheckQueries(t, e, browseProducts(browse(nil)), map[string]httpapitest.Problem{
		"search=":                            httpapitest.FieldErrors("search", words),
		"search=%20%F0%9F%A6%8A%20-":         httpapitest.FieldErrors("search", words),
		"search=%CC%81":                      httpapitest.FieldErrors("search", words),
		"search=a+b+c+d+e+f":                 httpapitest.FieldErrors("search", words),
		"search=" + strings.Repeat("a", 101): httpapitest.FieldErrors("search", "must have at most 100 characters"),
		"category=":                          httpapitest.FieldErrors("category", product.CategoryRule),
		"category=%F0%9F%A6%8A":              httpapitest.FieldErrors("category", product.CategoryRule),
		"category=a%E2%80%AEb":               httpapitest.FieldErrors("category", product.CategoryRule),
		"in_stock=":                          httpapitest.FieldErrors("in_stock", "must be true"),
		"in_stock=false":                     httpapitest.FieldErrors("in_stock", "must be true"),
		"q=a&search=b&category=c&in_stock=true": httpapitest.FieldErrors(
			"category", "does not go with q", "in_stock", "does not go with q", "search", "does not go with q"),
	})
}
