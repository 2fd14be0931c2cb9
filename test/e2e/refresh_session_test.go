package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func refresh(token string) call {
	return call{method: "POST", path: "/sessions/refresh", body: refreshToken{token}}
}

func logOut(token string) call {
	return call{method: "POST", path: "/sessions/revoke", body: refreshToken{token}}
}

// newSession logs a customer in once more.
func newSession(t *testing.T, c caller) session {
	t.Helper()
	return decodeExact[session](t, send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated))
}

// refreshed is the session's next answer.
func refreshed(t *testing.T, s session) session {
	t.Helper()
	return decodeExact[session](t, send(t, refresh(s.RefreshToken)).want(t, http.StatusOK))
}

// over fails the test unless the session's refresh token is refused.
func (s session) over(t *testing.T) {
	t.Helper()
	send(t, refresh(s.RefreshToken)).refused(t, http.StatusUnauthorized, "unauthenticated")
}

func TestRefreshSession(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	last := newSession(t, c)
	for range 3 {
		next := refreshed(t, last)
		if want := (session{next.AccessToken, "Bearer", 900, next.RefreshToken}); next != want {
			t.Errorf("session = %+v, want %+v", next, want)
		}
		if next.AccessToken == last.AccessToken || next.RefreshToken == last.RefreshToken {
			t.Error("a token is the same as before")
		}
		if id, err := subjectOf(next.AccessToken); err != nil || id != c.UserID {
			t.Errorf("the token is %s's (error %v), want %s's", id, err, c.UserID)
		}
		send(t, call{method: "GET", path: "/orders", from: caller{token: next.AccessToken}}).want(t, http.StatusOK)
		last = next
	}
}

// TestRefreshTokenIsNoAccessToken, and an access token no refresh token.
func TestRefreshTokenIsNoAccessToken(t *testing.T) {
	t.Parallel()
	s := newSession(t, newCustomer(t))
	send(t, call{method: "GET", path: "/orders", from: caller{token: s.RefreshToken}}).want(t, http.StatusUnauthorized)
	session{RefreshToken: s.AccessToken}.over(t)
	refreshed(t, s)
}

// TestReusedRefreshToken ends its family, and no other one: a token that was
// replaced long since, or two uses ago.
func TestReusedRefreshToken(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	first, other := newSession(t, c), newSession(t, c)
	second := refreshed(t, first)
	if again := refreshed(t, first); again.RefreshToken != second.RefreshToken {
		t.Errorf("the token used last led to %s and then to %s", second.RefreshToken, again.RefreshToken)
	}
	third := refreshed(t, second)
	first.over(t)
	third.over(t)
	second.over(t)
	refreshed(t, other)
}

// TestFalseRefreshTokens: a guess at a session's secret ends it; what is no
// token of a session leaves it alone.
func TestFalseRefreshTokens(t *testing.T) {
	t.Parallel()
	s := newSession(t, newCustomer(t))
	id, secret, _ := strings.Cut(s.RefreshToken, ".")
	for _, none := range []string{
		id, id + ".", id + "." + secret + "A", id + "." + secret + "=", strings.ToUpper(id) + "." + secret,
		" " + s.RefreshToken,
	} {
		session{RefreshToken: none}.over(t)
	}
	s = refreshed(t, s)
	session{RefreshToken: id + "." + otherCharacter(secret[:1]) + secret[1:]}.over(t)
	s.over(t)
}

// TestRefreshesAtOnce: all that send one token are given the same next one, and
// the session goes on.
func TestRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	for range 3 {
		s := newSession(t, c)
		answers := make([]answer, 8)
		atOnce(t, len(answers), len(answers), func(i int) error {
			var err error
			answers[i], err = refresh(s.RefreshToken).untilNotBusy(t.Context())
			return err
		})
		next := decodeExact[session](t, answers[0].want(t, http.StatusOK))
		for _, a := range answers[1:] {
			if got := decodeExact[session](t, a.want(t, http.StatusOK)); got.RefreshToken != next.RefreshToken {
				t.Errorf("one token led to %s and to %s", next.RefreshToken, got.RefreshToken)
			}
		}
		refreshed(t, next)
	}
}

// TestRefreshPastTheGrace: the token used last ends the session once the grace
// is over.
func TestRefreshPastTheGrace(t *testing.T) {
	t.Parallel()
	first := newSession(t, newCustomer(t))
	second := refreshed(t, first)
	id, _, _ := strings.Cut(first.RefreshToken, ".")
	rewrite(t, "AuthStateTable", "session_id", id, "SET used_at = :at",
		map[string]types.AttributeValue{":at": stamp(time.Now().Add(-31 * time.Second))})
	first.over(t)
	second.over(t)
}

// TestRefreshAfterDemotion: a change of role ends the sessions, in both directions; a new log-in has the rights of now.
func TestRefreshAfterDemotion(t *testing.T) {
	t.Parallel()
	s := newSession(t, newAdmin(t))
	wantScope(t, s, "customer admin")
	s = refreshed(t, s)
	wantScope(t, s, "customer admin")
	claims, err := claimsOf(s.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	former := caller{user: user{Email: claims["email"].(string)}}
	operator(t, "revoke", former.Email, "admin", "--yes")
	s.over(t)
	s = newSession(t, former)
	wantScope(t, s, "customer")
	send(t, call{method: "GET", path: "/admin/orders", from: caller{token: s.AccessToken}}).
		want(t, http.StatusForbidden)
	operator(t, "grant", former.Email, "admin", "--yes")
	s.over(t)
	wantScope(t, newSession(t, former), "customer admin")
}

func wantScope(t *testing.T, s session, want string) {
	t.Helper()
	claims, err := claimsOf(s.AccessToken)
	if err != nil || claims["scope"] != want {
		t.Errorf("scope = %v (error %v), want %s", claims["scope"], err, want)
	}
}

// TestLogOut: by the newest token or by one that was used, once or twice.
func TestLogOut(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	stays := newSession(t, c)
	for range 2 {
		first := newSession(t, c)
		second := refreshed(t, first)
		for _, token := range []string{second.RefreshToken, second.RefreshToken, first.RefreshToken} {
			a := send(t, logOut(token)).want(t, http.StatusNoContent)
			if len(a.body) > 0 {
				t.Errorf("the answer has a body: %s", clip(a.body))
			}
		}
		second.over(t)
	}
	used := newSession(t, c)
	next := refreshed(t, used)
	send(t, logOut(used.RefreshToken)).want(t, http.StatusNoContent)
	next.over(t)
	for _, unknown := range []string{
		"token", "ses_" + strings.Repeat("a", 26) + "." + strings.Repeat("A", 43), stays.AccessToken,
	} {
		send(t, logOut(unknown)).want(t, http.StatusNoContent)
	}
	refreshed(t, stays)
}
