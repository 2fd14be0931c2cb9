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
	return httpapitest.ReadEvent(t).FromBrowser("POST /browser-sessions/refresh", "{}", session)
}

// TestRefreshInABrowser: the token comes and goes in the cookie, for as long as the session still lasts.
func TestRefreshInABrowser(t *testing.T) {
	h := refreshSession(refresh(func(got string) (user.Session, error) {
		if got != httpapitest.RefreshToken {
			t.Errorf("the token is %q, want %q", got, httpapitest.RefreshToken)
		}
		return user.Session{
			User: user.User{
				ID: httpapitest.Customer.UserID, Email: httpapitest.Email, Name: "Ada", Role: user.RoleCustomer,
			},
			AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute,
			RefreshToken: httpapitest.NextRefreshToken, RefreshExpiresIn: 30 * 24 * time.Hour,
		}, nil
	}))
	httpapitest.Call(t, h, browserEvent(t, httpapitest.RefreshToken)).Check(t, httpapitest.Want{
		Status: http.StatusOK, Cookies: httpapitest.SetsSession(httpapitest.NextRefreshToken),
		Body: fmt.Sprintf(`{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"user":{"user_id":%q,`+
			`"email":"ada@example.com","name":"Ada","admin":false,"scopes":[]}}`, httpapitest.Customer.UserID),
	})
}

// TestRefusalsInABrowser: a token that is no good, none, or two of them, is removed; the store's own failure removes
// none.
func TestRefusalsInABrowser(t *testing.T) {
	over := httpapitest.Problem{
		Code: "unauthenticated", Detail: "There is no such session, or no longer. Log in again.",
		Cookies: httpapitest.RemovesSession(),
	}
	twice := browserEvent(t, httpapitest.RefreshToken).WithCookie(httpapi.SessionCookie, httpapitest.NextRefreshToken)
	for want, e := range map[string]httpapitest.Event{
		"": twice, httpapitest.RefreshToken: browserEvent(t, httpapitest.RefreshToken),
	} {
		h := refreshSession(refresh(func(got string) (user.Session, error) {
			if got != want {
				t.Errorf("the token is %q, want %q", got, want)
			}
			return user.Session{}, user.ErrSessionOver
		}))
		httpapitest.Call(t, h, e).CheckProblem(t, over)
	}
	httpapitest.CheckRefusals(t, browserEvent(t, httpapitest.RefreshToken), func(err error) httpapi.Handler {
		return refreshSession(refresh(func(string) (user.Session, error) { return user.Session{}, err }))
	})
}

// TestTokenInABody: the routes of cookies take no token otherwise.
func TestTokenInABody(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	httpapitest.Call(t, refreshSession(refresh(nil)), e.FromBrowser("POST /browser-sessions/refresh", e.Body, "")).
		CheckProblem(t,
			httpapitest.FieldErrors("refresh_token", "is not a known member"))
}

func TestSameOrigin(t *testing.T) {
	httpapitest.CheckSameOrigin(t, browserEvent(t, httpapitest.RefreshToken), refreshSession(refresh(nil)))
}
