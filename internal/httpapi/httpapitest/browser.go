package httpapitest

import (
	"testing"

	"shop/internal/httpapi"
)

// The cookies that a browser is given, and what removes them.
const (
	removedSession = "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
	sessionLasts   = "; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Strict"
)

// SetsSession is the cookie of a session that lasts for 30 days.
func SetsSession(refreshToken string) []string {
	return []string{"__Host-session=" + refreshToken + sessionLasts}
}

// RemovesSession is what removes the cookie of a session.
func RemovesSession() []string { return []string{removedSession} }

// FromBrowser returns the event as a page of the shop's own sends it to another route, with a body and, unless it is
// empty, the cookie of a session.
func (e Event) FromBrowser(route, body, session string) Event {
	e = e.To(route, nil).WithBody(body).WithHeader("Sec-Fetch-Site", "same-origin")
	if session != "" {
		e = e.WithCookie(httpapi.SessionCookie, session)
	}
	return e
}

// CheckSameOrigin shows that the event, which a page of the shop's own sent, is refused from anywhere else: the tests
// of SameOrigin have the ways. The handler is to be one whose domain is not called.
func CheckSameOrigin(t *testing.T, e Event, h httpapi.Handler) {
	t.Helper()
	Call(t, h, e.WithHeader("Sec-Fetch-Site", "cross-site")).CheckProblem(t, CrossSite)
}

// CrossSite is the refusal of a request that no page of the shop's own sent.
var CrossSite = Problem{
	Code:   "forbidden",
	Detail: "This is for the shop's own pages alone. It needs the header Sec-Fetch-Site of one origin, and application/json.",
}
