package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"sync"
	"testing"
	"time"
)

const (
	testIssuer   = "https://issuer.example"
	testAudience = "shop"
)

var testNow = time.Date(2026, time.March, 14, 15, 9, 26, 535_000_000, time.UTC)

// ourKey is kept in a file so that the corpus of the fuzz targets, in which its id occurs, means the same in each
// process.
var ourKey = sync.OnceValue(func() *rsa.PrivateKey {
	text, err := os.ReadFile("testdata/signing-key.pem")
	if err != nil {
		panic(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		panic(err)
	}
	return key.(*rsa.PrivateKey)
})

var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// keyPair is a Signer that holds its private key in memory.
type keyPair struct{ private *rsa.PrivateKey }

func (k keyPair) PublicKey(context.Context) (*rsa.PublicKey, error) { return &k.private.PublicKey, nil }

func (k keyPair) Sign(_ context.Context, digest []byte) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, digest)
}

func testClock() time.Time { return testNow }

func newIssuer() *Issuer {
	return &Issuer{URL: testIssuer, Audience: testAudience, Signer: keyPair{ourKey()}, Now: testClock}
}

func newVerifier() *Verifier {
	return &Verifier{
		Issuer: testIssuer, Audience: testAudience, Keys: keyRing{keys: []*rsa.PublicKey{&ourKey().PublicKey}},
		Now: testClock,
	}
}

var testSubject = Subject{
	UserID: "usr_0195", Email: "ada@example.com", SessionID: "ses_a", Scopes: []string{ScopeCustomer, ScopeAdmin},
}

func issue(t testing.TB) string {
	t.Helper()
	raw, _, err := newIssuer().Issue(t.Context(), testSubject)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

type object = map[string]any

func goodHeader() object {
	return object{"alg": "RS256", "typ": "at+jwt", "kid": Thumbprint(&ourKey().PublicKey)}
}

func goodClaims() object {
	now := testNow.Unix()
	return object{
		"iss": testIssuer, "aud": testAudience, "sub": "usr_0195", "email": "ada@example.com", "scope": "customer",
		"iat": now - 5, "nbf": now - 5, "exp": now + 900, "jti": "J", "sid": "ses_a",
	}
}

// with returns the members with one set, or removed if the value is nil.
func with(m object, name string, value any) object {
	m = maps.Clone(m)
	m[name] = value
	if value == nil {
		delete(m, name)
	}
	return m
}

func withHeader(name string, value any) string {
	return signed(marshal(with(goodHeader(), name, value)), marshal(goodClaims()))
}

// withLife is a token that is perfect but for what lies between iat and exp.
func withLife(iat, exp int64) string {
	return signed(marshal(goodHeader()), marshal(with(with(goodClaims(), "iat", iat), "exp", exp)))
}

func withClaim(name string, value any) string {
	return signed(marshal(goodHeader()), marshal(with(goodClaims(), name, value)))
}

func marshal(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// signed makes a token of any header and claims, with our key's good signature.
func signed(header, claims string) string {
	return signedWith(ourKey(), crypto.SHA256, header, claims)
}

func signedWith(key *rsa.PrivateKey, hash crypto.Hash, header, claims string) string {
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	h := hash.New()
	h.Write([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, hash, h.Sum(nil))
	if err != nil {
		panic(err)
	}
	return text + "." + encode(signature)
}

// sealed makes a token whose signature is whatever seal makes of the text.
func sealed(header, claims string, seal func(text []byte) []byte) string {
	text := encode([]byte(header)) + "." + encode([]byte(claims))
	return text + "." + encode(seal([]byte(text)))
}

func sealedPSS(header, claims string) string {
	return sealed(header, claims, func(text []byte) []byte {
		digest := sha256.Sum256(text)
		signature, err := rsa.SignPSS(rand.Reader, ourKey(), crypto.SHA256, digest[:], nil)
		if err != nil {
			panic(err)
		}
		return signature
	})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
