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
	// Do exchanges a refresh token. A token can be used once; repeated within a short grace it leads to the same
	// successor. It returns user.ErrSessionOver, as *user.TokenReusedError where the token was used before.
	Do(ctx context.Context, refreshToken string) (user.Session, error)
}

type handlers struct{ sessions sessionRefresher }

// refreshSession serves POST /sessions/refresh and, for the shop's own pages, POST /browser-sessions/refresh.
func refreshSession(sessions sessionRefresher) httpapi.Handler {
	h := handlers{sessions}
	return httpapi.Open(map[string]httpapi.Handler{
		"POST /sessions/refresh":         h.client,
		"POST /browser-sessions/refresh": httpapi.SameOrigin(h.browser),
	})
}

func (h handlers) client(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	refreshToken, err := storeapi.RefreshToken(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.refresh(ctx, refreshToken)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(storeapi.SessionOf(s)), nil
}

func (h handlers) browser(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	if _, err := httpapi.Decode[struct{}](r); err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.refresh(ctx, r.Cookie(httpapi.SessionCookie))
	if err != nil {
		return httpapi.Response{}, httpapi.WithoutSession(err)
	}
	return storeapi.ForBrowser(http.StatusOK, s), nil
}

func (h handlers) refresh(ctx context.Context, refreshToken string) (user.Session, error) {
	s, err := h.sessions.Do(ctx, refreshToken)
	var reused *user.TokenReusedError
	if errors.As(err, &reused) {
		observe.Audit(ctx, observe.Event{
			Kind: observe.RefreshReused, UserID: reused.UserID, Subject: reused.SessionID, Reason: storeapi.Code(err),
		})
	}
	return s, err
}
