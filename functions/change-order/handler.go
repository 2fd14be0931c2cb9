package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/order"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type progress interface {
	// Cancel cancels the customer's own order, and returns whether this call did.
	Cancel(ctx context.Context, customer user.Caller, orderID string) (o order.Order, changed bool, err error)
	// Set changes the status of anyone's order, and returns whether this call did.
	Set(ctx context.Context, admin user.Caller, r order.StatusRequest) (o order.Order, changed bool, err error)
}

type handlers struct{ orders progress }

// changeOrder serves the status of an order.
func changeOrder(g httpapi.Guard, orders progress) httpapi.Handler {
	h := handlers{orders}
	return g.Routes(map[string]httpapi.CallerHandler{
		"POST /orders/{order_id}/cancellation": h.cancel,
		"PUT /admin/orders/{order_id}/status":  h.set,
	})
}

func (h handlers) cancel(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id := r.Path("order_id")
	if !order.ValidID(id) {
		return httpapi.Response{}, order.ErrNotFound
	}
	o, changed, err := h.orders.Cancel(ctx, caller, id)
	return answer(ctx, caller, o, changed, err)
}

type statusRequest struct {
	Status        string  `json:"status"`
	CompareStatus string  `json:"compare_status"`
	Tracking      *string `json:"tracking"`
}

func (h handlers) set(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id := r.Path("order_id")
	if !order.ValidID(id) {
		return httpapi.Response{}, order.ErrNotFound
	}
	in, err := httpapi.Decode[statusRequest](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	asked, err := in.toDomain(id)
	if err != nil {
		return httpapi.Response{}, err
	}
	o, changed, err := h.orders.Set(ctx, caller, asked)
	return answer(ctx, caller, o, changed, err)
}

func (in statusRequest) toDomain(orderID string) (order.StatusRequest, error) {
	var problems validation.Errors
	status := func(field, name string) order.Status {
		s, known := order.ParseStatus(name)
		if !known {
			problems.Add(field, "must be placed, packed, shipped, delivered, cancelling or cancelled")
		}
		return s
	}
	asked := order.StatusRequest{
		OrderID: orderID, From: status("compare_status", in.CompareStatus), To: status("status", in.Status),
	}
	if in.Tracking != nil {
		asked.Tracking = *in.Tracking
		problems.Require("tracking", asked.Tracking != "")
	}
	return asked, problems.Err()
}

// answer answers the order as it is now. A change is audited once: a repeat makes none.
func answer(
	ctx context.Context, caller user.Caller, o order.Order, changed bool, err error,
) (httpapi.Response, error) {
	if err != nil {
		return httpapi.Response{}, err
	}
	if changed {
		observe.Audit(ctx, observe.Event{
			Kind: observe.OrderStatusChanged, UserID: caller.UserID, Subject: o.ID,
			Before: o.Asked().From.String(), After: o.Asked().To.String(),
		})
	}
	return httpapi.OK(storeapi.ChangedOrderOf(o)), nil
}
