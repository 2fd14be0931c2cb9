package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
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
	return g.Routes(map[string]httpapi.CallerHandler{"DELETE /users/me": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if in.Password == "" {
			return httpapi.Response{}, validation.Errors{{Field: "password", Message: "is required"}}
		}
		err := accounts.Do(ctx, caller, in.Password, front.Source(r))
		observe.Audit(ctx, removal(caller, err))
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.NoContent(), nil
	}})
}

// removal is what is audited: a wrong password here is a guess like any other.
func removal(caller user.Caller, err error) observe.Event {
	if err != nil {
		return observe.Event{Kind: observe.LogInFailed, UserID: caller.UserID, Reason: httpapi.Code(err)}
	}
	return observe.Event{Kind: observe.AccountDeleted, UserID: caller.UserID, Subject: caller.UserID}
}
