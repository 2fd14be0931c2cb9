package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/user"
)

// browserEvent is the event as a page of the shop's own sends it.
func browserEvent(t *testing.T, session string) httpapitest.Event {
	e := httpapitest.ReadEvent(t)
	return e.FromBrowser("POST /browser-sessions", e.Body, session)
}

// TestLogInInABrowser: the refresh token is in the cookie and not in the body, and the session of a cookie that came along ends.
func TestLogInInABrowser(t *testing.T) {
	for session, role := range map[string]user.Role{"": user.RoleCustomer, httpapitest.RefreshToken: user.RoleAdmin} {
		want := user.Credentials{Address: httpapitest.Email, Password: httpapitest.Password, Source: "192.0.2.7", Replaces: session}
		h := logIn(authenticate(func(got user.Credentials) (user.Session, error) {
			if got != want {
				t.Errorf("the credentials are %+v, want %+v", got, want)
			}
			return user.Session{
				User:        user.User{ID: httpapitest.Customer.UserID, Email: httpapitest.Email, Name: "Ada", Role: role},
				AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute,
				RefreshToken: httpapitest.NextRefreshToken, RefreshExpiresIn: 30 * 24 * time.Hour,
			}, nil
		}))
		httpapitest.Call(t, h, browserEvent(t, session)).Check(t, httpapitest.Want{
			Status: http.StatusCreated, Cookies: httpapitest.SetsSession(httpapitest.NextRefreshToken),
			Body: fmt.Sprintf(`{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"user":{"user_id":%q,`+
				`"email":"ada@example.com","name":"Ada","admin":%t}}`, httpapitest.Customer.UserID, role == user.RoleAdmin),
		})
	}
}

// TestLogInByCookie: POST /sessions looks at no cookie.
func TestLogInByCookie(t *testing.T) {
	h := logIn(authenticate(func(c user.Credentials) (user.Session, error) {
		if c.Replaces != "" {
			t.Errorf("the session of %q is to end", c.Replaces)
		}
		return user.Session{}, user.ErrInvalidCredentials
	}))
	httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithCookie(httpapi.SessionCookie, httpapitest.RefreshToken)).CheckProblem(t,
		httpapitest.Problem{Code: "invalid_credentials"})
}

// TestWrongGuessKeepsTheCookie: a wrong password ends no session.
func TestWrongGuessKeepsTheCookie(t *testing.T) {
	h := logIn(authenticate(func(user.Credentials) (user.Session, error) { return user.Session{}, user.ErrInvalidCredentials }))
	httpapitest.Call(t, h, browserEvent(t, httpapitest.RefreshToken)).CheckProblem(t, httpapitest.Problem{Code: "invalid_credentials"})
}

func TestOwnPages(t *testing.T) {
	httpapitest.CheckOwnPages(t, browserEvent(t, httpapitest.RefreshToken), logIn(authenticate(nil)))
}
