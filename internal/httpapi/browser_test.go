package httpapi

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// TestCookie: a cookie is found by its whole name, and one that comes twice is none: a page of another host under the
// same domain may have set one of the two, were it not for the prefix.
func TestCookie(t *testing.T) {
	for want, cookies := range map[string][]string{
		"v":   {"a=b", "__Host-session=v", "c=d"},
		"v=w": {"__Host-session=v=w"},
	} {
		if got := requestWith(cookies).Cookie(SessionCookie); got != want {
			t.Errorf("%q: got %q, want %q", cookies, got, want)
		}
	}
	for _, cookies := range [][]string{
		nil, {"__Host-session"}, {"__Host-session="}, {"__host-session=v"}, {"x__Host-session=v"},
		{"__Host-session2=v"}, {"a=__Host-session=v"},
		{"__Host-session=v", "__Host-session=w"}, {"__Host-session=v", "__Host-session=v"},
	} {
		if got := requestWith(cookies).Cookie(SessionCookie); got != "" {
			t.Errorf("%q: got %q, want none", cookies, got)
		}
	}
}

func requestWith(cookies []string) *Request {
	return &Request{event: events.APIGatewayV2HTTPRequest{Cookies: cookies}, describe: describeForTests}
}

// TestWithCookie: a response that two others are made of gives each its own cookies.
func TestWithCookie(t *testing.T) {
	one := NoContent().WithCookie("a", "1", 90*time.Minute+time.Millisecond)
	two, three := one.WithCookie("b", "2", time.Second), one.WithCookie("c", "", 0)
	const a = "a=1; Path=/; Max-Age=5400; HttpOnly; Secure; SameSite=Strict"
	for _, c := range []struct{ got, want []string }{
		{two.cookies, []string{a, "b=2; Path=/; Max-Age=1; HttpOnly; Secure; SameSite=Strict"}},
		{three.cookies, []string{a, "c=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// TestWithoutSession: only an answer 401 removes the cookie. The store's own failure ends no session.
func TestWithoutSession(t *testing.T) {
	for err, removed := range map[error]int{ErrUnauthenticated: 1, errors.New("down"): 0} {
		p := problem(t.Context(), requestWith(nil), WithoutSession(err))
		if len(p.cookies) != removed {
			t.Errorf("%v: got the cookies %q, want %d", err, p.cookies, removed)
		}
	}
}

// TestSameOrigin: only what the browser says comes from a page of the same origin, and no form can make, is served; all
// else is audited.
func TestSameOrigin(t *testing.T) {
	const own, isJSON = "same-origin", "application/json"
	h := SameOrigin(answering(NoContent()))
	for from, status := range map[[2]string]int{
		{own, isJSON}: 204, {"cross-site", isJSON}: 403, {"same-site", isJSON}: 403, {"none", isJSON}: 403,
		{"", isJSON}: 403, {own + ",cross-site", isJSON}: 403, {"Same-Origin", isJSON}: 403,
		{own, "application/x-www-form-urlencoded"}: 403, {own, "text/plain"}: 403, {own, ""}: 403,
	} {
		e := event()
		e.Headers["sec-fetch-site"], e.Headers["content-type"] = from[0], from[1]
		out, log := run(t, h, e)
		audited := strings.Contains(log, `"event":"access_refused"`) && strings.Contains(log, `"reason":"forbidden"`)
		if out.StatusCode != status || audited != (status == 403) {
			t.Errorf("%q: got %d, audited %t, want %d", from, out.StatusCode, audited, status)
		}
	}
}
