package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type inventory interface {
	// Inventory returns a page of all products, by name. It returns page.ErrInvalidCursor.
	Inventory(ctx context.Context, admin user.Caller, r page.Request) (page.Page[product.Product], error)
	// Read returns a product. It returns product.ErrNotFound.
	Read(ctx context.Context, id string) (product.Product, error)
}

type listedProduct struct {
	storeapi.ListedProduct
	storeapi.Inventory
}

// viewInventory serves GET /admin/products and GET /admin/products/{product_id}.
func viewInventory(g httpapi.Guard, products inventory) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{
		"GET /admin/products":              list(products),
		"GET /admin/products/{product_id}": view(products),
	})
}

func list(products inventory) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		wanted, err := r.Page()
		if err != nil {
			return httpapi.Response{}, err
		}
		found, err := products.Inventory(ctx, caller, wanted)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(storeapi.PageOf(found, listed)), nil
	}
}

func view(products inventory) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		id := r.Path("product_id")
		if !product.ValidID(id) {
			return httpapi.Response{}, product.ErrNotFound
		}
		p, err := products.Read(ctx, id)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(storeapi.AdminProductOf(p)), nil
	}
}

func listed(p product.Product) listedProduct {
	return listedProduct{ListedProduct: storeapi.ListedProductOf(p), Inventory: storeapi.InventoryOf(p)}
}
