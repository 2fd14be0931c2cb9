package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"shop/internal/observe"
)

// SessionCookie has the refresh token of a browser session. The prefix __Host- has browsers take the cookie from the
// host itself alone, over HTTPS (draft-ietf-httpbis-rfc6265bis, section 4.1.3.2).
const SessionCookie = "__Host-session"

// DeviceCookie has the token by which a browser is known for the addresses that logged in with it.
const DeviceCookie = "__Host-device"

// ErrCrossSite says that a request at a route of cookies does not come from a page of the store's own origin.
var ErrCrossSite = errors.New("the request does not come from a page of the store's own origin")

// SameOrigin serves a route that goes by cookies, which a browser sends whoever made the page: only requests that the
// browser says come from a page of the same origin, and that no form can make, get to h (OWASP ASVS 5.0, 3.5.1 and
// 3.5.3). Scripts cannot set the header (https://www.w3.org/TR/fetch-metadata/).
func SameOrigin(h Handler) Handler {
	return func(ctx context.Context, r *Request) (Response, error) {
		if site := r.Header("Sec-Fetch-Site"); site != "same-origin" || !isJSON(r.Header("Content-Type")) {
			observe.Audit(ctx, observe.Event{
				Kind: observe.AccessRefused, Subject: r.event.RouteKey, Reason: r.code(ErrCrossSite),
			})
			return Response{}, fmt.Errorf("Sec-Fetch-Site %.20q: %w", site, ErrCrossSite)
		}
		return h(ctx, r)
	}
}

// Cookie returns the value of the cookie, or "" where the request has none, or more than one of the name: nobody can
// tell which of them is ours.
func (r *Request) Cookie(name string) string {
	found, value := 0, ""
	for _, cookie := range r.event.Cookies {
		if key, v, ok := strings.Cut(cookie, "="); ok && strings.TrimSpace(key) == name {
			found, value = found+1, v
		}
	}
	if found != 1 {
		return ""
	}
	return value
}

// WithCookie returns the response with a cookie that scripts cannot read and no other site's pages send, for so long; 0
// removes it. The value has no character that a cookie may not have.
func (p Response) WithCookie(name, value string, lifetime time.Duration) Response {
	c := http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: max(0, int(lifetime.Seconds())),
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
	if c.MaxAge == 0 {
		c.MaxAge = -1 // written as Max-Age=0
	}
	p.cookies = append(p.cookies[:len(p.cookies):len(p.cookies)], c.String())
	return p
}

// WithoutSession has the answer to err remove the session's cookie.
func WithoutSession(err error) error { return withoutSession{err} }

type withoutSession struct{ error }

// Unwrap returns the error that is answered.
func (w withoutSession) Unwrap() error { return w.error }
