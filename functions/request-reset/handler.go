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

type handlers struct{ mails resetRequester }

// requestReset serves POST /password-resets.
func requestReset(mails resetRequester) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /password-resets": handlers{mails}.request})
}

func (h handlers) request(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	if err := h.mails.Do(ctx, in.Email); err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.Accepted(), nil
}
