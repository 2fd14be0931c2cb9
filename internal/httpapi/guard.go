package httpapi

import (
	"context"
	"fmt"
	"strings"

	"shop/internal/observe"
	"shop/internal/token"
	"shop/internal/user"
)

// Verifier checks access tokens.
type Verifier interface {
	// Verify returns what the token says, or token.ErrInvalid.
	Verify(ctx context.Context, raw string) (token.Claims, error)
}

// Guard lets in who may call. It checks the token itself and never believes what the event says of it, so that the function
// is as safe behind API Gateway as without it.
type Guard struct {
	Tokens Verifier
}

// CallerHandler serves one route for a known caller.
type CallerHandler func(ctx context.Context, caller user.Caller, r *Request) (Response, error)

// Customer lets in everyone with a valid access token.
func (g Guard) Customer(h CallerHandler) Handler { return g.scope(token.ScopeCustomer, h) }

// Admin lets in who has an admin's access token. Whether the caller is an admin still, the store asks at each use.
func (g Guard) Admin(h CallerHandler) Handler { return g.scope(token.ScopeAdmin, h) }

func (g Guard) scope(scope string, h CallerHandler) Handler {
	return func(ctx context.Context, r *Request) (Response, error) {
		raw, ok := bearer(r.Header("Authorization"))
		if !ok {
			return Response{}, ErrUnauthenticated
		}
		claims, err := g.Tokens.Verify(ctx, raw)
		if err != nil {
			return Response{}, fmt.Errorf("verifying a token: %w", err)
		}
		if !claims.HasScope(scope) {
			return Response{}, fmt.Errorf("scope %s: %w", scope, ErrForbidden)
		}
		caller := user.Caller{UserID: claims.UserID, Email: claims.Email, Admin: claims.HasScope(token.ScopeAdmin)}
		return h(observe.With(ctx, "user_id", caller.UserID), caller, r)
	}
}

// bearer reads the header by RFC 6750, section 2.1; the scheme is case-insensitive by RFC 9110, section 11.1.
func bearer(header string) (string, bool) {
	scheme, raw, found := strings.Cut(header, " ")
	return strings.TrimSpace(raw), found && strings.EqualFold(scheme, "Bearer")
}
