package main

import (
	"context"
	"crypto/rsa"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/token"
)

// maxAge is short, so that a new key is soon known. Whatever it is, API Gateway keeps keys for up to two hours, and the
// store's functions keep them for ten minutes.
const maxAge = 300 // seconds

var errNoDomain = errors.New("neither TOKEN_ISSUER nor the request tells the issuer's URL")

type ring interface {
	// PublicKeys returns the keys that tokens are or were signed with, or soon will be.
	PublicKeys(ctx context.Context) ([]*rsa.PublicKey, error)
}

type handlers struct {
	issuer string // empty: the URL that the request was sent to
	keys   ring
}

// publishKeys serves the issuer's two documents.
func publishKeys(issuer string, keys ring) httpapi.Handler {
	h := handlers{issuer, keys}
	return httpapi.Open(map[string]httpapi.Handler{
		"GET /.well-known/openid-configuration": h.configuration,
		"GET /.well-known/jwks.json":            h.keySet,
	})
}

func (h handlers) configuration(_ context.Context, r *httpapi.Request) (httpapi.Response, error) {
	url, err := h.issuerURL(r)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(token.Discovery(url)).Public(maxAge), nil
}

// issuerURL trusts the request's domain: the gateway sets it to one of the API's own, whatever Host the client sent.
func (h handlers) issuerURL(r *httpapi.Request) (string, error) {
	switch {
	case h.issuer != "":
		return h.issuer, nil
	case r.Domain() != "":
		return "https://" + r.Domain(), nil
	}
	return "", errNoDomain
}

func (h handlers) keySet(ctx context.Context, _ *httpapi.Request) (httpapi.Response, error) {
	public, err := h.keys.PublicKeys(ctx)
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(token.JWKS(public)).Public(maxAge), nil
}
