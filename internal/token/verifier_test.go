package token

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestVerifyReturnsWhatWasIssued(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(1, 60, 240)
		want := Subject{
			UserID:    text.Draw(t, "user id"),
			Email:     text.Draw(t, "e-mail"),
			SessionID: text.Draw(t, "session id"),
			Scopes:    rapid.SliceOfN(rapid.StringMatching(`[!#-\[\]-~]{1,20}`), 1, 10).Draw(t, "scopes"),
		}
		at := time.Unix(rapid.Int64Range(1e9, 4e9).Draw(t, "now"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns"))
		issuer, verifier := newIssuer(), newVerifier()
		issuer.Now = func() time.Time { return at }
		verifier.Now = issuer.Now
		raw, _, err := issuer.Issue(context.Background(), want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := verifier.Verify(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Subject, want) {
			t.Fatalf("got %+v, want %+v", got.Subject, want)
		}
	})
}

func TestVerifyHoldsATokenToItsTime(t *testing.T) {
	raw := issue(t)
	for _, c := range []struct {
		after time.Duration
		valid bool
	}{
		{-time.Hour, false},
		{-11 * time.Second, false},
		{-10 * time.Second, true}, // backdated by 5 s, and a leeway of 5 s
		{0, true},
		{Lifetime - time.Second, true},
		{Lifetime, false},
		{Lifetime + time.Second, false},
		{time.Hour, false},
	} {
		v := newVerifier()
		v.Now = func() time.Time { return testNow.Add(c.after) }
		_, err := v.Verify(t.Context(), raw)
		if got := err == nil; got != c.valid {
			t.Errorf("%v after its issue: got error %v, want it valid: %v", c.after, err, c.valid)
		}
	}
}

func TestVerifyTellsTheTimes(t *testing.T) {
	claims, err := newVerifier().Verify(t.Context(), issue(t))
	if err != nil {
		t.Fatal(err)
	}
	if want := testNow.Truncate(time.Second).Add(-5 * time.Second); claims.IssuedAt != want {
		t.Errorf("got issued at %v, want %v", claims.IssuedAt, want)
	}
	if want := testNow.Truncate(time.Second).Add(Lifetime); claims.ExpiresAt != want {
		t.Errorf("got expires at %v, want %v", claims.ExpiresAt, want)
	}
}

func TestHasScope(t *testing.T) {
	for _, c := range []struct {
		scope string
		asked string
		want  bool
	}{
		{"customer", ScopeCustomer, true},
		{"customer", ScopeAdmin, false},
		{"customer admin", ScopeAdmin, true},
		{"admins", ScopeAdmin, false},
		{"customer\u00a0admin", ScopeAdmin, false},
		{"customer\tadmin", ScopeAdmin, false},
		{"Admin", ScopeAdmin, false},
		{"", ScopeCustomer, false},
		{"", "", false},
	} {
		claims, err := newVerifier().Verify(t.Context(), withClaim("scope", c.scope))
		if err != nil {
			t.Fatal(err)
		}
		if got := claims.HasScope(c.asked); got != c.want {
			t.Errorf("scope %q: got %v for %q, want %v", c.scope, got, c.asked, c.want)
		}
	}
}

// keyRing is Keys with several keys, or none to give.
type keyRing struct {
	keys []*rsa.PublicKey
	err  error
}

func (k keyRing) PublicKey(_ context.Context, id string) (*rsa.PublicKey, error) {
	for _, key := range k.keys {
		if Thumbprint(key) == id && k.err == nil {
			return key, nil
		}
	}
	return nil, cmp.Or(k.err, ErrUnknownKey)
}

func TestVerifyFindsItsKeyAmongSeveral(t *testing.T) {
	v, raw := newVerifier(), issue(t)
	v.Keys = keyRing{keys: []*rsa.PublicKey{&otherKey().PublicKey, &ourKey().PublicKey}}
	if _, err := v.Verify(t.Context(), raw); err != nil {
		t.Errorf("with both keys: got %v, want the token accepted", err)
	}
	v.Keys = keyRing{}
	if _, err := v.Verify(t.Context(), raw); !errors.Is(err, ErrInvalid) {
		t.Errorf("with no key: got %v, want ErrInvalid", err)
	}
}

func TestVerifyDoesNotBlameTheTokenForTheKeys(t *testing.T) {
	failure := errors.New("no power")
	v := newVerifier()
	v.Keys = keyRing{err: failure}
	_, err := v.Verify(t.Context(), issue(t))
	if !errors.Is(err, failure) || errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want the keys' failure and not ErrInvalid", err)
	}
}

func TestVerifyAsksForNoKeyWhenTheHeaderIsWrong(t *testing.T) {
	v := newVerifier()
	v.Keys = keyRing{err: errors.New("asked for keys")}
	if _, err := v.Verify(t.Context(), unsigned("none")); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
}

func TestVerifyNeedsAnIssuerAndAnAudience(t *testing.T) {
	for name, change := range map[string]func(*Verifier){
		"no issuer":   func(v *Verifier) { v.Issuer = "" },
		"no audience": func(v *Verifier) { v.Audience = "" },
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier()
			change(v)
			if _, err := v.Verify(t.Context(), issue(t)); !errors.Is(err, errUnset) || errors.Is(err, ErrInvalid) {
				t.Errorf("got %v, want %v", err, errUnset)
			}
		})
	}
}

// FuzzVerify shows that no text makes Verify panic, that its only error is ErrInvalid, and that the one token
// accepted is the one that was issued.
func FuzzVerify(f *testing.F) {
	good := signed(marshal(goodHeader()), marshal(goodClaims()))
	parts := strings.Split(good, ".")
	for _, seed := range []string{
		good, "", ".", "..", "...", good + ".", "." + good, good[:len(good)-1], good + "=", good + "\n",
		parts[0] + ".." + parts[2], parts[0] + "." + parts[1] + ".", unsigned("none"), withHeader("alg", "RS512"),
		withHeader("kid", []string{"a"}), withClaim("exp", "1"), signed("null", "null"), signed("[]", "[]"),
		signed("{", "}"),
	} {
		f.Add(seed)
	}
	v := newVerifier()
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := v.Verify(t.Context(), raw)
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid", err)
		}
		if err == nil && raw != good {
			t.Errorf("accepted %q", raw)
		}
	})
}

// FuzzVerifySigned goes behind the signature: whatever is signed with our key, Verify accepts only what says the same
// to a reader who knows nothing of this package.
func FuzzVerifySigned(f *testing.F) {
	head, claims := marshal(goodHeader()), marshal(goodClaims())
	f.Add(head, claims)
	f.Add(head, "null")
	f.Add("null", claims)
	f.Add(head, `{"sub":"a","sub":"b",`+claims[1:])
	f.Add(`{"alg":"none",`+head[1:], claims)
	f.Add(head, marshal(with(goodClaims(), "exp", "1e9")))
	f.Add(head, marshal(with(goodClaims(), "aud", []string{testAudience})))
	v := newVerifier()
	f.Fuzz(func(t *testing.T, head, claims string) {
		got, err := v.Verify(t.Context(), signed(head, claims))
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Errorf("got %v, want ErrInvalid", err)
			}
			return
		}
		var says map[string]any
		if err := json.Unmarshal([]byte(claims), &says); err != nil {
			t.Fatalf("accepted claims that are none: %v", err)
		}
		wants := object{
			"iss": testIssuer, "aud": testAudience, "sub": got.UserID, "email": got.Email, "sid": got.SessionID,
			"exp": float64(got.ExpiresAt.Unix()), "iat": float64(got.IssuedAt.Unix()),
		}
		for name, want := range wants {
			if says[name] != want {
				t.Errorf("accepted %s, whose %s is not %v", claims, name, want)
			}
		}
		if !got.ExpiresAt.After(testNow) || got.IssuedAt.After(testNow.Add(leeway)) {
			t.Errorf("accepted %s out of its time", claims)
		}
		if life := got.ExpiresAt.Sub(got.IssuedAt); life > Lifetime+leeway {
			t.Errorf("accepted %s, which lives for %s", claims, life)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	v, raw := newVerifier(), issue(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignatureAlone is the part of BenchmarkVerify that cannot be saved.
func BenchmarkSignatureAlone(b *testing.B) {
	raw := issue(b)
	dot := strings.LastIndexByte(raw, '.')
	signature, err := base64.RawURLEncoding.DecodeString(raw[dot+1:])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		digest := sha256.Sum256([]byte(raw[:dot]))
		if err := rsa.VerifyPKCS1v15(&ourKey().PublicKey, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

// TestVerifyMachine: a machine's token is issued and verified as its own, and neither issued nor verified when it says
// that it is a person's, too, or another machine's.
func TestVerifyMachine(t *testing.T) {
	machine := Subject{UserID: "shopkey_a", ClientID: "shopkey_a", Scopes: []string{ScopeHistory}}
	if err := machine.validate(); err != nil {
		t.Fatal(err)
	}
	wider := machine
	wider.Scopes = []string{ScopeCustomer, ScopeHistory}
	if wider.HasScope(ScopeCustomer) || !wider.HasScope(ScopeHistory) {
		t.Error("a machine is a customer, or has not its own scope")
	}
	for name, change := range map[string]func(*Subject){
		"a person's, too":   func(s *Subject) { s.Email = "ada@example.com" },
		"another's":         func(s *Subject) { s.ClientID = "shopkey_b" },
		"in a session":      func(s *Subject) { s.SessionID = "ses_a" },
		"nobody's":          func(s *Subject) { s.ClientID = "" },
		"without a subject": func(s *Subject) { s.UserID, s.ClientID = "", "" },
	} {
		s := machine
		change(&s)
		if err := s.validate(); err == nil {
			t.Errorf("%s: issued", name)
		}
	}
	for claims, want := range map[string]bool{
		`{"sub":"shopkey_a","client_id":"shopkey_a"}`:                   true,
		`{"sub":"usr_a","email":"ada@example.com"}`:                     true,
		`{"sub":"shopkey_a","client_id":"shopkey_a","email":"a@b.com"}`: false,
		`{"sub":"usr_a","client_id":"shopkey_a"}`:                       false,
		`{"client_id":"shopkey_a"}`:                                     false,
	} {
		var p payload
		if err := json.Unmarshal([]byte(claims), &p); err != nil {
			t.Fatal(err)
		}
		p.IssuedAt, p.ExpiresAt = 1, 2
		if err := p.Validate(); (err == nil) != want {
			t.Errorf("%s: got %v, want it taken: %v", claims, err, want)
		}
	}
}
