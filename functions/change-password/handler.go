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

type passwordChanger interface {
	// Do sets the caller's password. It returns validation.Errors, user.ErrInvalidCredentials,
	// *user.TooManyGuessesError, user.ErrSessionOver and user.ErrNotFound. With a key, which may be empty, a repeat
	// does nothing.
	Do(ctx context.Context, caller user.Caller, c user.ChosenPassword) error
}

// unknown is what a 503 says of a request that came without a key.
const unknown = "The store is busy, and the password may be changed already. Repeat the same request; if the answer is 401 " +
	"then, log in with the new password. With an Idempotency-Key a repeat is answered as the first request."

type request struct {
	Current string `json:"current"`
	New     string `json:"new"`
}

// changePassword serves PUT /users/me/password.
func changePassword(g httpapi.Guard, accounts passwordChanger) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{
		"PUT /users/me/password": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
			chosen, err := read(r)
			if err != nil {
				return httpapi.Response{}, err
			}
			err = accounts.Do(ctx, caller, chosen)
			audit(ctx, caller, err)
			if err != nil && chosen.Key == "" {
				err = storeapi.IfBusy(err, unknown)
			}
			if err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.NoContent(), nil
		},
	})
}

func read(r *httpapi.Request) (user.ChosenPassword, error) {
	var in request
	if err := r.Decode(&in); err != nil {
		return user.ChosenPassword{}, err
	}
	if err := in.requireMembers(); err != nil {
		return user.ChosenPassword{}, err
	}
	key, err := r.IdempotencyKey()
	return user.ChosenPassword{Current: in.Current, New: in.New, Key: key, Source: r.ClientKey()}, err
}

func (in request) requireMembers() error {
	var problems validation.Errors
	if in.Current == "" {
		problems.Add("current", "is required")
	}
	if in.New == "" {
		problems.Add("new", "is required")
	}
	return problems.Err()
}

// audit notes that the password was changed, or that somebody guessed at it. That the store failed is neither.
func audit(ctx context.Context, caller user.Caller, err error) {
	var tooMany *user.TooManyGuessesError
	switch {
	case err == nil:
		observe.Audit(ctx, observe.Event{Kind: observe.PasswordChanged, UserID: caller.UserID, Subject: caller.UserID})
	case errors.Is(err, user.ErrInvalidCredentials) || errors.As(err, &tooMany):
		observe.Audit(ctx, observe.Event{Kind: observe.LogInFailed, UserID: caller.UserID, Reason: storeapi.Code(err)})
	}
}
