package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/order"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type checkout interface {
	// Do places an order, or returns the one that an earlier request with the same key placed, and whether it did so.
	Do(ctx context.Context, r order.Request) (placed order.Order, replayed bool, err error)
}

type item struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
}

type request struct {
	Items         []item                  `json:"items"`
	ExpectedTotal *storeapi.RequiredMoney `json:"expected_total"`
}

type handlers struct {
	orders    checkout
	publicURL string // empty: the domain of the request
}

// placeOrder serves POST /orders.
func placeOrder(g httpapi.Guard, orders checkout, publicURL string) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"POST /orders": handlers{orders, publicURL}.place})
}

// place answers a repeat as it did the first request, the status of the mail included.
func (h handlers) place(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := decode(caller, r)
	if err != nil {
		return httpapi.Response{}, err
	}
	placed, replayed, err := h.orders.Do(ctx, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	observe.Log(ctx).Info("order placed", "order_id", placed.ID, "replayed", replayed)
	response := httpapi.Created(storeapi.OrderOf(placed, order.EmailPending)).
		With("Location", r.URL(h.publicURL, "/orders/"+placed.ID))
	if replayed {
		response = response.With("Idempotent-Replayed", "true")
	}
	return response, nil
}

func decode(caller user.Caller, r *httpapi.Request) (order.Request, error) {
	if r.Header("Idempotency-Key") == "" {
		return order.Request{}, httpapi.ErrKeyRequired
	}
	key, err := r.IdempotencyKey()
	if err != nil {
		return order.Request{}, err
	}
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return order.Request{}, err
	}
	wanted := order.Request{Customer: caller, IdempotencyKey: key}
	for _, i := range in.Items {
		wanted.Items = append(wanted.Items, order.Item(i))
	}
	if in.ExpectedTotal == nil {
		return wanted, nil
	}
	expected, err := in.ExpectedTotal.Money("expected_total")
	wanted.ExpectedTotal = &expected
	return wanted, err
}
