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
	// Set makes the stock quantity if it is seen now. It returns *product.StockChangedError when it is not,
	// validation.Errors, product.ErrNotFound, product.ErrContended and product.ErrUnsettled.
	Set(ctx context.Context, admin user.Caller, productID string, quantity, seen int64, reason string) (product.Stock, error)
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

// updateStock serves the stock of a product.
func updateStock(g httpapi.Guard, stocks inventory, movements ledger) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{
		"PUT /admin/products/{product_id}/stock":              onProduct(set(stocks)),
		"POST /admin/products/{product_id}/stock/adjustments": onProduct(adjust(stocks)),
		"GET /admin/products/{product_id}/stock/movements":    onProduct(list(movements)),
	})
}

// onProduct refuses what cannot name a product before anything is looked up.
func onProduct(h httpapi.CallerHandler) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		if !product.ValidID(r.Path("product_id")) {
			return httpapi.Response{}, product.ErrNotFound
		}
		return h(ctx, caller, r)
	}
}

type stock struct {
	ProductID string `json:"product_id"`
	Quantity  int64  `json:"quantity"`
	UpdatedAt string `json:"updated_at"`
}

// repeatable is what a 503 says of an adjustment that came with a key, whatever became of it.
const repeatable = "The store is busy. Repeat the same request, with the same Idempotency-Key."

// changed answers that the stock was before and is s now, and has it audited, once.
func changed(ctx context.Context, caller user.Caller, before int64, s product.Stock) (httpapi.Response, error) {
	if !s.Repeated {
		observe.Audit(ctx, observe.Event{
			Kind: observe.StockChanged, UserID: caller.UserID, Subject: s.ProductID, Before: fmt.Sprint(before), After: fmt.Sprint(s.Quantity),
		})
	}
	return httpapi.OK(stock{ProductID: s.ProductID, Quantity: s.Quantity, UpdatedAt: storeapi.Time(s.UpdatedAt)}), nil
}

type setRequest struct {
	Quantity        *int64 `json:"quantity"`
	CompareQuantity *int64 `json:"compare_quantity"`
	Reason          string `json:"reason"`
}

func set(stocks inventory) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in setRequest
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if err := in.requireMembers(); err != nil {
			return httpapi.Response{}, err
		}
		s, err := stocks.Set(ctx, caller, r.Path("product_id"), *in.Quantity, *in.CompareQuantity, in.Reason)
		if err != nil {
			return httpapi.Response{}, err
		}
		return changed(ctx, caller, *in.CompareQuantity, s)
	}
}

func (in setRequest) requireMembers() error {
	var problems validation.Errors
	if in.Quantity == nil {
		problems.Add("quantity", "is required")
	}
	if in.CompareQuantity == nil {
		problems.Add("compare_quantity", "is required: the stock that you saw")
	}
	return problems.Err()
}

type adjustRequest struct {
	Delta  int64  `json:"delta"`
	Reason string `json:"reason"`
}

func adjust(stocks inventory) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in adjustRequest
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		key, err := r.IdempotencyKey()
		if err != nil {
			return httpapi.Response{}, err
		}
		s, err := stocks.Adjust(ctx, caller, product.Adjustment{ProductID: r.Path("product_id"), Delta: in.Delta, Reason: in.Reason, Key: key})
		if err != nil && key != "" {
			err = storeapi.IfBusy(err, repeatable)
		}
		if err != nil {
			return httpapi.Response{}, err
		}
		return changed(ctx, caller, s.Quantity-in.Delta, s)
	}
}

type movement struct {
	MovementID string `json:"movement_id"`
	ProductID  string `json:"product_id"`
	Before     int64  `json:"before"`
	After      int64  `json:"after"`
	Delta      int64  `json:"delta"`
	Reason     string `json:"reason"`
	By         string `json:"by"`
	MovedAt    string `json:"moved_at"`
}

func list(movements ledger) httpapi.CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		wanted, err := r.Page()
		if err != nil {
			return httpapi.Response{}, err
		}
		found, err := movements.Changes(ctx, caller, r.Path("product_id"), wanted)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(storeapi.PageOf(found, movementOf)), nil
	}
}

func movementOf(m product.Movement) movement {
	return movement{
		MovementID: m.ID, ProductID: m.ProductID, Before: m.Before, After: m.After, Delta: m.Delta(), Reason: m.Reason, By: m.By,
		MovedAt: storeapi.Time(m.MovedAt),
	}
}
