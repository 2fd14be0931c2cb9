package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"shop/internal/token"
	"shop/internal/user"
)

// verifier knows tokens by what they say, or fails.
type verifier struct {
	known map[string]token.Subject
	err   error
}

func (v verifier) Verify(_ context.Context, raw string) (token.Claims, error) {
	subject, ok := v.known[raw]
	switch {
	case v.err != nil:
		return token.Claims{}, v.err
	case !ok:
		return token.Claims{}, fmt.Errorf("%w: unknown", token.ErrInvalid)
	}
	return token.Claims{Subject: subject}, nil
}

var tokens = verifier{known: map[string]token.Subject{
	"customer": {UserID: "usr_c", Email: "c@example.com", Scopes: []string{"customer"}},
	"admin":    {UserID: "usr_a", Email: "a@example.com", Scopes: []string{"customer", "admin"}},
	"clerk":    {UserID: "usr_k", Email: "k@example.com", Scopes: []string{"admin"}},
	"none":     {UserID: "usr_n", Email: "n@example.com"},
	"similar":  {UserID: "usr_s", Email: "s@example.com", Scopes: []string{"customers", "administrator", "customer admin", "Admin", ""}},
}}

// enter sends the header through a guard, and returns the status and who came in.
func enter(t *testing.T, guard func(CallerHandler) Handler, header string) (int, string, user.Caller) {
	t.Helper()
	var in user.Caller
	e := event()
	if header != "" {
		e.Headers["authorization"] = header
	}
	out, log := run(t, guard(func(_ context.Context, caller user.Caller, _ *Request) (Response, error) {
		in = caller
		return OK("in"), nil
	}), e)
	if _, raw, found := strings.Cut(header, " "); found && len(raw) > 3 && strings.Contains(log, `"`+raw) {
		t.Errorf("the log tells the token: %s", log)
	}
	return out.StatusCode, out.Body, in
}

func TestGuardLetsIn(t *testing.T) {
	customer := user.Caller{UserID: "usr_c", Email: "c@example.com"}
	admin := user.Caller{UserID: "usr_a", Email: "a@example.com", Admin: true}
	guard := Guard{Tokens: tokens}
	for _, c := range []struct {
		guard  func(CallerHandler) Handler
		header string
		want   user.Caller
	}{
		{guard.Customer, "Bearer customer", customer},
		{guard.Customer, "bearer customer", customer},
		{guard.Customer, "BEARER customer", customer},
		{guard.Customer, "Bearer  customer ", customer},
		{guard.Customer, "Bearer admin", admin},
		{guard.Admin, "Bearer admin", admin},
		{guard.Admin, "Bearer clerk", user.Caller{UserID: "usr_k", Email: "k@example.com", Admin: true}},
	} {
		if status, body, in := enter(t, c.guard, c.header); status != 200 || body != `"in"` || in != c.want {
			t.Errorf("%q: answered %d %s to %+v, want %+v", c.header, status, body, in, c.want)
		}
	}
}

func TestGuardKeepsOut(t *testing.T) {
	guard := Guard{Tokens: tokens}
	unauthenticated, forbidden := problemText(401, "unauthenticated", "A valid access token is needed."), problemText(403, "forbidden", "The caller may not do this.")
	for _, c := range []struct {
		guard  func(CallerHandler) Handler
		header string
		status int
		body   string
	}{
		{guard.Customer, "", 401, unauthenticated},
		{guard.Customer, "customer", 401, unauthenticated},
		{guard.Customer, "Bearer", 401, unauthenticated},
		{guard.Customer, "Bearer ", 401, unauthenticated},
		{guard.Customer, "Bearercustomer", 401, unauthenticated},
		{guard.Customer, "Basic customer", 401, unauthenticated},
		{guard.Customer, "DPoP customer", 401, unauthenticated},
		{guard.Customer, "Bearer\tcustomer", 401, unauthenticated},
		{guard.Customer, " Bearer customer", 401, unauthenticated},
		{guard.Customer, "Bearer unknown", 401, unauthenticated},
		{guard.Customer, "Bearer customer,Bearer customer", 401, unauthenticated},
		{guard.Customer, "Bearer customer admin", 401, unauthenticated},
		{guard.Customer, "Bearer none", 403, forbidden},
		{guard.Customer, "Bearer similar", 403, forbidden},
		{guard.Customer, "Bearer clerk", 403, forbidden},
		{guard.Admin, "", 401, unauthenticated},
		{guard.Admin, "Bearer unknown", 401, unauthenticated},
		{guard.Admin, "Bearer customer", 403, forbidden},
		{guard.Admin, "Bearer similar", 403, forbidden},
	} {
		status, body, in := enter(t, c.guard, c.header)
		if status != c.status || body != c.body || in != (user.Caller{}) {
			t.Errorf("%q: answered %d %s, and let in %+v; want %d %s", c.header, status, body, in, c.status, c.body)
		}
	}
}

func TestChallenge(t *testing.T) {
	out, _ := run(t, Guard{Tokens: tokens}.Customer(nil), event())
	wantAnswer(t, out, 401, map[string]string{"Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer"},
		problemText(401, "unauthenticated", "A valid access token is needed."))
}

// TestVerifierFails: a token that cannot be judged is the store's fault, not the caller's.
func TestVerifierFails(t *testing.T) {
	for status, err := range map[int]error{500: errors.New("secret: no keys"), 503: fmt.Errorf("secret: %w", context.DeadlineExceeded)} {
		got, body, in := enter(t, Guard{Tokens: verifier{err: err}}.Customer, "Bearer customer")
		if got != status || strings.Contains(body, "secret") || in != (user.Caller{}) {
			t.Errorf("%v: answered %d %s, and let in %+v; want %d", err, got, body, in, status)
		}
	}
}

func TestGuardLogsTheUser(t *testing.T) {
	e := event()
	e.Headers["authorization"] = "Bearer customer"
	_, log := run(t, Guard{Tokens: tokens}.Customer(func(ctx context.Context, _ user.Caller, _ *Request) (Response, error) {
		problem(ctx, &Request{}, errors.New("something"))
		return OK(1), nil
	}), e)
	if !strings.Contains(log, `"user_id":"usr_c"`) || strings.Contains(log, "c@example.com") {
		t.Errorf("log = %s, want the user's id and no address", log)
	}
}
