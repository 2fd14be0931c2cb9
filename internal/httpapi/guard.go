package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

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

// Admins knows who is an admin now.
type Admins interface {
	// RequireAdmin returns user.ErrNotAdmin unless the caller is an admin now.
	RequireAdmin(ctx context.Context, caller user.Caller) error
}

// Guard lets in who may call. It checks the token itself and never believes what the event says of it, so that the
// function is as safe behind API Gateway as without it.
type Guard struct {
	Tokens Verifier
	Admins Admins // for routes that ask for an admin's right
}

// CallerHandler serves one route for a known caller.
type CallerHandler func(ctx context.Context, caller user.Caller, r *Request) (Response, error)

// Routes serves routes that ask for a token. Who may use each, package access decides: by the token's scope, and, where
// an admin's right is used, by the stored role too. A route that has no rule there, one that asks for no token, or one
// for admins without Admins, panics while the function is wired.
func (g Guard) Routes(handlers map[string]CallerHandler) Handler {
	guarded := map[string]Handler{}
	for route, h := range handlers {
		rule, ok := access.Of(route)
		if !ok || rule.Open() {
			panic("access has no rule by which a token opens " + route)
		}
		h = withoutUnknown(h)
		if rule.Reach == access.AdminsAnyones {
			h = g.entitled(route, h)
		}
		guarded[route] = g.scope(rule.Scope, h)
	}
	return routes(guarded)
}

// Open serves routes that ask for no token. One of which package access says otherwise, or nothing, panics while the
// function is wired.
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
		response, err := callWithScope(observe.With(ctx, "user_id", claims.UserID), scope, claims, h, r)
		if isRefusal(err) {
			observe.Audit(ctx, observe.Event{
				Kind: observe.AccessRefused, UserID: claims.UserID, Subject: r.event.RouteKey, Reason: r.code(err),
			})
		}
		return response, err
	}
}

// entitled serves only who is an admin now, by one consistent read of the stored role for each request. A route that
// only reads is served beside that read, so it takes no longer, but its answer is given to an admin alone. One that
// writes is served after it.
func (g Guard) entitled(route string, h CallerHandler) CallerHandler {
	if g.Admins == nil {
		panic("nobody knows who is an admin at " + route)
	}
	if strings.HasPrefix(route, "GET ") {
		return g.besideRole(h)
	}
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		if err := g.requireAdmin(ctx, caller); err != nil {
			return Response{}, err
		}
		return h(ctx, caller, r)
	}
}

// besideRole serves while the role is read. What is wrong with the role comes first, and ends h's reads.
func (g Guard) besideRole(h CallerHandler) CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		var role errgroup.Group
		reads, stop := context.WithCancel(ctx)
		defer stop()
		role.Go(func() error {
			err := g.requireAdmin(ctx, caller)
			if err != nil {
				stop()
			}
			return err
		})
		response, err := h(reads, caller, r)
		if denied := role.Wait(); denied != nil {
			return Response{}, denied
		}
		return response, err
	}
}

func (g Guard) requireAdmin(ctx context.Context, caller user.Caller) error {
	if err := g.Admins.RequireAdmin(ctx, caller); err != nil {
		return fmt.Errorf("asking for the caller's right: %w", err)
	}
	return nil
}

// isRefusal reports whether the caller was known and may not do or see this, whatever the answer says of it.
func isRefusal(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, user.ErrNotAdmin) || errors.Is(err, access.ErrNotTheirs)
}

// callWithScope calls h for the caller whom the claims name, if they have the scope.
func callWithScope(
	ctx context.Context, scope string, claims token.Claims, h CallerHandler, r *Request,
) (Response, error) {
	if !claims.HasScope(scope) {
		return Response{}, fmt.Errorf("scope %s: %w", scope, ErrForbidden)
	}
	caller := user.Caller{UserID: claims.UserID, Email: claims.Email, SessionID: claims.SessionID}
	caller.Admin = claims.HasScope(token.ScopeAdmin)
	return h(ctx, caller, r)
}

// bearer reads the header by RFC 6750, section 2.1; the scheme is case-insensitive by RFC 9110, section 11.1.
func bearer(header string) (string, bool) {
	scheme, raw, found := strings.Cut(header, " ")
	return strings.TrimSpace(raw), found && strings.EqualFold(scheme, "Bearer")
}
