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

type shownProduct struct {
	storeapi.ListedProduct
	Description string `json:"description"`
}

// viewProduct serves GET and HEAD /products/{product_id}.
func viewProduct(products productReader) httpapi.Handler {
	view := func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		id := r.Path("product_id")
		if !product.ValidID(id) {
			return httpapi.Response{}, product.ErrNotFound
		}
		p, err := products.View(ctx, id)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(shownProduct{ListedProduct: storeapi.ListedProductOf(p), Description: p.Description}).Public(maxAge).Tagged(), nil
	}
	return httpapi.Open(map[string]httpapi.Handler{"GET /products/{product_id}": view, "HEAD /products/{product_id}": view})
}
