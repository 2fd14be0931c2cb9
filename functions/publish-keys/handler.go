package main

import (
	"context"
	"crypto/rsa"
	"errors"

	"shop/internal/httpapi"
	"shop/internal/token"
)

// maxAge is short, so that a new key is soon known. API Gateway keeps keys for up to two hours whatever it is told, and functions
// of ours for ten minutes.
const maxAge = 300 // seconds

var errNoDomain = errors.New("neither TOKEN_ISSUER nor the request tells the issuer's URL")

type ring interface {
	// PublicKeys returns the keys that tokens are or were signed with, or soon will be.
	PublicKeys(ctx context.Context) ([]*rsa.PublicKey, error)
}

// publishKeys serves the issuer's two documents. An empty issuer means the URL that the request was sent to.
func publishKeys(issuer string, keys ring) httpapi.Handler {
	return httpapi.Open(map[string]httpapi.Handler{
		"GET /.well-known/openid-configuration": configuration(issuer),
		"GET /.well-known/jwks.json":            keySet(keys),
	})
}

func configuration(issuer string) httpapi.Handler {
	return func(_ context.Context, r *httpapi.Request) (httpapi.Response, error) {
		url, err := issuerURL(issuer, r)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(token.Discovery(url)).Public(maxAge), nil
	}
}

// issuerURL trusts the domain because it is the gateway's word, one of the API's own, and not the client's header.
func issuerURL(issuer string, r *httpapi.Request) (string, error) {
	switch {
	case issuer != "":
		return issuer, nil
	case r.Domain() != "":
		return "https://" + r.Domain(), nil
	}
	return "", errNoDomain
}

func keySet(keys ring) httpapi.Handler {
	return func(ctx context.Context, _ *httpapi.Request) (httpapi.Response, error) {
		public, err := keys.PublicKeys(ctx)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(token.JWKS(public)).Public(maxAge), nil
	}
}
