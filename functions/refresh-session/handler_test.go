package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/user"
)

// refresh is a sessionRefresher. Calling a nil one panics, and so is answered as internal.
type refresh func(refreshToken string) (user.Session, error)

func (r refresh) Do(_ context.Context, refreshToken string) (user.Session, error) {
	return r(refreshToken)
}

func TestRefreshSession(t *testing.T) {
	for body, want := range map[string]string{
		httpapitest.ReadEvent(t).Body:    httpapitest.RefreshToken,
		`{"refresh_\u0074oken":" x\n "}`: " x\n ",
	} {
		h := refreshSession(refresh(func(got string) (user.Session, error) {
			if got != want {
				t.Errorf("the token is %q, want %q", got, want)
			}
			return user.Session{
				AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute, RefreshToken: httpapitest.NextRefreshToken,
			}, nil
		}))
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, httpapitest.Want{
			Status: http.StatusOK,
			Body: `{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"refresh_token":"` +
				httpapitest.NextRefreshToken + `"}`,
		})
	}
}

func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), refreshSession(refresh(nil))
	httpapitest.CheckBody(t, e, h)
	httpapitest.Call(t, h, e.WithBody(`{}`)).CheckProblem(t, httpapitest.FieldErrors("refresh_token", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return refreshSession(refresh(func(string) (user.Session, error) { return user.Session{}, err }))
	})
}

// TestAudit: a token that was used before is audited, and no other refusal; the token itself is in no line.
func TestAudit(t *testing.T) {
	for err, want := range map[error][]observe.Event{
		&user.TokenReusedError{
			SessionID: "ses_1", UserID: "usr_1",
		}: {{Kind: observe.RefreshReused, UserID: "usr_1", Subject: "ses_1", Reason: "unauthenticated"}},
		user.ErrSessionOver: nil,
	} {
		h := refreshSession(refresh(func(string) (user.Session, error) { return user.Session{}, err }))
		e := httpapitest.ReadEvent(t)
		a := httpapitest.Call(t, h, e)
		a.CheckAudit(t, e, want...)
		if strings.Contains(a.Log, httpapitest.RefreshToken) {
			t.Errorf("the log tells the token: %s", a.Log)
		}
	}
}
