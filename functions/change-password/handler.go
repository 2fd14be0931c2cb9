package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type passwordChanger interface {
	// Do sets the caller's password. It returns validation.Errors, user.ErrInvalidCredentials,
	// *user.TooManyGuessesError, user.ErrSessionOver and user.ErrNotFound. With a key, which may be empty, a repeat
	// does nothing.
	Do(ctx context.Context, caller user.Caller, c user.ChosenPassword) error
}

// unknown is what a 503 says of a request that came without a key.
const unknown = "The store is busy, and the password may be changed already. Repeat the same request; " +
	"if the answer is 401 then, log in with the new password. " +
	"With an Idempotency-Key a repeat is answered as the first request."

type request struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

type handlers struct{ accounts passwordChanger }

// changePassword serves PUT /users/me/password.
func changePassword(g httpapi.Guard, accounts passwordChanger) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"PUT /users/me/password": handlers{accounts}.change})
}

func (h handlers) change(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	chosen, err := decode(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	err = h.accounts.Do(ctx, caller, chosen)
	storeapi.AuditByPassword(ctx, caller, observe.PasswordChanged, err == nil, err)
	if err != nil {
		return httpapi.Response{}, storeapi.IfBusyWithoutKey(err, chosen.Key, unknown)
	}
	return httpapi.NoContent(), nil
}

func decode(r *httpapi.Request) (user.ChosenPassword, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return user.ChosenPassword{}, err
	}
	var problems validation.Errors
	problems.Require("current", in.Current != "")
	problems.Require("new", in.New != "")
	if err := problems.Err(); err != nil {
		return user.ChosenPassword{}, err
	}
	key, err := r.IdempotencyKey()
	return user.ChosenPassword{Current: in.Current, New: in.New, Key: key, ClientKey: r.ClientKey()}, err
}
