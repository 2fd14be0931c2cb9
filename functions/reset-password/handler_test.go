package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/validation"
)

// token stands in event.json.
const token = "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY"

// reset is a passwordResetter. Calling a nil one panics, and so is answered as internal.
type reset func(token, password string) (string, error)

func (r reset) Do(_ context.Context, token, password, _, clientKey string) (string, error) {
	if clientKey != "192.0.2.7" {
		return "", fmt.Errorf("reset from %q", clientKey)
	}
	return r(token, password)
}

func TestResetPassword(t *testing.T) {
	for body, want := range map[string][2]string{
		httpapitest.ReadEvent(t).Body:           {token, httpapitest.Password},
		`{"password":" \u0070 ","token":" t "}`: {" t ", " p "},
	} {
		asked := 0
		h := resetPassword(reset(func(token, password string) (string, error) {
			if asked++; token != want[0] || password != want[1] {
				t.Errorf("asked with %q and %q, want %q", token, password, want)
			}
			return "usr_1", nil
		}))
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body))
		if a.Status != http.StatusNoContent || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
			t.Errorf("answered %d %q %v after %d calls, want 204 and nothing else", a.Status, a.Body, a.Header, asked)
		}
	}
}

func TestBody(t *testing.T) {
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), resetPassword(reset(nil)))
}

// TestTokensAreNotLogged: a token is as good as a password.
func TestTokensAreNotLogged(t *testing.T) {
	for _, err := range []error{
		nil, context.DeadlineExceeded, validation.Errors{{Field: "token", Message: "is no good"}},
	} {
		a := httpapitest.Call(t, resetPassword(reset(func(string, string) (string, error) { return "", err })),
			httpapitest.ReadEvent(t))
		if log := a.Log; log == "" || strings.Contains(log, token) {
			t.Errorf("the log is %s, want one without the token", log)
		}
	}
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k"),
		func(err error) httpapi.Handler {
			return resetPassword(reset(func(string, string) (string, error) { return "", err }))
		})
}

// TestAudit: a password that was changed is audited with whose it is; a refusal changes none.
func TestAudit(t *testing.T) {
	for err, want := range map[error][]observe.Event{
		nil:                      {{Kind: observe.PasswordChanged, UserID: "usr_1", Subject: "usr_1"}},
		context.DeadlineExceeded: nil,
	} {
		e := httpapitest.ReadEvent(t)
		a := httpapitest.Call(t, resetPassword(reset(func(string, string) (string, error) { return "usr_1", err })), e)
		a.CheckAudit(t, e, want...)
	}
}

// TestBusyWithoutAKey: then a repeat may be refused though the first request was done, and the answer says so.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, resetPassword(reset(func(string, string) (string, error) {
		return "", context.DeadlineExceeded
	})), httpapitest.ReadEvent(t)).
		CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: unknown})
}
