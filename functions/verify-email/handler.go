package main

import (
	"context"

	"shop/internal/httpapi"
)

type verifier interface {
	// Do takes the token of a link, once. It returns validation.Errors.
	Do(ctx context.Context, token string) error
}

type request struct {
	Token string `json:"token"`
}

// verifyEmail serves POST /users/verification.
func verifyEmail(links verifier) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /users/verification": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if err := links.Do(ctx, in.Token); err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.NoContent(), nil
	}})
}
