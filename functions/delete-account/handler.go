package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type remover interface {
	// Do removes the caller's account. It returns user.ErrInvalidCredentials and *user.TooManyGuessesError.
	Do(ctx context.Context, caller user.Caller, password, source string) error
}

type request struct {
	Password string `json:"password"`
}

// deleteAccount serves DELETE /users/me.
func deleteAccount(g httpapi.Guard, accounts remover, front httpapi.Front) httpapi.Handler {
	return g.Customer(func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if in.Password == "" {
			return httpapi.Response{}, validation.Errors{{Field: "password", Message: "is required"}}
		}
		if err := accounts.Do(ctx, caller, in.Password, front.Source(r)); err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.NoContent(), nil
	})
}
