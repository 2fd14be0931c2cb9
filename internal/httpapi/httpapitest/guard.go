package httpapitest

import (
	"context"
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
)

// The callers whose tokens they are.
var (
	Customer = user.Caller{
		UserID: "usr_019cafb8-d247-752e-9651-0c5ca6a3a450", Email: Email, SessionID: "ses_4hl5tjn2cwvx3kq7zi6yd2mauo",
		Role: user.RoleCustomer,
	}
	Admin = user.Caller{
		UserID: "usr_019b8d2b-8c00-7128-85d9-0ed99531985d", Email: "grace@example.com",
		SessionID: "ses_r3z7gq2mxk5ldahu4tcy6bwjen", Role: user.RoleAdmin,
	}
)

// verifier knows some tokens.
type verifier map[string]token.Claims

// Verify returns token.ErrInvalid for a token that it does not know.
func (v verifier) Verify(_ context.Context, raw string) (token.Claims, error) {
	claims, ok := v[raw]
	if !ok {
		return token.Claims{}, fmt.Errorf("%w: unknown", token.ErrInvalid)
	}
	return claims, nil
}

// Guard returns one that knows the tokens of Customer and Admin.
func Guard() httpapi.Guard {
	return httpapi.Guard{Rights: rights{}, Tokens: verifier{
		CustomerToken: claims(Customer, token.ScopeCustomer),
		AdminToken:    claims(Admin, token.ScopeCustomer, token.ScopeAdmin),
	}}
}

// rights are Admin's.
type rights struct{}

// Require returns user.ErrNoRight for everybody else.
func (rights) Require(_ context.Context, caller user.Caller, _ string) error {
	if caller.UserID != Admin.UserID {
		return user.ErrNoRight
	}
	return nil
}

func claims(c user.Caller, scopes ...string) token.Claims {
	return token.Claims{Subject: token.Subject{
		UserID: c.UserID, Email: c.Email, SessionID: c.SessionID, Scopes: scopes,
	}}
}

// CheckGuard shows that the handler is behind the guard, whose own tests have all that it refuses, and that what the
// event says of its caller is not believed. The handler is to be one whose domain fails the test when it is called.
func CheckGuard(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	e.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
		JWT: &events.APIGatewayV2HTTPRequestContextAuthorizerJWTDescription{
			Claims: map[string]string{"sub": Admin.UserID, "email": Admin.Email, "scope": "customer admin"},
			Scopes: []string{"admin"},
		},
	}
	Call(t, h, e.WithHeader("Authorization", "Bearer forged")).CheckProblem(t, Problem{Code: "unauthenticated"})
}
