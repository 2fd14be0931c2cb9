package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/user"
)

type refresher interface {
	// Do exchanges a refresh token, which is good once. It returns user.ErrSessionOver.
	Do(ctx context.Context, refreshToken string) (user.Session, error)
}

// refreshSession serves POST /sessions/refresh.
func refreshSession(sessions refresher) httpapi.Handler {
	return func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		refreshToken, err := r.RefreshToken()
		if err != nil {
			return httpapi.Response{}, err
		}
		s, err := sessions.Do(ctx, refreshToken)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(httpapi.SessionOf(s)), nil
	}
}
