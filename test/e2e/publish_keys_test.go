package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shop/test/testenv"
)

func TestDiscoveryDocument(t *testing.T) {
	needStore(t)
	t.Parallel()
	issuer := testenv.Env(t, "SHOP_ISSUER_URL")
	a := send(t, call{method: "GET", base: issuer, path: "/.well-known/openid-configuration"}).want(t, http.StatusOK)
	got := decode[struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}](t, a)
	if want := strings.TrimSuffix(issuer, "/"); got.Issuer != want {
		t.Errorf("issuer = %q, want %q: tokens are compared with it byte for byte", got.Issuer, want)
	}
	base, path, _ := strings.Cut(got.JWKSURI, "/.well-known/")
	send(t, call{method: "GET", base: base, path: "/.well-known/" + path}).want(t, http.StatusOK)
}

func TestPublishedKeys(t *testing.T) {
	t.Parallel()
	keys := publishedKeys(t)
	if len(keys) != 2 {
		t.Fatalf("the issuer publishes %d keys, want the one that signs and the standby key", len(keys))
	}
	for _, k := range keys {
		if want := thumbprint(k); k.KeyID != want || k.KeyType != "RSA" || k.Use != "sig" || k.Algorithm != "RS256" {
			t.Errorf("key = %+v, want an RS256 signing key with the kid %s", k, want)
		}
		public, err := k.publicKey()
		if err != nil {
			t.Fatal(err)
		}
		if public.N.BitLen() < 2048 {
			t.Errorf("the key has %d bits, want 2048 at least", public.N.BitLen())
		}
	}
}

// thumbprint is that of RFC 7638.
func thumbprint(k jwk) string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"e":%q,"kty":"RSA","n":%q}`, k.E, k.N))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
