package main

import (
	"context"

	"shop/internal/httpapi"
)

type resetRequester interface {
	// Do has a mail sent to the address, known or not. It returns validation.Errors for what is no address.
	Do(ctx context.Context, address string) error
}

type request struct {
	Email string `json:"email"`
}

// requestReset serves POST /password-resets.
func requestReset(mails resetRequester) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /password-resets": func(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		if err := mails.Do(ctx, in.Email); err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.Accepted(), nil
	}})
}
