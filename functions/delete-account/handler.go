package main

import (
	"context"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type accountDeleter interface {
	// Do removes the caller's account, and reports whether this call removed one, also with an error. It returns
	// user.ErrInvalidCredentials and *user.TooManyGuessesError.
	Do(ctx context.Context, caller user.Caller, password, source string) (deleted bool, err error)
}

type request struct {
	Password string `json:"password"`
}

// deleteAccount serves DELETE /users/me.
func deleteAccount(g httpapi.Guard, accounts accountDeleter) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"DELETE /users/me": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if in.Password == "" {
			return httpapi.Response{}, validation.Errors{{Field: "password", Message: "is required"}}
		}
		deleted, err := accounts.Do(ctx, caller, in.Password, r.ClientKey())
		audit(ctx, caller, deleted, err)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.NoContent(), nil
	}})
}

// audit notes that this request removed the account, or that somebody guessed at its password. That the store failed is neither, and
// a repeat removes nothing.
func audit(ctx context.Context, caller user.Caller, deleted bool, err error) {
	var tooMany *user.TooManyGuessesError
	switch {
	case deleted:
		observe.Audit(ctx, observe.Event{Kind: observe.AccountDeleted, UserID: caller.UserID, Subject: caller.UserID})
	case errors.Is(err, user.ErrInvalidCredentials) || errors.As(err, &tooMany):
		observe.Audit(ctx, observe.Event{Kind: observe.LogInFailed, UserID: caller.UserID, Reason: storeapi.Code(err)})
	}
}
