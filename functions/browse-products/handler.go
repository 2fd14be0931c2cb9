package main

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"shop/internal/httpapi"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/validation"
)

const (
	maxAge    = 10 // seconds
	maxPrefix = 200
	maxPicked = 98 // products: as many as an order may have
)

type productLister interface {
	// Browse returns a page of the active products whose name starts with prefix. It returns page.ErrInvalidCursor.
	Browse(ctx context.Context, prefix string, r page.Request) (page.Page[product.Product], error)
	// Pick returns the active products with these ids, in their order. What is not there is left out.
	Pick(ctx context.Context, ids []string) ([]product.Product, error)
}

// browseProducts serves GET and HEAD /products.
func browseProducts(products productLister) httpapi.Handler {
	browse := func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		query, err := r.Query()
		if err != nil {
			return httpapi.Response{}, err
		}
		if _, picks := query["ids"]; picks {
			return pick(ctx, products, query)
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
		return httpapi.OK(storeapi.PageOf(found, storeapi.ListedProductOf)).Public(maxAge).Tagged(), nil
	}
	return httpapi.Open(map[string]httpapi.Handler{"GET /products": browse, "HEAD /products": browse})
}

// pick serves a basket: the products with the ids that the query lists.
func pick(ctx context.Context, products productLister, query httpapi.Query) (httpapi.Response, error) {
	ids, err := picked(query)
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := products.Pick(ctx, ids)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(page.Page[product.Product]{Items: found}, storeapi.ListedProductOf)).Public(maxAge).Tagged(), nil
}

// picked returns the ids, each once. What cannot be one is of no product, and left out like an unknown one.
func picked(query httpapi.Query) ([]string, error) {
	var problems validation.Errors
	for _, other := range []string{"cursor", "limit", "q"} {
		if _, given := query[other]; given {
			problems.Add(other, "does not go with ids")
		}
	}
	ids := strings.Split(query["ids"], ",")
	if query["ids"] == "" || len(ids) > maxPicked {
		problems.Add("ids", "must list 1 to %d product ids, with commas between", maxPicked)
	}
	return slices.DeleteFunc(unique(ids), func(id string) bool { return !product.ValidID(id) }), problems.Err()
}

// unique returns each id once, where it stands first.
func unique(ids []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(ids, func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

func checkPrefix(q string) error {
	var problems validation.Errors
	if utf8.RuneCountInString(q) > maxPrefix {
		problems.Add("q", "must have at most %d characters", maxPrefix)
	}
	return problems.Err()
}
