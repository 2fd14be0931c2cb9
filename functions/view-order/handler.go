package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type orderReader interface {
	// View returns an order that the caller may see, and how far its mail got, or order.ErrNotFound.
	View(ctx context.Context, caller user.Caller, orderID string) (order.Order, order.EmailStatus, error)
}

type handlers struct{ orders orderReader }

// viewOrder serves GET /orders/{order_id}.
func viewOrder(g httpapi.Guard, orders orderReader) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"GET /orders/{order_id}": handlers{orders}.view})
}

func (h handlers) view(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id := r.Path("order_id")
	if !order.ValidID(id) {
		return httpapi.Response{}, order.ErrNotFound
	}
	o, email, err := h.orders.View(ctx, caller, id)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.OrderOf(o, email)), nil
}
