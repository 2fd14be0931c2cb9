package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
)

type resetter interface {
	// Do takes the token of a link, once, sets the password, and returns whose it is. It returns validation.Errors.
	Do(ctx context.Context, token, password string) (userID string, err error)
}

type request struct {
	Token    string `json:"token"`
	Password string `json:"password"`
}

// resetPassword serves PUT /password-resets.
func resetPassword(links resetter) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"PUT /password-resets": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		userID, err := links.Do(ctx, in.Token, in.Password)
		if err != nil {
			return httpapi.Response{}, err
		}
		observe.Audit(ctx, observe.Event{Kind: observe.PasswordChanged, UserID: userID, Subject: userID})
		return httpapi.NoContent(), nil
	}})
}
