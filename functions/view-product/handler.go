package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/product"
	"shop/internal/storeapi"
)

const maxAge = 10 // seconds

type productReader interface {
	// View returns a product as customers see it, or product.ErrNotFound.
	View(ctx context.Context, id string) (product.Product, error)
}

type handlers struct{ products productReader }

// viewProduct serves GET and HEAD /products/{product_id}.
func viewProduct(products productReader) httpapi.Handler {
	h := handlers{products}
	return httpapi.Open(map[string]httpapi.Handler{
		"GET /products/{product_id}":  h.view,
		"HEAD /products/{product_id}": h.view,
	})
}

func (h handlers) view(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	p, err := h.products.View(ctx, id)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.ProductOf(p)).Public(maxAge).Tagged(), nil
}
