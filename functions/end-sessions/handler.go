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

type sessionsEnder interface {
	// Do ends all sessions of the caller. It returns user.ErrInvalidCredentials, *user.TooManyGuessesError and
	// user.ErrNotFound.
	Do(ctx context.Context, caller user.Caller, password, source string) error
}

type request struct {
	Password string `json:"password"`
}

// endSessions serves DELETE /sessions.
func endSessions(g httpapi.Guard, sessions sessionsEnder) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{
		"DELETE /sessions": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
			var in request
			if err := r.Decode(&in); err != nil {
				return httpapi.Response{}, err
			}
			if in.Password == "" {
				return httpapi.Response{}, validation.Errors{{Field: "password", Message: "is required"}}
			}
			err := sessions.Do(ctx, caller, in.Password, r.ClientKey())
			audit(ctx, caller, err)
			if err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.NoContent(), nil
		},
	})
}

// audit notes that the sessions ended, or that somebody guessed at the caller's password. That the store failed is
// neither.
func audit(ctx context.Context, caller user.Caller, err error) {
	var tooMany *user.TooManyGuessesError
	switch {
	case err == nil:
		observe.Audit(ctx, observe.Event{Kind: observe.SessionsEnded, UserID: caller.UserID, Subject: caller.UserID})
	case errors.Is(err, user.ErrInvalidCredentials) || errors.As(err, &tooMany):
		observe.Audit(ctx, observe.Event{Kind: observe.LogInFailed, UserID: caller.UserID, Reason: storeapi.Code(err)})
	}
}
