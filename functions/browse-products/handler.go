package main

import (
	"context"
	"unicode/utf8"

	"shop/internal/httpapi"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/validation"
)

const (
	maxAge    = 10 // seconds
	maxPrefix = 200
)

type productLister interface {
	// Browse returns a page of the active products whose name starts with prefix. It returns page.ErrInvalidCursor.
	Browse(ctx context.Context, prefix string, r page.Request) (page.Page[product.Product], error)
}

// browseProducts serves GET and HEAD /products.
func browseProducts(products productLister) httpapi.Handler {
	browse := func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		query, err := r.Query()
		if err != nil {
			return httpapi.Response{}, err
		}
		wanted, err := query.Page()
		if err != nil {
			return httpapi.Response{}, err
		}
		if err := checkPrefix(query["q"]); err != nil {
			return httpapi.Response{}, err
		}
		found, err := products.Browse(ctx, query["q"], wanted)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(httpapi.PageOf(found, httpapi.ListedProductOf)).Public(maxAge).Tagged(), nil
	}
	return httpapi.Open(map[string]httpapi.Handler{"GET /products": browse, "HEAD /products": browse})
}

func checkPrefix(q string) error {
	var problems validation.Errors
	if utf8.RuneCountInString(q) > maxPrefix {
		problems.Add("q", "must have at most %d characters", maxPrefix)
	}
	return problems.Err()
}
