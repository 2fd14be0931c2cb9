package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/httpapi"
	"shop/internal/storeapi"
	"shop/internal/token"
)

const (
	domain     = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
	requestID  = "JKJaXmPLvHcESHA="
	discovery  = "GET /.well-known/openid-configuration"
	jwksRoute  = "GET /.well-known/jwks.json"
	publicFor  = "public, max-age=300"
	problemFor = "application/problem+json"
)

// keys has some keys, or an error in their place.
type keys struct {
	public []*rsa.PublicKey
	err    error
}

func (k keys) PublicKeys(context.Context) ([]*rsa.PublicKey, error) { return k.public, k.err }

// event reads event.json, for another route if one is given.
func event(t *testing.T, route string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile("event.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var e events.APIGatewayV2HTTPRequest
	if err := decoder.Decode(&e); err != nil {
		t.Fatal(err)
	}
	e.RouteKey, e.RequestContext.RouteKey = route, route
	return e
}

func answer(t *testing.T, e events.APIGatewayV2HTTPRequest, issuer string, k keys) events.APIGatewayV2HTTPResponse {
	t.Helper()
	out, err := storeapi.Lambda(httpapi.Front{}, publishKeys(issuer, k))(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wantAnswer(t *testing.T, got events.APIGatewayV2HTTPResponse, status int, contentType, cache, body string) {
	t.Helper()
	headers := httpapi.FixedHeaders()
	headers["Content-Type"], headers["Cache-Control"], headers["X-Request-Id"] = contentType, cache, requestID
	if got.StatusCode != status || !maps.Equal(got.Headers, headers) || got.Body != body {
		t.Errorf("got %d %v %s, want %d %v %s", got.StatusCode, got.Headers, got.Body, status, headers, body)
	}
}

func configurationOf(issuer string) string {
	return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q,"response_types_supported":["token"],"subject_types_supported":["public"],`+
		`"id_token_signing_alg_values_supported":["RS256"],"scopes_supported":["customer","inventory","history","orders","admin"]}`,
		issuer, issuer+"/.well-known/jwks.json")
}

func TestConfiguration(t *testing.T) {
	const named = "https://issuer.shop.example"
	for name, c := range map[string]struct{ parameter, issuer string }{
		"the request's domain": {"", "https://" + domain},
		"the parameter":        {named, named},
	} {
		t.Run(name, func(t *testing.T) {
			got := answer(t, event(t, discovery), c.parameter, keys{err: errors.New("not needed")})
			wantAnswer(t, got, http.StatusOK, "application/json", publicFor, configurationOf(c.issuer))
		})
	}
}

func TestConfigurationIgnoresTheClientsHost(t *testing.T) {
	e := event(t, discovery)
	e.Headers["host"], e.Headers["x-forwarded-host"] = "evil.example", "evil.example"
	wantAnswer(t, answer(t, e, "", keys{}), http.StatusOK, "application/json", publicFor,
		configurationOf("https://"+domain))
}

func TestKeySet(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public := []*rsa.PublicKey{&private.PublicKey}
	want, err := json.Marshal(token.JWKS(public))
	if err != nil {
		t.Fatal(err)
	}
	wantAnswer(t, answer(t, event(t, jwksRoute), "", keys{public: public}), http.StatusOK, "application/json",
		publicFor, string(want))
}

func TestRefusals(t *testing.T) {
	nowhere := event(t, discovery)
	nowhere.RequestContext.DomainName = ""
	for name, c := range map[string]struct {
		event  events.APIGatewayV2HTTPRequest
		keys   keys
		status int
		code   string
		detail string
	}{
		"unknown path": {
			event(t, "GET /.well-known/other"), keys{}, http.StatusNotFound, "not_found", "There is nothing here.",
		},
		"default route": {
			event(t, "$default"), keys{}, http.StatusNotFound, "not_found", "There is nothing here.",
		},
		"no domain": {nowhere, keys{}, http.StatusInternalServerError, "internal", "The store failed."},
		"keys cannot be read": {
			event(t, jwksRoute), keys{err: errors.New("no power")}, http.StatusInternalServerError, "internal",
			"The store failed.",
		},
		"keys not read in time": {
			event(t, jwksRoute), keys{err: fmt.Errorf("kms: %w", context.DeadlineExceeded)},
			http.StatusServiceUnavailable, "busy", "The store is busy. Repeat the same request.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := answer(t, c.event, "", c.keys)
			delete(got.Headers, "Retry-After")
			wantAnswer(t, got, c.status, problemFor, "no-store", fmt.Sprintf(
				`{"type":"about:blank","title":%q,"status":%d,"detail":%q,"code":%q,"request_id":%q}`,
				http.StatusText(c.status), c.status, c.detail, c.code, requestID))
		})
	}
}
