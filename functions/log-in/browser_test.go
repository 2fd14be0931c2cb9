package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/user"
)

const (
	device      = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"
	otherDevice = "9Qm2nB0yXl8wZc7aTt3sVfUo1pKjHhGdEr6iYbNxLk8"
)

func newDevice() string { return device }

// setsDevice is the cookie of a browser.
func setsDevice(token string) string {
	return "__Host-device=" + token + "; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Strict"
}

// browserEvent is the event as a page of the shop's own sends it.
func browserEvent(t *testing.T, session string) httpapitest.Event {
	e := httpapitest.ReadEvent(t)
	return e.FromBrowser("POST /browser-sessions", e.Body, session)
}

// TestLogInInABrowser: the refresh token is in the cookie and not in the body, and the session of a cookie that came
// along ends.
func TestLogInInABrowser(t *testing.T) {
	scopes := map[user.Role]string{user.RoleCustomer: "[]", user.RoleAdmin: `["admin"]`}
	for session, role := range map[string]user.Role{"": user.RoleCustomer, httpapitest.RefreshToken: user.RoleAdmin} {
		want := user.Credentials{
			Address: httpapitest.Email, Password: httpapitest.Password, ClientKey: "192.0.2.7", Replaces: session,
			Device: device,
		}
		h := logIn(authenticate(func(got user.Credentials) (user.Session, error) {
			if got != want {
				t.Errorf("the credentials are %+v, want %+v", got, want)
			}
			return user.Session{
				User: user.User{
					ID: httpapitest.Customer.UserID, Email: httpapitest.Email, Name: "Ada", Role: role,
				},
				AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute,
				RefreshToken: httpapitest.NextRefreshToken, RefreshExpiresIn: 30 * 24 * time.Hour,
			}, nil
		}), newDevice)
		httpapitest.Call(t, h, browserEvent(t, session)).Check(t, httpapitest.Want{
			Status:  http.StatusCreated,
			Cookies: append(httpapitest.SetsSession(httpapitest.NextRefreshToken), setsDevice(device)),
			Body: fmt.Sprintf(`{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"user":{"user_id":%q,`+
				`"email":"ada@example.com","name":"Ada","admin":%t,"scopes":%s}}`, httpapitest.Customer.UserID,
				role == user.RoleAdmin, scopes[role]),
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
	}), newDevice)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithCookie(httpapi.SessionCookie, httpapitest.RefreshToken)).
		CheckProblem(t,
			httpapitest.Problem{Code: "invalid_credentials"})
}

// TestWrongGuessKeepsTheCookie: a wrong password ends no session.
func TestWrongGuessKeepsTheCookie(t *testing.T) {
	h := logIn(authenticate(func(user.Credentials) (user.Session, error) {
		return user.Session{}, user.ErrInvalidCredentials
	}), newDevice)
	httpapitest.Call(t, h, browserEvent(t, httpapitest.RefreshToken)).CheckProblem(t,
		httpapitest.Problem{Code: "invalid_credentials"})
}

// TestDevice: a browser keeps its token, for 400 days from each log-in; what is none, or comes twice, is replaced.
// Other clients have none.
func TestDevice(t *testing.T) {
	for given, want := range map[string]string{
		otherDevice: otherDevice, "": device, "guess": device, otherDevice + "A": device, otherDevice + "=": device,
	} {
		h := logIn(authenticate(func(c user.Credentials) (user.Session, error) {
			if c.Device != want {
				t.Errorf("%q: the browser is %q, want %q", given, c.Device, want)
			}
			return user.Session{RefreshToken: httpapitest.RefreshToken, RefreshExpiresIn: 30 * 24 * time.Hour,
				AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute,
				User: user.User{ID: httpapitest.Customer.UserID, Email: httpapitest.Email, Name: "Ada"}}, nil
		}), newDevice)
		a := httpapitest.Call(t, h, browserEvent(t, "").WithCookie(httpapi.DeviceCookie, given))
		if len(a.Cookies) != 2 || a.Cookies[1] != setsDevice(want) {
			t.Errorf("%q: got the cookies %q, want %q", given, a.Cookies, setsDevice(want))
		}
		if strings.Contains(a.Log, want) {
			t.Errorf("the log tells the token: %s", a.Log)
		}
	}
	h := logIn(authenticate(func(c user.Credentials) (user.Session, error) {
		if c.Device != "" {
			t.Errorf("the browser is %q, want none", c.Device)
		}
		return user.Session{}, user.ErrInvalidCredentials
	}), newDevice)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithCookie(httpapi.DeviceCookie, otherDevice)).CheckProblem(t,
		httpapitest.Problem{Code: "invalid_credentials"})
}

func TestSameOrigin(t *testing.T) {
	httpapitest.CheckSameOrigin(t, browserEvent(t, httpapitest.RefreshToken), logIn(authenticate(nil), newDevice))
}
