package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type accountDeleter interface {
	// Do removes the caller's account, and reports whether this call removed one, also with an error. It returns
	// user.ErrInvalidCredentials and *user.TooManyGuessesError.
	Do(ctx context.Context, caller user.Caller, password, clientKey string) (deleted bool, err error)
}

type handlers struct{ accounts accountDeleter }

// deleteAccount serves DELETE /users/me.
func deleteAccount(g httpapi.Guard, accounts accountDeleter) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"DELETE /users/me": handlers{accounts}.delete})
}

func (h handlers) delete(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	password, err := storeapi.Password(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	deleted, err := h.accounts.Do(ctx, caller, password, r.ClientKey())
	storeapi.AuditByPassword(ctx, caller, observe.AccountDeleted, deleted, err)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.NoContent(), nil
}
