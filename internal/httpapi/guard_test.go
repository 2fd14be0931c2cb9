package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"shop/internal/access"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/token"
	"shop/internal/user"
	"shop/internal/validation"
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
	"clerk":    {UserID: "usr_k", Email: "k@example.com", Scopes: []string{"history"}},
	"stock":    {UserID: "usr_i", Email: "i@example.com", Scopes: []string{"customer", "inventory", "orders"}},
	"none":     {UserID: "usr_n", Email: "n@example.com"},
	"similar": {
		UserID: "usr_s", Email: "s@example.com",
		Scopes: []string{"customers", "administrator", "customer admin", "Admin", ""},
	},
}}

// The guards of a customer's route and of one of staff.
var (
	asCustomer = at(Guard{Tokens: tokens}, "GET /orders")
	asStaff    = at(Guard{Tokens: tokens, Rights: rights{}}, "GET /admin/orders")
)

// at is a guard at a route of the table. It takes every event for one of its route.
func at(g Guard, route string) func(CallerHandler) Handler {
	return func(h CallerHandler) Handler {
		guarded := g.Routes(map[string]CallerHandler{route: h})
		return func(ctx context.Context, r *Request) (Response, error) {
			r.event.RouteKey = route
			return guarded(ctx, r)
		}
	}
}

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
	customer := user.Caller{UserID: "usr_c", Email: "c@example.com", Role: user.RoleCustomer}
	admin := user.Caller{UserID: "usr_a", Email: "a@example.com", Role: user.RoleAdmin}
	for _, c := range []struct {
		guard  func(CallerHandler) Handler
		header string
		want   user.Caller
	}{
		{asCustomer, "Bearer customer", customer},
		{asCustomer, "bearer customer", customer},
		{asCustomer, "BEARER customer", customer},
		{asCustomer, "Bearer  customer ", customer},
		{asCustomer, "Bearer admin", admin},
		{asStaff, "Bearer admin", admin},
		{asStaff, "Bearer clerk", user.Caller{UserID: "usr_k", Email: "k@example.com", Role: "history"}},
	} {
		if status, body, in := enter(t, c.guard, c.header); status != 200 || body != `"in"` || in != c.want {
			t.Errorf("%q: answered %d %s to %+v, want %+v", c.header, status, body, in, c.want)
		}
	}
}

func TestGuardKeepsOut(t *testing.T) {
	unauthenticated, forbidden := problemText(401, "unauthenticated", "A valid access token is needed."),
		problemText(403, "forbidden", "The caller may not do this.")
	for _, c := range []struct {
		guard  func(CallerHandler) Handler
		header string
		status int
		body   string
	}{
		{asCustomer, "", 401, unauthenticated},
		{asCustomer, "customer", 401, unauthenticated},
		{asCustomer, "Bearer", 401, unauthenticated},
		{asCustomer, "Bearer ", 401, unauthenticated},
		{asCustomer, "Bearercustomer", 401, unauthenticated},
		{asCustomer, "Basic customer", 401, unauthenticated},
		{asCustomer, "DPoP customer", 401, unauthenticated},
		{asCustomer, "Bearer\tcustomer", 401, unauthenticated},
		{asCustomer, " Bearer customer", 401, unauthenticated},
		{asCustomer, "Bearer unknown", 401, unauthenticated},
		{asCustomer, "Bearer customer,Bearer customer", 401, unauthenticated},
		{asCustomer, "Bearer customer admin", 401, unauthenticated},
		{asCustomer, "Bearer none", 403, forbidden},
		{asCustomer, "Bearer similar", 403, forbidden},
		{asCustomer, "Bearer clerk", 403, forbidden},
		{asStaff, "", 401, unauthenticated},
		{asStaff, "Bearer unknown", 401, unauthenticated},
		{asStaff, "Bearer customer", 403, forbidden},
		{asStaff, "Bearer similar", 403, forbidden},
		{asStaff, "Bearer stock", 403, forbidden},
	} {
		status, body, in := enter(t, c.guard, c.header)
		if status != c.status || body != c.body || in != (user.Caller{}) {
			t.Errorf("%q: answered %d %s, and let in %+v; want %d %s", c.header, status, body, in, c.status, c.body)
		}
	}
}

func TestChallenge(t *testing.T) {
	out, _ := run(t, asCustomer(nil), event())
	wantAnswer(t, out, 401, map[string]string{"Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer"},
		problemText(401, "unauthenticated", "A valid access token is needed."))
}

// TestVerifierFails: a token that cannot be judged is the store's fault, not the caller's.
func TestVerifierFails(t *testing.T) {
	for status, err := range map[int]error{500: errors.New("secret: no keys"), 503: fmt.Errorf("secret: %w",
		context.DeadlineExceeded)} {
		got, body, in := enter(t, at(Guard{Tokens: verifier{err: err}}, "GET /orders"), "Bearer customer")
		if got != status || strings.Contains(body, "secret") || in != (user.Caller{}) {
			t.Errorf("%v: answered %d %s, and let in %+v; want %d", err, got, body, in, status)
		}
	}
}

func TestGuardLogsTheUser(t *testing.T) {
	e := event()
	e.Headers["authorization"] = "Bearer customer"
	_, log := run(t, asCustomer(func(ctx context.Context, _ user.Caller, _ *Request) (Response, error) {
		problem(ctx, &Request{describe: describeForTests}, errors.New("something"))
		return OK(1), nil
	}), e)
	if !strings.Contains(log, `"user_id":"usr_c"`) || strings.Contains(log, "c@example.com") {
		t.Errorf("log = %s, want the user's id and no address", log)
	}
}

// TestRoutesAreThoseOfTheTable: a function whose routes are not in the table of access, or are there otherwise, cannot
// be wired.
func TestRoutesAreThoseOfTheTable(t *testing.T) {
	panics := func(wire func()) (did bool) {
		defer func() { did = recover() != nil }()
		wire()
		return false
	}
	g := Guard{Tokens: tokens, Rights: rights{}}
	for _, route := range append(access.Routes(), "GET /things", "", "$default") {
		rule, known := access.Of(route)
		if got := panics(func() { g.Routes(map[string]CallerHandler{route: nil}) }); got == (known && !rule.Open()) {
			t.Errorf("behind the guard %q panics: %v, and its rule is %+v", route, got, rule)
		}
		if got := panics(func() { Open(map[string]Handler{route: nil}) }); got == (known && rule.Open()) {
			t.Errorf("in the open %q panics: %v, and its rule is %+v", route, got, rule)
		}
	}
}

// TestGuardKnowsItsRoutesOnly: what a function is asked for decides nothing but which of its own routes it serves.
func TestGuardKnowsItsRoutesOnly(t *testing.T) {
	h := Guard{Tokens: tokens, Rights: rights{}}.Routes(map[string]CallerHandler{"GET /admin/orders": nil})
	for _, route := range []string{"GET /orders", "GET /products", "POST /sessions", ""} {
		e := event()
		e.RouteKey, e.Headers["authorization"] = route, "Bearer customer"
		out, _ := run(t, h, e)
		wantAnswer(t, out, 404, map[string]string{"Content-Type": "application/problem+json"},
			problemText(404, "not_found", "There is nothing here."))
	}
}

// rights are everybody's, unless there is an error. Each scope that is asked for is kept, if there is a place for it.
type rights struct {
	err   error
	asked *[]string
}

func (r rights) Require(_ context.Context, _ user.Caller, scope string) error {
	if r.asked != nil {
		*r.asked = append(*r.asked, scope)
	}
	return r.err
}

// TestFormerStaffIsToldNothing: at each route of staff a request that is refused for its form is answered 403 to who
// does not have the right now, and audited; who has it is told what is wrong. Where it is not known who has it, nothing
// is told.
func TestFormerStaffIsToldNothing(t *testing.T) {
	form := []error{
		ErrMediaType, ErrTooLarge, validation.Errors{{Field: "name", Message: "is required"}}, page.ErrInvalidCursor,
		product.ErrNotFound,
	}
	for _, route := range access.Routes() {
		if rule, _ := access.Of(route); rule.Reach != access.Anyones {
			continue
		}
		for _, refused := range form {
			for _, right := range []error{nil, fmt.Errorf("reading: %w", user.ErrNoRight), context.DeadlineExceeded} {
				e := event()
				e.RouteKey, e.Headers["authorization"] = route, "Bearer admin"
				out, log := run(t, Guard{Tokens: tokens, Rights: rights{err: right}}.Routes(map[string]CallerHandler{
					route: func(context.Context, user.Caller, *Request) (Response, error) {
						return Response{}, refused
					},
				}), e)
				want, audited := codeOf(refused), strings.Contains(log, `"event":"access_refused"`)
				if right != nil {
					want = codeOf(right)
				}
				if !strings.Contains(out.Body, `"code":"`+want+`"`) || audited != errors.Is(right, user.ErrNoRight) {
					t.Errorf("%s, %v, the right %v: answered %s, audited %t; want %s",
						route, refused, right, out.Body, audited, want)
				}
			}
		}
	}
}

// TestRoleDecides: at each route of staff its scope is looked for in the stored role, once. Who does not have it now is
// answered nothing of what a read found, and is let write nothing; where the role cannot be read, so it is, too.
func TestRoleDecides(t *testing.T) {
	for _, route := range access.Routes() {
		rule, _ := access.Of(route)
		if rule.Reach != access.Anyones {
			continue
		}
		for role, want := range map[error]int{nil: 200, user.ErrNoRight: 403, context.DeadlineExceeded: 503} {
			var asked []string
			served := false
			h := Guard{Tokens: tokens, Rights: rights{role, &asked}}.Routes(map[string]CallerHandler{
				route: func(context.Context, user.Caller, *Request) (Response, error) {
					served = true
					return OK("secret"), nil
				},
			})
			e := event()
			e.RouteKey, e.Headers["authorization"] = route, "Bearer admin"
			out, _ := run(t, h, e)
			if out.StatusCode != want || !slices.Equal(asked, []string{rule.Scope}) ||
				strings.Contains(out.Body, "secret") != (role == nil) {
				t.Errorf("%s, the role %v: answered %d %s after asking for %v, want %d after %s once",
					route, role, out.StatusCode, out.Body, asked, want, rule.Scope)
			}
			if writes := !strings.HasPrefix(route, "GET "); writes && served != (role == nil) {
				t.Errorf("%s, the role %v: served %t", route, role, served)
			}
		}
	}
}

// TestDeniedReadsEnd: reads that were begun beside that of the role end once it is known that nobody may see what they
// find.
func TestDeniedReadsEnd(t *testing.T) {
	const route = "GET /admin/orders/summary"
	h := Guard{Tokens: tokens, Rights: rights{err: user.ErrNoRight}}.Routes(map[string]CallerHandler{
		route: func(ctx context.Context, _ user.Caller, _ *Request) (Response, error) {
			<-ctx.Done()
			return Response{}, ctx.Err()
		},
	})
	e := event()
	e.RouteKey, e.Headers["authorization"] = route, "Bearer admin"
	if out, _ := run(t, h, e); out.StatusCode != http.StatusForbidden {
		t.Errorf("answered %d, want 403", out.StatusCode)
	}
}

// TestRefusedAccessIsAudited: by the token, by the stored role, and of what is someone else's; nothing else is.
func TestRefusedAccessIsAudited(t *testing.T) {
	const route = "GET /admin/orders"
	for name, c := range map[string]struct {
		token  string
		err    error
		reason string
	}{
		"a customer":      {"customer", nil, "forbidden"},
		"no scope":        {"none", nil, "forbidden"},
		"a former admin":  {"admin", fmt.Errorf("reading: %w", user.ErrNoRight), "forbidden"},
		"someone else's":  {"admin", fmt.Errorf("%w: %w", order.ErrNotFound, access.ErrNotTheirs), "order_not_found"},
		"nobody's":        {"admin", order.ErrNotFound, ""},
		"an admin":        {"admin", nil, ""},
		"another refusal": {"admin", ErrMediaType, ""},
	} {
		e := event()
		e.RouteKey, e.Headers["authorization"], e.RequestContext.HTTP.SourceIP = route, "Bearer "+c.token, "203.0.113.7"
		_, log := run(t, Guard{Tokens: tokens, Rights: rights{}}.Routes(map[string]CallerHandler{
			route: func(context.Context, user.Caller, *Request) (Response, error) { return OK(1), c.err },
		}), e)
		want := fmt.Sprintf(`"level":"WARN","msg":"audit","function":"","trace_id":"","event":"access_refused","user_id":"usr_%s","address_hash":"","subject":%q,`+
			`"before":"","after":"","reason":%q,"source_ip":"203.0.113.7","request_id":%q}`, c.token[:1], route,
			c.reason, requestID)
		if audited := strings.Count(log, `"msg":"audit"`) == 1 &&
			strings.Contains(log, want); audited != (c.reason != "") ||
			c.reason == "" && strings.Contains(log, `"audit"`) {
			t.Errorf("%s: log = %s, want %s", name, log, want)
		}
	}
}
