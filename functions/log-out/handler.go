package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/storeapi"
)

type sessionEnder interface {
	// Do ends the session that a refresh token is of. A token of no session is no error.
	Do(ctx context.Context, refreshToken string) error
}

// logOut serves POST /sessions/revoke and, for the shop's own pages, POST /browser-sessions/revoke.
func logOut(sessions sessionEnder) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions/revoke": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			refreshToken, err := storeapi.RefreshToken(r)
			if err != nil {
				return httpapi.Response{}, err
			}
			if err := sessions.Do(ctx, refreshToken); err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.NoContent(), nil
		},
		"POST /browser-sessions/revoke": httpapi.OwnPages(func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			if err := r.Nothing(); err != nil {
				return httpapi.Response{}, err
			}
			if err := sessions.Do(ctx, r.Cookie(httpapi.SessionCookie)); err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.NoContent().WithCookie(httpapi.SessionCookie, "", 0), nil
		}),
	})
}
