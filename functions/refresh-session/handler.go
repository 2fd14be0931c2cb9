package main

import (
	"context"
	"errors"
	"net/http"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type sessionRefresher interface {
	// Do exchanges a refresh token, which is good once and for a short grace leads to the same successor. It returns
	// user.ErrSessionOver, as *user.TokenReusedError where the token was used before.
	Do(ctx context.Context, refreshToken string) (user.Session, error)
}

// refreshSession serves POST /sessions/refresh and, for the shop's own pages, POST /browser-sessions/refresh.
func refreshSession(sessions sessionRefresher) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions/refresh": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			refreshToken, err := storeapi.RefreshToken(r)
			if err != nil {
				return httpapi.Response{}, err
			}
			s, err := exchange(ctx, sessions, refreshToken)
			if err != nil {
				return httpapi.Response{}, err
			}
			return httpapi.OK(storeapi.SessionOf(s)), nil
		},
		"POST /browser-sessions/refresh": httpapi.OwnPages(func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
			if err := r.Nothing(); err != nil {
				return httpapi.Response{}, err
			}
			s, err := exchange(ctx, sessions, r.Cookie(httpapi.SessionCookie))
			if err != nil {
				return httpapi.Response{}, httpapi.WithoutSession(err)
			}
			return storeapi.ForBrowser(http.StatusOK, s), nil
		}),
	})
}

func exchange(ctx context.Context, sessions sessionRefresher, refreshToken string) (user.Session, error) {
	s, err := sessions.Do(ctx, refreshToken)
	var reused *user.TokenReusedError
	if errors.As(err, &reused) {
		observe.Audit(ctx, observe.Event{Kind: observe.RefreshReused, UserID: reused.UserID, Subject: reused.SessionID, Reason: storeapi.Code(err)})
	}
	return s, err
}
