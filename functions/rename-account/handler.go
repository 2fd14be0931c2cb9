package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type accountRenamer interface {
	// Do stores the caller's name and returns the account. It returns validation.Errors, and user.ErrNotFound when the
	// account is gone.
	Do(ctx context.Context, caller user.Caller, name string) (user.User, error)
}

type request struct {
	Name string `json:"name"`
}

type handlers struct{ accounts accountRenamer }

// renameAccount serves PATCH /users/me.
func renameAccount(g httpapi.Guard, accounts accountRenamer) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"PATCH /users/me": handlers{accounts}.rename})
}

func (h handlers) rename(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	u, err := h.accounts.Do(ctx, caller, in.Name)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.AccountOf(u)), nil
}
