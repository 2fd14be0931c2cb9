package main

import (
	"context"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type backInStock interface {
	// Ask stores the customer's request, and returns it. It returns product.ErrNotFound, product.ErrInStock and
	// product.ErrTooManyAwaited.
	Ask(ctx context.Context, customer user.Caller, productID string) (product.StockRequest, error)
	// Find returns the customer's request, or product.ErrNotFound.
	Find(ctx context.Context, customer user.Caller, productID string) (product.StockRequest, error)
	// Withdraw removes the customer's request, if there is one.
	Withdraw(ctx context.Context, customer user.Caller, productID string) error
}

type handlers struct{ requests backInStock }

// awaitProduct serves a customer's request to be mailed when a product is back in stock.
func awaitProduct(g httpapi.Guard, requests backInStock) httpapi.Handler {
	h := handlers{requests}
	return g.Routes(map[string]httpapi.CallerHandler{
		"GET /products/{product_id}/back-in-stock":    h.view,
		"PUT /products/{product_id}/back-in-stock":    h.ask,
		"DELETE /products/{product_id}/back-in-stock": h.withdraw,
	})
}

// view answers whether there is a request. That there is none is an answer, too, of any product.
func (h handlers) view(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	request, err := h.requests.Find(ctx, caller, id)
	if errors.Is(err, product.ErrNotFound) {
		return httpapi.OK(storeapi.BackInStock{ProductID: id}), nil
	}
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.BackInStockOf(request)), nil
}

func (h handlers) ask(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	request, err := h.requests.Ask(ctx, caller, id)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.BackInStockOf(request)), nil
}

func (h handlers) withdraw(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	if err := h.requests.Withdraw(ctx, caller, id); err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.NoContent(), nil
}
