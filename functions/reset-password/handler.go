package main

import (
	"context"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/storeapi"
)

type passwordResetter interface {
	// Do takes the token of a link, once, sets the password, and returns whose it is. It returns validation.Errors.
	// With a key, which may be empty, a repeat returns what the first request did. clientKey is as in user.Attempt.
	Do(ctx context.Context, token, password, key, clientKey string) (userID string, err error)
}

// unknown is what a 503 says of a request that came without a key.
const unknown = "The store is busy, and the password may be set already. Repeat the same request; " +
	"if the answer is 400 then, log in with the new password. " +
	"With an Idempotency-Key a repeat is answered as the first request."

type request struct {
	Token    string `json:"token"`
	Password string `json:"password"`
}

type handlers struct{ links passwordResetter }

// resetPassword serves PUT /password-resets.
func resetPassword(links passwordResetter) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{"PUT /password-resets": handlers{links}.reset})
}

func (h handlers) reset(ctx context.Context, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	key, err := r.IdempotencyKey()
	if err != nil {
		return httpapi.Response{}, err
	}
	userID, err := h.links.Do(ctx, in.Token, in.Password, key, r.ClientKey())
	if err != nil {
		return httpapi.Response{}, storeapi.IfBusyWithoutKey(err, key, unknown)
	}
	observe.Audit(ctx, observe.Event{Kind: observe.PasswordChanged, UserID: userID, Subject: userID})
	return httpapi.NoContent(), nil
}
