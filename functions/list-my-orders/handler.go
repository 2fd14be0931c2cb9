package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type orderLister interface {
	// Mine returns a page of the customer's own orders, newest first. It returns page.ErrInvalidCursor.
	Mine(ctx context.Context, customer user.Caller, r page.Request) (page.Page[order.Order], error)
}

type handlers struct{ orders orderLister }

// listMyOrders serves GET /orders.
func listMyOrders(g httpapi.Guard, orders orderLister) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"GET /orders": handlers{orders}.list})
}

func (h handlers) list(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := r.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := h.orders.Mine(ctx, caller, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(found, storeapi.ListedOrderOf)), nil
}
