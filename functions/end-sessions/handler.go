package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type sessionsEnder interface {
	// Do ends all sessions of the caller. It returns user.ErrInvalidCredentials, *user.TooManyGuessesError and
	// user.ErrNotFound.
	Do(ctx context.Context, caller user.Caller, password, clientKey string) error
}

type handlers struct{ sessions sessionsEnder }

// endSessions serves DELETE /sessions.
func endSessions(g httpapi.Guard, sessions sessionsEnder) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"DELETE /sessions": handlers{sessions}.end})
}

func (h handlers) end(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	password, err := storeapi.Password(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	err = h.sessions.Do(ctx, caller, password, r.ClientKey())
	storeapi.AuditByPassword(ctx, caller, observe.SessionsEnded, err == nil, err)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.NoContent(), nil
}
