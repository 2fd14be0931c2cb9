package main

import (
	"context"
	"errors"
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
	// Browse returns a page of the active products that the selection lets through. It returns page.ErrInvalidCursor.
	Browse(ctx context.Context, s product.Selection, r page.Request) (page.Page[product.Product], error)
	// Categories returns a page of the categories that active products have. It returns page.ErrInvalidCursor.
	Categories(ctx context.Context, r page.Request) (page.Page[string], error)
	// Pick returns the active products with these ids, in their order. What is not there is left out.
	Pick(ctx context.Context, ids []string) ([]product.Product, error)
}

type handlers struct{ products productLister }

// browseProducts serves GET and HEAD /products, and GET /categories.
func browseProducts(products productLister) httpapi.Handler {
	h := handlers{products}
	return httpapi.Open(map[string]httpapi.Handler{
		"GET /products": h.list, "HEAD /products": h.list, "GET /categories": h.categories,
	})
}

func (h handlers) list(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	query, err := r.Query()
	if err != nil {
		return httpapi.Response{}, err
	}
	read := h.browse
	if _, picks := query["ids"]; picks {
		read = h.pick
	}
	found, err := read(ctx, query)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(found, storeapi.ListedProductOf)).Public(maxAge).Tagged(), nil
}

func (h handlers) browse(ctx context.Context, query httpapi.Query) (page.Page[product.Product], error) {
	wanted, err := query.Page()
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	selection, err := selected(query)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	return h.products.Browse(ctx, selection, wanted)
}

func (h handlers) categories(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := r.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := h.products.Categories(ctx, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(found, storeapi.CategoryOf)).Public(maxAge).Tagged(), nil
}

// pick serves a basket: the products with the ids that the query lists.
func (h handlers) pick(ctx context.Context, query httpapi.Query) (page.Page[product.Product], error) {
	ids, err := picked(query)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	found, err := h.products.Pick(ctx, ids)
	return page.Page[product.Product]{Items: found}, err
}

// picked returns the ids, each once. What cannot be one is of no product, and left out like an unknown one.
func picked(query httpapi.Query) ([]string, error) {
	var problems validation.Errors
	for _, other := range []string{"category", "cursor", "in_stock", "limit", "q", "search"} {
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

// selected returns which products the query asks for.
func selected(query httpapi.Query) (product.Selection, error) {
	s := product.Selection{Prefix: query["q"], Category: query["category"]}
	var problems validation.Errors
	if utf8.RuneCountInString(s.Prefix) > maxPrefix {
		problems.Add("q", "must have at most %d characters", maxPrefix)
	}
	if _, given := query["category"]; given && !product.ValidCategory(s.Category) {
		problems.Add("category", "%s", product.CategoryRule)
	}
	if only, given := query["in_stock"]; given {
		s.InStock = only == "true"
		if !s.InStock {
			problems.Add("in_stock", "must be true")
		}
	}
	if text, given := query["search"]; given {
		var err error
		s.Search, err = product.ParseSearch(text)
		var invalid validation.Errors
		if errors.As(err, &invalid) {
			problems = append(problems, invalid...)
		}
	}
	refuseBesidePrefix(&problems, query)
	return s, problems.Err()
}

// refuseBesidePrefix: the index by name alone knows how a name begins.
func refuseBesidePrefix(problems *validation.Errors, query httpapi.Query) {
	if query["q"] == "" {
		return
	}
	for _, other := range []string{"category", "in_stock", "search"} {
		if _, given := query[other]; given {
			problems.Add(other, "does not go with q")
		}
	}
}
