package token

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestIssueWritesWhatTheGatewayNeeds(t *testing.T) {
	raw, expiresIn, err := newIssuer().Issue(t.Context(), testSubject)
	if err != nil {
		t.Fatal(err)
	}
	if expiresIn != 900*time.Second {
		t.Errorf("got %v to its expiry, want 900 s", expiresIn)
	}
	parts := strings.Split(raw, ".")
	if got, want := unmarshal(t, parts[0]), goodHeader(); !reflect.DeepEqual(got, want) {
		t.Errorf("got header %v, want %v", got, want)
	}
	got := unmarshal(t, parts[1])
	if id, _ := got["jti"].(string); len(id) < 20 {
		t.Errorf("got jti %q, want at least 20 characters", id)
	}
	delete(got, "jti")
	issued, now := float64(testNow.Add(-5*time.Second).Unix()), float64(testNow.Unix())
	want := object{
		"iss": testIssuer, "aud": testAudience, "sub": "usr_0195", "email": "ada@example.com",
		"scope": "customer admin", "iat": issued, "nbf": issued, "exp": now + 900, "sid": "ses_a",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got claims %v, want %v", got, want)
	}
}

func unmarshal(t *testing.T, segment string) object {
	t.Helper()
	var v object
	if err := json.Unmarshal(decode(t, segment), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestIssueNeverRepeatsAnID(t *testing.T) {
	seen := map[string]bool{}
	for range 20 {
		claims, err := newVerifier().Verify(t.Context(), issue(t))
		if err != nil {
			t.Fatal(err)
		}
		if seen[claims.ID] {
			t.Fatalf("the id %q came twice", claims.ID)
		}
		seen[claims.ID] = true
	}
}

func TestIssueRefusesAnIncompleteSubject(t *testing.T) {
	for name, change := range map[string]func(*Subject){
		"no user id":             func(s *Subject) { s.UserID = "" },
		"no e-mail address":      func(s *Subject) { s.Email = "" },
		"no session id":          func(s *Subject) { s.SessionID = "" },
		"no scope":               func(s *Subject) { s.Scopes = nil },
		"an empty scope":         func(s *Subject) { s.Scopes = []string{""} },
		"two scopes in one":      func(s *Subject) { s.Scopes = []string{"customer admin"} },
		"a scope with a tab":     func(s *Subject) { s.Scopes = []string{"customer\tadmin"} },
		"a scope with a quote":   func(s *Subject) { s.Scopes = []string{`cus"tomer`} },
		"a scope beyond ASCII":   func(s *Subject) { s.Scopes = []string{"kundin\u00a0admin"} },
		"a scope that is no UTF": func(s *Subject) { s.Scopes = []string{"\xff"} },
	} {
		t.Run(name, func(t *testing.T) {
			subject := testSubject
			change(&subject)
			if raw, _, err := newIssuer().Issue(t.Context(), subject); err == nil || raw != "" {
				t.Errorf("got token %q and no error, want an error", raw)
			}
		})
	}
}

func TestIssueRefusesWithoutIssuerOrAudience(t *testing.T) {
	for name, change := range map[string]func(*Issuer){
		"no URL":      func(i *Issuer) { i.URL = "" },
		"no audience": func(i *Issuer) { i.Audience = "" },
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			change(issuer)
			if raw, _, err := issuer.Issue(t.Context(), testSubject); err == nil || raw != "" {
				t.Errorf("got token %q and no error, want an error", raw)
			}
		})
	}
}

// brokenSigner fails in one of its two methods.
type brokenSigner struct {
	keyPair
	public, sign error
}

func (s brokenSigner) PublicKey(ctx context.Context) (*rsa.PublicKey, error) {
	if s.public != nil {
		return nil, s.public
	}
	return s.keyPair.PublicKey(ctx)
}

func (s brokenSigner) Sign(context.Context, []byte) ([]byte, error) { return nil, s.sign }

func TestIssuePassesOnTheSignersFailure(t *testing.T) {
	failure := errors.New("no power")
	for name, signer := range map[string]brokenSigner{
		"the key cannot be read": {keyPair: keyPair{ourKey()}, public: failure},
		"the key cannot sign":    {keyPair: keyPair{ourKey()}, sign: failure},
	} {
		t.Run(name, func(t *testing.T) {
			issuer := newIssuer()
			issuer.Signer = signer
			if raw, _, err := issuer.Issue(t.Context(), testSubject); !errors.Is(err, failure) || raw != "" {
				t.Errorf("got token %q and error %v, want the signer's", raw, err)
			}
		})
	}
}

// contextKeeper keeps the context that it was called with.
type contextKeeper struct {
	keyPair
	got context.Context
}

func (s *contextKeeper) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	s.got = ctx
	return s.keyPair.Sign(ctx, digest)
}

func TestIssueSignsWithTheRequestsContext(t *testing.T) {
	type name struct{}
	signer := &contextKeeper{keyPair: keyPair{ourKey()}}
	issuer := newIssuer()
	issuer.Signer = signer
	if _, _, err := issuer.Issue(context.WithValue(t.Context(), name{}, "request"), testSubject); err != nil {
		t.Fatal(err)
	}
	if got := signer.got.Value(name{}); got != "request" {
		t.Errorf("got a context whose value is %v, want the request's", got)
	}
}
