package httpapi

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Rights knows who may do what now.
type Rights interface {
	// Require returns user.ErrNoRight unless the caller has the scope of staff now.
	Require(ctx context.Context, caller user.Caller, scope string) error
}

// Guard lets in who may call. It checks the token itself and never believes what the event says of it, so that the
// function is as safe behind API Gateway as without it.
type Guard struct {
	Tokens Verifier
	Rights Rights // for routes that ask for a right of staff
}

// CallerHandler serves one route for a known caller.
type CallerHandler func(ctx context.Context, caller user.Caller, r *Request) (Response, error)

// Routes serves routes that need a token. Package access decides who may use each: by the token's scope, and, where a
// right of staff is used, by the stored role too. While the function is built, Routes panics for a route without a
// rule, for one that needs no token, and for one for staff if there are no Rights.
func (g Guard) Routes(handlers map[string]CallerHandler) Handler {
	guarded := map[string]Handler{}
	for route, h := range handlers {
		rule, ok := access.Of(route)
		if !ok || rule.Open() {
			panic("access has no rule by which a token opens " + route)
		}
		h = withoutUnknown(h)
		if rule.Reach == access.Anyones {
			h = g.entitled(route, rule.Scope, h)
		}
		guarded[route] = g.scope(rule.Scopes(), h)
	}
	return routes(guarded)
}

// Open serves routes that need no token. While the function is built, Open panics for a route for which package access
// says otherwise, or nothing.
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

// withoutUnknown refuses unknown and malformed query parameters before h is called.
func withoutUnknown(h CallerHandler) CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		if _, err := r.Query(); err != nil {
			return Response{}, err
		}
		return h(ctx, caller, r)
	}
}

func (g Guard) scope(scopes []string, h CallerHandler) Handler {
	return func(ctx context.Context, r *Request) (Response, error) {
		raw, ok := bearer(r.Header("Authorization"))
		if !ok {
			return Response{}, ErrUnauthenticated
		}
		claims, err := g.Tokens.Verify(ctx, raw)
		if err != nil {
			return Response{}, fmt.Errorf("verifying a token: %w", err)
		}
		response, err := callWithScope(observe.With(ctx, "user_id", claims.UserID), scopes, claims, h, r)
		if isRefusal(err) {
			observe.Audit(ctx, observe.Event{
				Kind: observe.AccessRefused, UserID: claims.UserID, Subject: r.event.RouteKey, Reason: r.code(err),
			})
		}
		return response, err
	}
}

// entitled serves only who has the scope now, by one consistent read of the stored role for each request. A route that
// only reads is served beside that read, so it takes no longer, but its answer is given to nobody else. One that
// writes is served after it.
func (g Guard) entitled(route, scope string, h CallerHandler) CallerHandler {
	if g.Rights == nil {
		panic("nobody knows who has the right at " + route)
	}
	if strings.HasPrefix(route, "GET ") {
		return g.besideRole(scope, h)
	}
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		if err := g.require(ctx, caller, scope); err != nil {
			return Response{}, err
		}
		return h(ctx, caller, r)
	}
}

// besideRole serves while the role is read. What is wrong with the role comes first, and ends h's reads.
func (g Guard) besideRole(scope string, h CallerHandler) CallerHandler {
	return func(ctx context.Context, caller user.Caller, r *Request) (Response, error) {
		var role errgroup.Group
		reads, stop := context.WithCancel(ctx)
		defer stop()
		role.Go(func() error {
			err := g.require(ctx, caller, scope)
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

func (g Guard) require(ctx context.Context, caller user.Caller, scope string) error {
	if err := g.Rights.Require(ctx, caller, scope); err != nil {
		return fmt.Errorf("asking for the caller's right: %w", err)
	}
	return nil
}

// isRefusal reports whether the caller was known and may not do or see this, whatever the answer says of it.
func isRefusal(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, user.ErrNoRight) || errors.Is(err, access.ErrNotTheirs)
}

// callWithScope calls h for the caller whom the claims name, if they have one of the scopes.
func callWithScope(
	ctx context.Context, scopes []string, claims token.Claims, h CallerHandler, r *Request,
) (Response, error) {
	if !slices.ContainsFunc(scopes, claims.HasScope) {
		return Response{}, fmt.Errorf("no scope of %s: %w", scopes, ErrForbidden)
	}
	caller := user.Caller{UserID: claims.UserID, Email: claims.Email, SessionID: claims.SessionID}
	caller.Role = user.RoleOf(claims.Scopes...)
	return h(ctx, caller, r)
}

// bearer reads the header by RFC 6750, section 2.1; the scheme is case-insensitive by RFC 9110, section 11.1.
func bearer(header string) (string, bool) {
	scheme, raw, found := strings.Cut(header, " ")
	return strings.TrimSpace(raw), found && strings.EqualFold(scheme, "Bearer")
}
