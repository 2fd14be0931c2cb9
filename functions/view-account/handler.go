package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/page"
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

// export is a page of all that the store has of a person by name: the account, on every page, and the orders.
type export struct {
	Account    storeapi.Account `json:"account"`
	Orders     []storeapi.Order `json:"orders"`
	NextCursor *string          `json:"next_cursor"`
}

type handlers struct {
	users  accounts
	orders history
}

// viewAccount serves GET /users/me and GET /users/me/export.
func viewAccount(g httpapi.Guard, users accounts, orders history) httpapi.Handler {
	h := handlers{users, orders}
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
	listed := storeapi.PageOf(found, storeapi.ListedOrderOf)
	return httpapi.OK(export{Account: storeapi.AccountOf(u), Orders: listed.Items, NextCursor: listed.NextCursor}), nil
}
