package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shop/internal/access"
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

// Routes serves routes that ask for a token. Who may use each, package access decides: by the token's scope here, and, where an
// admin's right is used, by the stored role in the store. A route that has no rule there, or one that asks for no token, panics
// while the function is wired.
func (g Guard) Routes(handlers map[string]CallerHandler) Handler {
	guarded := map[string]Handler{}
	for route, h := range handlers {
		rule, ok := access.Of(route)
		if !ok || rule.Open() {
			panic("access has no rule by which a token opens " + route)
		}
		guarded[route] = g.scope(rule.Scope, withoutUnknown(h))
	}
	return routes(guarded)
}

// Open serves routes that ask for no token. One of which package access says otherwise, or nothing, panics while the function is
// wired.
func Open(handlers map[string]Handler) Handler {
	known := map[string]Handler{}
	for route, h := range handlers {
		if rule, ok := access.Of(route); !ok || !rule.Open() {
			panic("access does not say that " + route + " is open")
		}
		known[route] = func(ctx context.Context, r *Request) (Response, error) {
			if _, err := r.Query(); err != nil {
				return Response{}, err
			}
			return h(ctx, r)
		}
	}
	return routes(known)
}

// withoutUnknown refuses query parameters that the route does not take, or not so, before h is called.
func withoutUnknown(h CallerHandler) CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		if _, err := r.Query(); err != nil {
			return Response{}, err
		}
		return h(ctx, caller, r)
	}
}

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
		response, err := g.enter(observe.With(ctx, "user_id", claims.UserID), scope, claims, h, r)
		if isRefusal(err) {
			observe.Audit(ctx, observe.Event{Kind: observe.AccessRefused, UserID: claims.UserID, Subject: r.event.RouteKey, Reason: Code(err)})
		}
		return response, err
	}
}

// isRefusal tells whether the caller was known and may not do or see this, whatever the answer says of it.
func isRefusal(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, user.ErrNotAdmin) || errors.Is(err, access.ErrNotTheirs)
}

func (g Guard) enter(ctx context.Context, scope string, claims token.Claims, h CallerHandler, r *Request) (Response, error) {
	if !claims.HasScope(scope) {
		return Response{}, fmt.Errorf("scope %s: %w", scope, ErrForbidden)
	}
	return h(ctx, user.Caller{UserID: claims.UserID, Email: claims.Email, Admin: claims.HasScope(token.ScopeAdmin)}, r)
}

// bearer reads the header by RFC 6750, section 2.1; the scheme is case-insensitive by RFC 9110, section 11.1.
func bearer(header string) (string, bool) {
	scheme, raw, found := strings.Cut(header, " ")
	return strings.TrimSpace(raw), found && strings.EqualFold(scheme, "Bearer")
}
