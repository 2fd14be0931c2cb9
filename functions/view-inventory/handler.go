package main

import (
	"context"
	"unicode/utf8"

	"shop/internal/httpapi"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type inventory interface {
	// Inventory returns a page of the products that the filter lets through: by name, or, of those whose stock is low,
	// by id. It returns page.ErrInvalidCursor.
	Inventory(context.Context, user.Caller, product.Filter, page.Request) (page.Page[product.Product], error)
	// Read returns a product. It returns product.ErrNotFound.
	Read(ctx context.Context, id string) (product.Product, error)
}

const maxPrefix = 200

type listedProduct struct {
	storeapi.ListedProduct
	storeapi.Inventory
}

type handlers struct{ products inventory }

// viewInventory serves GET /admin/products and GET /admin/products/{product_id}.
func viewInventory(g httpapi.Guard, products inventory) httpapi.Handler {
	h := handlers{products}
	return g.Routes(map[string]httpapi.CallerHandler{
		"GET /admin/products":              h.list,
		"GET /admin/products/{product_id}": h.view,
	})
}

func (h handlers) list(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	query, err := r.Query()
	if err != nil {
		return httpapi.Response{}, err
	}
	wanted, err := query.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	f, err := filter(query)
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := h.products.Inventory(ctx, caller, f, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(found, listed)), nil
}

func filter(query httpapi.Query) (product.Filter, error) {
	var problems validation.Errors
	if utf8.RuneCountInString(query["q"]) > maxPrefix {
		problems.Add("q", "must have at most %d characters", maxPrefix)
	}
	stock, given := query["stock"]
	if given && stock != "low" {
		problems.Add("stock", "must be low")
	}
	return product.Filter{Prefix: query["q"], LowStock: given}, problems.Err()
}

func listed(p product.Product) listedProduct {
	return listedProduct{ListedProduct: storeapi.ListedProductOf(p), Inventory: storeapi.InventoryOf(p)}
}

func (h handlers) view(ctx context.Context, _ user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	p, err := h.products.Read(ctx, id)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.AdminProductOf(p)), nil
}
