package main

import (
	"context"

	"shop/internal/httpapi"
)

type resetter interface {
	// Do takes the token of a link, once, and sets the password. It returns validation.Errors.
	Do(ctx context.Context, token, password string) error
}

type request struct {
	Token    string `json:"token"`
	Password string `json:"password"`
}

// resetPassword serves PUT /password-resets.
func resetPassword(links resetter) httpapi.Handler {
	return func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if err := links.Do(ctx, in.Token, in.Password); err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.NoContent(), nil
	}
}
