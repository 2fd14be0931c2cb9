package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
)

type addressVerifier interface {
	// Do takes the token of a link, once, and reports whether this call did. It returns validation.Errors. With a key,
	// which may be empty, a repeat succeeds like the first request.
	Do(ctx context.Context, token, key string) (verified bool, err error)
}

// unknown is what a 503 says of a request that came without a key.
const unknown = "The store is busy, and the address may be verified already. Repeat the same request; " +
	"if the answer is 400 then, log in. " +
	"With an Idempotency-Key a repeat is answered as the first request."

type request struct {
	Token string `json:"token"`
}

type handlers struct{ links addressVerifier }

// verifyEmail serves POST /users/verification.
func verifyEmail(links addressVerifier) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"POST /users/verification": handlers{links}.verify})
}

func (h handlers) verify(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	key, err := r.IdempotencyKey()
	if err != nil {
		return httpapi.Response{}, err
	}
	verified, err := h.links.Do(ctx, in.Token, key)
	if err != nil {
		return httpapi.Response{}, storeapi.IfBusyWithoutKey(err, key, unknown)
	}
	if verified {
		observe.Count(observe.SignUps, 1) // only now the account is good
	}
	return httpapi.NoContent(), nil
}
