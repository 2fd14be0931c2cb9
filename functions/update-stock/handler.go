package main

import (
	"context"
	"fmt"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type inventory interface {
	// Set makes the stock quantity if it is expected now. It returns *product.StockChangedError when it is not,
	// validation.Errors, product.ErrNotFound, product.ErrContended and product.ErrUnsettled.
	Set(_ context.Context, admin user.Caller, id string, quantity, expected int64, reason string) (product.Stock, error)
	// Adjust changes the stock by a difference. It returns product.ErrInsufficientStock, validation.Errors,
	// product.ErrNotFound, product.ErrKeyReused, product.ErrContended and product.ErrUnsettled. With a key, which may
	// be empty, a repeat is answered what was recorded.
	Adjust(ctx context.Context, admin user.Caller, a product.Adjustment) (product.Stock, error)
}

type ledger interface {
	// Changes returns a page of a product's movements, newest first. It returns product.ErrNotFound and
	// page.ErrInvalidCursor.
	Changes(ctx context.Context, admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error)
}

type handlers struct {
	stocks    inventory
	movements ledger
}

// updateStock serves the stock of a product.
func updateStock(g httpapi.Guard, stocks inventory, movements ledger) httpapi.Handler {
	h := handlers{stocks, movements}
	return g.Routes(map[string]httpapi.CallerHandler{
		"PUT /admin/products/{product_id}/stock":              h.set,
		"POST /admin/products/{product_id}/stock/adjustments": h.adjust,
		"GET /admin/products/{product_id}/stock/movements":    h.listMovements,
	})
}

type setRequest struct {
	Quantity        *int64 `json:"quantity"`
	CompareQuantity *int64 `json:"compare_quantity"`
	Reason          string `json:"reason"`
}

func (in setRequest) requireMembers() error {
	var problems validation.Errors
	problems.Require("quantity", in.Quantity != nil)
	if in.CompareQuantity == nil {
		problems.Add("compare_quantity", "is required: the stock that you saw")
	}
	return problems.Err()
}

func (h handlers) set(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	in, err := httpapi.Decode[setRequest](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	if err := in.requireMembers(); err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.stocks.Set(ctx, caller, id, *in.Quantity, *in.CompareQuantity, in.Reason)
	if err != nil {
		return httpapi.Response{}, err
	}
	audit(ctx, caller, fmt.Sprint(*in.CompareQuantity), fmt.Sprint(s.Quantity), s)
	return httpapi.OK(stockOf(s)), nil
}

type adjustRequest struct {
	Delta  int64  `json:"delta"`
	Reason string `json:"reason"`
}

// repeatable is what a 503 says of an adjustment that came with a key, whether or not it was made.
const repeatable = "The store is busy. Repeat the same request, with the same Idempotency-Key."

func (h handlers) adjust(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := adjustment(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.stocks.Adjust(ctx, caller, wanted)
	if err != nil && wanted.Key != "" {
		err = storeapi.IfBusy(err, repeatable)
	}
	if err != nil {
		return httpapi.Response{}, err
	}
	before, after := fmt.Sprint(s.Quantity-wanted.Delta), fmt.Sprint(s.Quantity)
	if s.Later {
		before, after = "", fmt.Sprintf("%+d", wanted.Delta)
	}
	audit(ctx, caller, before, after, s)
	return httpapi.OK(stockOf(s)), nil
}

func adjustment(r *httpapi.Request) (product.Adjustment, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return product.Adjustment{}, err
	}
	in, err := httpapi.Decode[adjustRequest](r)
	if err != nil {
		return product.Adjustment{}, err
	}
	key, err := r.IdempotencyKey()
	return product.Adjustment{ProductID: id, Delta: in.Delta, Reason: in.Reason, Key: key}, err
}

// audit logs a change of the stock: what it was and is, or the difference alone, with its sign. A repeat changes
// nothing, and was logged the first time.
func audit(ctx context.Context, caller user.Caller, before, after string, s product.Stock) {
	if s.Repeated {
		return
	}
	observe.Audit(ctx, observe.Event{
		Kind: observe.StockChanged, UserID: caller.UserID, Subject: s.ProductID,
		Before: before, After: after,
	})
}

type stock struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
	UpdatedAt string `json:"updated_at"`
}

func stockOf(s product.Stock) stock {
	return stock{ProductID: s.ProductID, Quantity: s.Quantity, UpdatedAt: storeapi.Time(s.UpdatedAt)}
}

type movement struct {
	MovementID string `json:"movement_id"`
	ProductID  string `json:"product_id"`
	Before     *int64 `json:"before,omitempty"` // this and the next where the change held them
	After      *int64 `json:"after,omitempty"`
	OrderID    string `json:"order_id,omitempty"`
	Delta      int64  `json:"delta"`
	Reason     string `json:"reason"`
	By         string `json:"by"`
	MovedAt    string `json:"moved_at"`
}

func (h handlers) listMovements(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	id, err := storeapi.ProductID(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	wanted, err := r.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := h.movements.Changes(ctx, caller, id, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.PageOf(found, movementOf)), nil
}

func movementOf(m product.Movement) movement {
	out := movement{
		MovementID: m.ID, ProductID: m.ProductID, OrderID: m.OrderID, Delta: m.Delta(), Reason: m.Reason, By: m.By,
		MovedAt: storeapi.Time(m.MovedAt),
	}
	if m.IsExact() {
		out.Before, out.After = &m.Before, &m.After
	}
	return out
}
