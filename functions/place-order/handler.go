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
	placed, replayed, err := h.do(ctx, caller, r)
	observe.Measure(measured(placed, replayed, err)...)
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

func (h handlers) do(ctx context.Context, caller user.Caller, r *httpapi.Request) (order.Order, bool, error) {
	wanted, err := decode(caller, r)
	if err != nil {
		return order.Order{}, false, err
	}
	return h.orders.Do(ctx, wanted)
}

// measured returns the outcome of a checkout as metrics. An order counts once, however often its request is repeated.
func measured(placed order.Order, replayed bool, err error) []observe.Value {
	switch {
	case err != nil:
		return []observe.Value{{Metric: observe.CheckoutsRefused, Amount: 1, By: "Code", Of: storeapi.Code(err)}}
	case replayed:
		return []observe.Value{{Metric: observe.Replayed, Amount: 1}}
	case placed.Synthetic:
		return []observe.Value{{Metric: observe.SyntheticOrders, Amount: 1}}
	}
	return []observe.Value{
		{Metric: observe.OrdersPlaced, Amount: 1},
		{
			Metric: observe.Revenue, Amount: placed.Total.Amount, Unit: observe.NoUnit,
			By: "Currency", Of: placed.Total.Currency,
		},
	}
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
