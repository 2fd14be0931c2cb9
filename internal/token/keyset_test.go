package token

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"testing"
)

// The key and the thumbprint of RFC 7638, section 3.1.
const (
	rfcModulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" +
		"hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91C" +
		"bOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	rfcThumbprint = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
)

func rfcKey(t *testing.T) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBytes(decode(t, rfcModulus)), E: 65537}
}

func TestThumbprint(t *testing.T) {
	if got := Thumbprint(rfcKey(t)); got != rfcThumbprint {
		t.Errorf("got %q, want %q", got, rfcThumbprint)
	}
}

func TestJWKS(t *testing.T) {
	got := marshal(JWKS([]*rsa.PublicKey{rfcKey(t)}))
	want := fmt.Sprintf(`{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":"AQAB"}]}`, rfcThumbprint, rfcModulus)
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJWKSOfNoKey(t *testing.T) {
	if got, want := marshal(JWKS(nil)), `{"keys":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestJWKSVerifiesAToken reads the document as a stranger would and verifies with what it says.
func TestJWKSVerifiesAToken(t *testing.T) {
	document := marshal(JWKS([]*rsa.PublicKey{&otherKey().PublicKey, &ourKey().PublicKey}))
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := json.Unmarshal([]byte(document), &set); err != nil {
		t.Fatal(err)
	}
	v := newVerifier()
	published := set.Keys[1]
	v.Keys = keyRing{keys: []*rsa.PublicKey{{
		N: new(big.Int).SetBytes(decode(t, published.N)),
		E: int(new(big.Int).SetBytes(decode(t, published.E)).Int64()),
	}}}
	if _, err := v.Verify(t.Context(), issue(t)); err != nil {
		t.Errorf("got %v with the published key, want the token accepted", err)
	}
	if got, want := published.Kid, Thumbprint(&ourKey().PublicKey); got != want {
		t.Errorf("got kid %q, want %q", got, want)
	}
}

func TestDiscovery(t *testing.T) {
	var got object
	if err := json.Unmarshal([]byte(marshal(Discovery(testIssuer))), &got); err != nil {
		t.Fatal(err)
	}
	want := object{
		"issuer":                                testIssuer,
		"jwks_uri":                              testIssuer + "/.well-known/jwks.json",
		"response_types_supported":              []any{"token"},
		"subject_types_supported":               []any{"public"},
		"id_token_signing_alg_values_supported": []any{"RS256"},
		"scopes_supported":                      []any{"customer", "admin"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
