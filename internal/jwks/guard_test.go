package jwks

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/httpapi"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
)

// signer holds its private key in memory.
type signer struct{ private *rsa.PrivateKey }

func (s signer) PublicKey(context.Context) (*rsa.PublicKey, error) { return &s.private.PublicKey, nil }

func (s signer) Sign(_ context.Context, digest []byte) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, s.private, crypto.SHA256, digest)
}

func newSigner(t *testing.T) signer {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer{private}
}

// guarded is a function behind a guard with the keys of i.
func guarded(i *issuer) httpapi.Function {
	verifier := &token.Verifier{Issuer: i.URL + "/issuer", Audience: "shop", Keys: i.keys(), Now: i.Now}
	return storeapi.Lambda(httpapi.Front{}, httpapi.Guard{Tokens: verifier}.Routes(map[string]httpapi.CallerHandler{
		"GET /orders": func(context.Context, user.Caller, *httpapi.Request) (httpapi.Response, error) {
			return httpapi.OK("in"), nil
		},
	}))
}

func tokenBy(t *testing.T, i *issuer, s signer) string {
	t.Helper()
	from := token.Issuer{URL: i.URL + "/issuer", Audience: "shop", Signer: s, Now: i.Now}
	raw, _, err := from.Issue(t.Context(), token.Subject{
		UserID: "usr_1", Email: "ada@example.com", Scopes: []string{token.ScopeCustomer}, SessionID: "ses_1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// wantAnswer calls the function with a token. A code of "" is that of an answer that is no problem.
func wantAnswer(t *testing.T, f httpapi.Function, raw string, status int, code string) {
	t.Helper()
	out, err := f(quiet(t), events.APIGatewayV2HTTPRequest{
		RouteKey: "GET /orders", Headers: map[string]string{"authorization": "Bearer " + raw},
	})
	if err != nil {
		t.Fatal(err)
	}
	var problem struct{ Code string }
	_ = json.Unmarshal([]byte(out.Body), &problem) // what is no object has no code
	if out.StatusCode != status || problem.Code != code {
		t.Errorf("answered %d %s, want %d %s", out.StatusCode, out.Body, status, code)
	}
	if busy := status == http.StatusServiceUnavailable; busy != (out.Headers["Retry-After"] != "") {
		t.Errorf("answered %d with Retry-After %q", status, out.Headers["Retry-After"])
	}
}

// TestAnIssuerThatIsDownIsNoFaultOfTheToken: the caller is told to come again, not to log in again.
func TestAnIssuerThatIsDownIsNoFaultOfTheToken(t *testing.T) {
	ours, strange := newSigner(t), newSigner(t)
	i := newIssuer(t, &ours.private.PublicKey)
	f := guarded(i)
	i.answer = down
	wantAnswer(t, f, tokenBy(t, i, ours), http.StatusServiceUnavailable, "busy")
	wantAnswer(t, f, tokenBy(t, i, strange), http.StatusServiceUnavailable, "busy")
	wantAnswer(t, f, "no.token.atall", http.StatusUnauthorized, "unauthenticated")
	i.change(func() { i.answer = nil })
	wantAnswer(t, f, tokenBy(t, i, ours), http.StatusOK, "")
	wantAnswer(t, f, tokenBy(t, i, strange), http.StatusUnauthorized, "unauthenticated")
}

// TestARotation: the keys are exchanged one by one, and every token is good until it expires.
func TestARotation(t *testing.T) {
	first, second, third := newSigner(t), newSigner(t), newSigner(t)
	i := newIssuer(t, &first.private.PublicKey, &second.private.PublicKey)
	f := guarded(i)
	old := tokenBy(t, i, first)
	wantAnswer(t, f, old, http.StatusOK, "")
	wantAnswer(t, f, tokenBy(t, i, second), http.StatusOK, "") // the other key signs
	i.pass(token.Lifetime - 1)
	wantAnswer(t, f, old, http.StatusOK, "")
	i.pass(1)
	wantAnswer(t, f, old, http.StatusUnauthorized, "unauthenticated")
	// the first is replaced
	i.change(func() { i.set = []*rsa.PublicKey{&third.private.PublicKey, &second.private.PublicKey} })
	i.pass(fresh)
	late := tokenBy(t, i, second)
	wantAnswer(t, f, late, http.StatusOK, "")
	wantAnswer(t, f, tokenBy(t, i, first), http.StatusUnauthorized, "unauthenticated")
	wantAnswer(t, f, tokenBy(t, i, third), http.StatusOK, "") // and its successor signs
	wantAnswer(t, f, late, http.StatusOK, "")
}
