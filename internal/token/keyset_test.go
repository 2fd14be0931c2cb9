package token

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
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
	want := fmt.Sprintf(`{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":"AQAB"}]}`,
		rfcThumbprint, rfcModulus)
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestJWKSOfNoKey(t *testing.T) {
	if got, want := marshal(JWKS(nil)), `{"keys":[]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestJWKSVerifiesAToken: what is published is read again, and verifies.
func TestJWKSVerifiesAToken(t *testing.T) {
	published, err := ParseKeySet([]byte(marshal(JWKS([]*rsa.PublicKey{&otherKey().PublicKey, &ourKey().PublicKey}))))
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier()
	v.Keys = keyRing{keys: []*rsa.PublicKey{published[Thumbprint(&ourKey().PublicKey)]}}
	if _, err := v.Verify(t.Context(), issue(t)); err != nil {
		t.Errorf("got %v with the published key, want the token accepted", err)
	}
	if len(published) != 2 || !published[Thumbprint(&otherKey().PublicKey)].Equal(&otherKey().PublicKey) {
		t.Errorf("got %v, want both keys", published)
	}
}

// rfcJWK is the key of RFC 7638 as a member of a set, with one member set or, if the value is nil, removed.
func rfcJWK(name string, value any) object {
	return with(object{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "A", "n": rfcModulus, "e": "AQAB"}, name,
		value)
}

func setOf(keys ...object) string { return marshal(object{"keys": keys}) }

func TestParseKeySetTakesWhatItCanUse(t *testing.T) {
	elliptic := object{
		"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
		"y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM", "kid": "A",
	}
	for name, text := range map[string]string{
		"as an Issuer publishes it": setOf(rfcJWK("kid", "A")),
		"no use":                    setOf(rfcJWK("use", nil)),
		"no alg":                    setOf(rfcJWK("alg", nil)),
		"a member unknown":          setOf(rfcJWK("x5t", "abc")),
		"a member of the set":       `{"next":1,` + setOf(rfcJWK("kid", "A"))[1:],
		"another kind first":        setOf(elliptic, rfcJWK("kid", "A")),
		"another use beside it":     setOf(rfcJWK("use", "enc"), rfcJWK("kid", "A")),
	} {
		t.Run(name, func(t *testing.T) {
			keys, err := ParseKeySet([]byte(text))
			if err != nil || len(keys) != 1 || !keys["A"].Equal(rfcKey(t)) {
				t.Errorf("got %v and %v, want the one key", keys, err)
			}
		})
	}
}

func TestParseKeySetRefuses(t *testing.T) {
	good := rfcJWK("kid", "A")
	for name, text := range map[string]string{
		"nothing":               "",
		"null":                  "null",
		"an array":              "[]",
		"no keys":               "{}",
		"an empty list":         `{"keys":[]}`,
		"keys in capitals":      `{"KEYS":[` + marshal(good) + `]}`,
		"a page":                "<html></html>",
		"cut off":               setOf(good)[:100],
		"trailing data":         setOf(good) + "{}",
		"two lists":             `{"keys":[],` + setOf(good)[1:],
		"n twice":               `{"keys":[{"n":"AQAB",` + marshal(good)[1:] + `]}`,
		"an id twice":           setOf(good, good),
		"no kid":                setOf(rfcJWK("kid", nil)),
		"kid empty":             setOf(rfcJWK("kid", "")),
		"kid a number":          setOf(rfcJWK("kid", 1)),
		"kty EC":                setOf(rfcJWK("kty", "EC")),
		"kty oct":               setOf(object{"kty": "oct", "kid": "A", "k": rfcModulus}),
		"use enc":               setOf(rfcJWK("use", "enc")),
		"alg HS256":             setOf(rfcJWK("alg", "HS256")),
		"alg PS256":             setOf(rfcJWK("alg", "PS256")),
		"n missing":             setOf(rfcJWK("n", nil)),
		"n padded":              setOf(rfcJWK("n", rfcModulus+"==")),
		"n of 1,024 bits":       setOf(rfcJWK("n", rfcModulus[:171])),
		"n of 2,047 bits":       setOf(rfcJWK("n", encode(new(big.Int).Rsh(rfcKey(t).N, 1).Bytes()))),
		"n of 8,192 bits":       setOf(rfcJWK("n", encode(new(big.Int).Lsh(rfcKey(t).N, 6144).Bytes()))),
		"n even":                setOf(rfcJWK("n", encode(new(big.Int).Sub(rfcKey(t).N, big.NewInt(1)).Bytes()))),
		"e missing":             setOf(rfcJWK("e", nil)),
		"e 1":                   setOf(rfcJWK("e", "AQ")),
		"e even":                setOf(rfcJWK("e", "Ag")),
		"e of 32 bits":          setOf(rfcJWK("e", "_____w")),
		"e of 40 bits":          setOf(rfcJWK("e", "AQAAAAE")),
		"e with a trailing bit": setOf(rfcJWK("e", "AR")),
	} {
		t.Run(name, func(t *testing.T) {
			if keys, err := ParseKeySet([]byte(text)); !errors.Is(err, ErrKeySet) || keys != nil {
				t.Errorf("got %v and %v, want %v", keys, err, ErrKeySet)
			}
		})
	}
}

// FuzzParseKeySet shows that no text makes ParseKeySet panic, and that each key it returns can be published and read
// again.
func FuzzParseKeySet(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", `{"keys":[]}`, setOf(rfcJWK("kid", "A")), setOf(rfcJWK("kid", "A"), rfcJWK("kid", "B")),
		setOf(rfcJWK("n", "AQAB")), setOf(rfcJWK("e", "Aw")), setOf(rfcJWK("kty", "EC")),
		`{"keys":[{"kid":"A","kid":"B"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := ParseKeySet([]byte(text))
		if err != nil {
			if !errors.Is(err, ErrKeySet) || keys != nil {
				t.Errorf("got %v and %v, want ErrKeySet and no key", keys, err)
			}
			return
		}
		for id, key := range keys {
			again, err := ParseKeySet([]byte(marshal(JWKS([]*rsa.PublicKey{key}))))
			if err != nil || id == "" || !again[Thumbprint(key)].Equal(key) {
				t.Errorf("key %q is read again as %v, with %v", id, again, err)
			}
		}
	})
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
		"scopes_supported":                      []any{"customer", "inventory", "history", "orders", "admin"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
