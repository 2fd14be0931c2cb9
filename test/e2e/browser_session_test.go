package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	storeduser "shop/internal/user"
)

// browser is what a browser keeps of the store's pages: the cookies.
type browser struct{ session, device string }

// ask makes a call as a page of the store's own does.
func (b *browser) ask(path string, body any) call {
	c := call{method: "POST", path: "/browser-sessions" + path, body: body}.sent("Sec-Fetch-Site", "same-origin")
	var cookies []string
	for name, value := range map[string]string{"__Host-session": b.session, "__Host-device": b.device} {
		if value != "" {
			cookies = append(cookies, name+"="+value)
		}
	}
	if len(cookies) > 0 {
		c = c.sent("Cookie", strings.Join(cookies, "; "))
	}
	return c
}

// sent is the call with one more header.
func (c call) sent(name, value string) call {
	h := c.header.Clone()
	if h == nil {
		h = http.Header{}
	}
	h.Set(name, value)
	c.header = h
	return c
}

// keep keeps the cookies that an answer sets or removes, as a browser does.
func (b *browser) keep(t *testing.T, a answer) answer {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie %s is not for this host, HTTPS and no script: %s", c.Name, c.Raw)
		}
		switch c.Name {
		case "__Host-session":
			b.session = c.Value
		case "__Host-device":
			if b.device = c.Value; c.MaxAge != 400*24*60*60 {
				t.Errorf("the cookie of the browser lasts for %d seconds, want 400 days", c.MaxAge)
			}
		default:
			t.Errorf("there is another cookie: %s", c.Raw)
		}
	}
	return a
}

type browserSession struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	User        struct {
		UserID string   `json:"user_id"`
		Email  string   `json:"email"`
		Name   string   `json:"name"`
		Admin  bool     `json:"admin"`
		Scopes []string `json:"scopes"`
	} `json:"user"`
}

// logIn logs c in, and returns the session.
func (b *browser) logIn(t *testing.T, c caller) browserSession {
	t.Helper()
	return decodeExact[browserSession](t,
		b.keep(t, send(t, b.ask("", logIn{c.Email, password}))).want(t, http.StatusCreated))
}

func (b *browser) refresh(t *testing.T) browserSession {
	t.Helper()
	return decodeExact[browserSession](t, b.keep(t, send(t, b.ask("/refresh", struct{}{}))).want(t, http.StatusOK))
}

// over fails the test unless the browser's session is refused, and its cookie removed.
func (b *browser) over(t *testing.T) {
	t.Helper()
	b.keep(t, send(t, b.ask("/refresh", struct{}{}))).refused(t, http.StatusUnauthorized, "unauthenticated")
	if b.session != "" {
		t.Errorf("the cookie %s is still there", b.session)
	}
}

// TestBrowserSession: a browser logs in, goes on, and logs out, by the cookie.
func TestBrowserSession(t *testing.T) {
	t.Parallel()
	c, b := newCustomer(t), &browser{}
	s := b.logIn(t, c)
	for range 3 {
		if s.User.UserID != c.UserID || s.User.Email != c.Email || s.User.Name != c.Name || s.User.Admin ||
			s.ExpiresIn != 900 || s.TokenType != "Bearer" {
			t.Errorf("session = %+v, want one of %+v", s, c.user)
		}
		if claims, err := claimsOf(s.AccessToken); err != nil ||
			!strings.HasPrefix(b.session, claims["sid"].(string)+".") {
			t.Errorf("the access token's session is %v (error %v), and the cookie %s", claims["sid"], err, b.session)
		}
		send(t, call{method: "GET", path: "/orders", from: caller{token: s.AccessToken}}).want(t, http.StatusOK)
		before := b.session
		if s = b.refresh(t); b.session == before {
			t.Error("the cookie is the same as before")
		}
	}
	left := *b
	b.keep(t, send(t, b.ask("/revoke", struct{}{})).want(t, http.StatusNoContent))
	if b.session != "" {
		t.Errorf("the cookie %s is still there", b.session)
	}
	left.over(t)
	b.over(t)
	send(t, b.ask("/revoke", struct{}{})).want(t, http.StatusNoContent)
}

// TestBrowserSessionOfAnAdmin says so, as stored now.
func TestBrowserSessionOfAnAdmin(t *testing.T) {
	t.Parallel()
	boss, b := newAdmin(t), &browser{}
	if s := b.logIn(t, boss); !s.User.Admin {
		t.Errorf("session = %+v, want an admin's", s)
	}
	operator(t, "revoke", boss.Email, "admin", "--yes")
	b.over(t)
	if s := b.logIn(t, boss); s.User.Admin {
		t.Errorf("session = %+v, want a customer's", s)
	}
}

// TestBrowserLogInReplacesTheSession: who logs in over a session, as another user even, leaves none behind; a wrong
// password leaves it.
func TestBrowserLogInReplacesTheSession(t *testing.T) {
	t.Parallel()
	ann, bob, b := newCustomer(t), newCustomer(t), &browser{}
	elsewhere := newSession(t, ann)
	b.logIn(t, ann)
	b.keep(t, send(t, b.ask("", logIn{bob.Email, "wrong " + password}))).refused(t, http.StatusUnauthorized,
		"invalid_credentials")
	if s := b.refresh(t); s.User.UserID != ann.UserID {
		t.Errorf("the session is %s's, want %s's", s.User.UserID, ann.UserID)
	}
	anns := *b
	if s := b.logIn(t, bob); s.User.UserID != bob.UserID {
		t.Errorf("the session is %s's, want %s's", s.User.UserID, bob.UserID)
	}
	anns.over(t)
	b.refresh(t)
	refreshed(t, elsewhere)
}

// TestCookieOutlivesALostAnswer: whose answer was lost, or whose tabs refresh at once, comes again with the cookie from
// before and is given the same next one. After the grace such a cookie is a stolen one: it ends the session, for both.
func TestCookieOutlivesALostAnswer(t *testing.T) {
	t.Parallel()
	b := &browser{}
	b.logIn(t, newCustomer(t))
	tabs := make([]browser, 4)
	atOnce(t, len(tabs), len(tabs), func(i int) error {
		tab := *b
		a, err := tab.ask("/refresh", struct{}{}).untilNotBusy(t.Context())
		if err == nil {
			tab.keep(t, a.want(t, http.StatusOK))
		}
		tabs[i] = tab
		return err
	})
	for _, tab := range tabs[1:] {
		if tab != tabs[0] || tab.session == b.session {
			t.Errorf("the cookie %s led to %s and to %s", b.session, tabs[0].session, tab.session)
		}
	}
	stolen := *b
	*b = tabs[0]
	id, _, _ := strings.Cut(b.session, ".")
	rewrite(t, "AuthStateTable", "session_id", id, "SET used_at = :at",
		map[string]types.AttributeValue{":at": stamp(time.Now().Add(-31 * time.Second))})
	stolen.over(t)
	b.over(t)
}

// TestForeignPages: the routes of the cookie serve no page of another site.
// Nothing happens to the session, and nothing of the cookie is changed.
func TestForeignPages(t *testing.T) {
	t.Parallel()
	c, b := newCustomer(t), &browser{}
	b.logIn(t, c)
	for path, body := range map[string]any{
		"": logIn{c.Email, password}, "/refresh": struct{}{}, "/revoke": struct{}{},
	} {
		a := send(t, b.ask(path, body).sent("Sec-Fetch-Site", "cross-site"))
		a.refused(t, http.StatusForbidden, "forbidden")
		if set := a.header["Set-Cookie"]; set != nil {
			t.Errorf("%s set %q", path, set)
		}
	}
	b.refresh(t)
}

// TestCookieLastsAsTheToken: 30 days, or what is left of the session's 90.
func TestCookieLastsAsTheToken(t *testing.T) {
	t.Parallel()
	b := &browser{}
	b.logIn(t, newCustomer(t))
	id, _, _ := strings.Cut(b.session, ".")
	rewrite(t, "AuthStateTable", "session_id", id, "SET begun_at = :at",
		map[string]types.AttributeValue{":at": stamp(time.Now().Add(-89 * 24 * time.Hour))})
	a := send(t, b.ask("/refresh", struct{}{})).want(t, http.StatusOK)
	_, rest, _ := strings.Cut(a.header.Get("Set-Cookie"), "Max-Age=")
	age, _, _ := strings.Cut(rest, ";")
	if seconds, err := strconv.Atoi(age); err != nil || seconds < 86400-60 || seconds > 86400 {
		t.Errorf("the cookie lasts for %s seconds, want a day's", age)
	}
}

// TestCookieIsNoAuthority: every other route goes by the token alone, and POST /sessions leaves a cookie's session
// alone.
func TestCookieIsNoAuthority(t *testing.T) {
	t.Parallel()
	c, b := newCustomer(t), &browser{}
	b.logIn(t, c)
	cookie := "__Host-session=" + b.session
	send(t, call{method: "GET", path: "/orders"}.sent("Cookie", cookie)).want(t, http.StatusUnauthorized)
	send(t, refresh("").sent("Cookie", cookie)).refused(t, http.StatusBadRequest, "invalid_request")
	send(t, postSession(logIn{c.Email, password}).sent("Cookie", cookie)).want(t, http.StatusCreated)
	send(t, b.ask("/refresh", struct{}{}).sent("Cookie", cookie+"; "+cookie)).
		refused(t, http.StatusUnauthorized, "unauthenticated")
	b.refresh(t)
}

// TestKnownBrowserIsNotLocked: somebody at the owner's network guesses until nobody from there is let in, but the
// browser that the owner logged in with before. It stays known when it logs out, and has no more guesses than anyone.
func TestKnownBrowserIsNotLocked(t *testing.T) {
	t.Parallel()
	c, addr, b := newCustomer(t), freshAddr(), &browser{}
	try := func(b *browser, password string) answer {
		return b.keep(t, send(t, b.ask("", logIn{c.Email, password}).callingFrom(addr)))
	}
	try(b, password).want(t, http.StatusCreated)
	device := b.device
	b.keep(t, send(t, b.ask("/revoke", struct{}{})).want(t, http.StatusNoContent))
	throttle(t, c.Email, addr)
	prolong(t, c.Email, addr, storeduser.PerAddressAndClient)
	for n := range 25 {
		guess(t, c.Email, addr, n)
	}
	prolong(t, c.Email, addr, storeduser.Reserve)
	send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).refused(t, http.StatusTooManyRequests,
		"too_many_requests")
	try(&browser{}, password).refused(t, http.StatusTooManyRequests, "too_many_requests")
	try(b, "wrong "+password).refused(t, http.StatusUnauthorized, "invalid_credentials")
	try(b, password).want(t, http.StatusCreated)
	if b.device != device {
		t.Errorf("the browser is %s now, and was %s", b.device, device)
	}
	for range 20 {
		try(b, "wrong "+password).refused(t, http.StatusUnauthorized, "invalid_credentials")
	}
	// Where this machine is so slow that the wait is over before the next guess, the next wait is twice as long.
	for n := 0; try(b, "wrong "+password).status != http.StatusTooManyRequests; n++ {
		if n == 5 {
			t.Fatal("a browser that is known has more than 25 guesses")
		}
	}
}
