package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type accounts interface {
	// Do returns the caller's account. It returns user.ErrNotFound when it is gone.
	Do(ctx context.Context, caller user.Caller) (user.User, error)
}

type history interface {
	// Mine returns a page of the customer's own orders, newest first. It returns page.ErrInvalidCursor.
	Mine(ctx context.Context, customer user.Caller, r page.Request) (page.Page[order.Order], error)
}

type requests interface {
	// Of returns all that the user waits for.
	Of(ctx context.Context, userID string) ([]product.StockRequest, error)
}

// export is a page of all that the store has of a person by name: the account and the products that the person waits
// for, on every page, and the orders.
type export struct {
	Account     storeapi.Account          `json:"account"`
	BackInStock []storeapi.AwaitedProduct `json:"back_in_stock"`
	Orders      []storeapi.Order          `json:"orders"`
	NextCursor  *string                   `json:"next_cursor"`
}

type handlers struct {
	users   accounts
	orders  history
	awaited requests
}

// viewAccount serves GET /users/me and GET /users/me/export.
func viewAccount(g httpapi.Guard, users accounts, orders history, awaited requests) httpapi.Handler {
	h := handlers{users, orders, awaited}
	return g.Routes(map[string]httpapi.CallerHandler{
		"GET /users/me":        h.view,
		"GET /users/me/export": h.export,
	})
}

func (h handlers) view(ctx context.Context, caller user.Caller, _ *httpapi.Request) (httpapi.Response, error) {
	u, err := h.users.Do(ctx, caller)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.AccountOf(u)), nil
}

func (h handlers) export(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	wanted, err := r.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	u, err := h.users.Do(ctx, caller)
	if err != nil {
		return httpapi.Response{}, err
	}
	found, err := h.orders.Mine(ctx, caller, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	awaited, err := h.awaited.Of(ctx, caller.UserID)
	if err != nil {
		return httpapi.Response{}, err
	}
	listed := storeapi.PageOf(found, storeapi.ListedOrderOf)
	return httpapi.OK(export{
		Account: storeapi.AccountOf(u), BackInStock: storeapi.AwaitedProductsOf(awaited),
		Orders: listed.Items, NextCursor: listed.NextCursor,
	}), nil
}
