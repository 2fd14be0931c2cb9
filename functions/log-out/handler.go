package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/storeapi"
)

type sessionEnder interface {
	// Do ends the session of a refresh token. A token without a session is no error.
	Do(ctx context.Context, refreshToken string) error
}

type handlers struct{ sessions sessionEnder }

// logOut serves POST /sessions/revoke and, for the shop's own pages, POST /browser-sessions/revoke.
func logOut(sessions sessionEnder) httpapi.Handler {
	h := handlers{sessions}
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions/revoke":         h.client,
		"POST /browser-sessions/revoke": httpapi.SameOrigin(h.browser),
	})
}

func (h handlers) client(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	refreshToken, err := storeapi.RefreshToken(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	if err := h.sessions.Do(ctx, refreshToken); err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.NoContent(), nil
}

func (h handlers) browser(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	if _, err := httpapi.Decode[struct{}](r); err != nil {
		return httpapi.Response{}, err
	}
	if err := h.sessions.Do(ctx, r.Cookie(httpapi.SessionCookie)); err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.NoContent().WithCookie(httpapi.SessionCookie, "", 0), nil
}
