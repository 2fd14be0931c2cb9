package httpapitest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"shop/internal/httpapi"
	"shop/internal/token"
	"shop/internal/user"
)

// The tokens that stand in the events of tests in the place of real ones.
const (
	CustomerToken = "CUSTOMER_ACCESS_TOKEN"
	AdminToken    = "ADMIN_ACCESS_TOKEN"
	uselessToken  = "ACCESS_TOKEN_WITHOUT_SCOPES"
)

// The callers whose tokens they are.
var (
	Customer = user.Caller{UserID: "usr_019cafb8-d247-752e-9651-0c5ca6a3a450", Email: Email, SessionID: "ses_4hl5tjn2cwvx3kq7zi6yd2mauo"}
	Admin    = user.Caller{UserID: "usr_019b8d2b-8c00-7128-85d9-0ed99531985d", Email: "grace@example.com", SessionID: "ses_r3z7gq2mxk5ldahu4tcy6bwjen", Admin: true}
)

// verifier knows some tokens, or fails.
type verifier struct {
	claims map[string]token.Claims
	err    error
}

// Verify returns token.ErrInvalid for a token that it does not know.
func (v verifier) Verify(_ context.Context, raw string) (token.Claims, error) {
	claims, ok := v.claims[raw]
	switch {
	case v.err != nil:
		return token.Claims{}, v.err
	case !ok:
		return token.Claims{}, fmt.Errorf("%w: unknown", token.ErrInvalid)
	}
	return claims, nil
}

// Guard returns one that knows the tokens of Customer and Admin.
func Guard() httpapi.Guard { return httpapi.Guard{Tokens: known(nil), Admins: admins{}} }

// admins are Admin.
type admins struct{}

// RequireAdmin returns user.ErrNotAdmin for everybody else.
func (admins) RequireAdmin(_ context.Context, caller user.Caller) error {
	if caller.UserID != Admin.UserID {
		return user.ErrNotAdmin
	}
	return nil
}

func known(err error) verifier {
	return verifier{err: err, claims: map[string]token.Claims{
		CustomerToken: claims(Customer, token.ScopeCustomer),
		AdminToken:    claims(Admin, token.ScopeCustomer, token.ScopeAdmin),
		uselessToken:  claims(Customer, "other"),
	}}
}

func claims(c user.Caller, scopes ...string) token.Claims {
	return token.Claims{Subject: token.Subject{UserID: c.UserID, Email: c.Email, SessionID: c.SessionID, Scopes: scopes}}
}

// CheckGuard shows that only the event's own token opens the handler, or an admin's, and that what the event says of its caller is
// not believed. The handler is to be one whose domain fails the test when it is called.
func CheckGuard(t *testing.T, e Event, handler func(httpapi.Guard) httpapi.Handler) {
	t.Helper()
	own := e.Headers["authorization"]
	if own != "Bearer "+CustomerToken && own != "Bearer "+AdminToken {
		t.Fatalf("the event has the header Authorization: %q", own)
	}
	e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"sub": Admin.UserID, "email": Admin.Email, "scope": "customer admin"}, Scopes: []string{"admin"},
		},
	}
	for header, code := range refusedTokens(own) {
		t.Run(fmt.Sprintf("header %q", header), func(t *testing.T) {
			Call(t, handler(Guard()), e.WithHeader("Authorization", header)).CheckProblem(t, Problem{Code: code})
		})
	}
	for code, err := range map[string]error{"internal": errors.New("no keys"), "busy": context.DeadlineExceeded} {
		t.Run("the keys fail: "+code, func(t *testing.T) {
			g := httpapi.Guard{Tokens: known(fmt.Errorf("%s: %w", cause, err)), Admins: admins{}}
			Call(t, handler(g), e).CheckProblem(t, Problem{Code: code})
		})
	}
}

func refusedTokens(own string) map[string]string {
	refused := map[string]string{
		"": "unauthenticated", "Bearer": "unauthenticated", "Basic " + CustomerToken: "unauthenticated", own + "x": "unauthenticated",
		own + ",x": "unauthenticated", own[len("Bearer "):]: "unauthenticated", "Bearer " + uselessToken: "forbidden",
	}
	if own == "Bearer "+AdminToken {
		refused["Bearer "+CustomerToken] = "forbidden"
	}
	return refused
}
