package main

import (
	"context"
	"net/http"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe/observetest"
)

// token stands in event.json.
const token = "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY"

// verify is an addressVerifier. Calling a nil one panics, and so is answered as internal.
type verify func(token string) error

func (v verify) Do(_ context.Context, token, key string) (bool, error) { return key != again, v(token) }

// again is the Idempotency-Key of a request that was done before.
const again = "done before"

func TestVerifyEmail(t *testing.T) {
	for body, want := range map[string]string{
		httpapitest.ReadEvent(t).Body: token, `{"token":" \u0061 "}`: " a ", `{}`: "",
	} {
		asked := 0
		h := verifyEmail(verify(func(got string) error {
			if asked++; got != want {
				t.Errorf("the token is %q, want %q", got, want)
			}
			return nil
		}))
		var a httpapitest.Answer
		measured := observetest.Measured(t,
			func() { a = httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)) })
		if measured["SignUps"] != 1 {
			t.Errorf("measured %v, want a sign-up", measured)
		}
		if a.Status != http.StatusNoContent || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
			t.Errorf("answered %d %q %v after %d calls, want 204 and nothing else", a.Status, a.Body, a.Header, asked)
		}
	}
}

// TestARepeatIsNoSignUp: it is answered as the first request, and not counted.
func TestARepeatIsNoSignUp(t *testing.T) {
	h := verifyEmail(verify(func(string) error { return nil }))
	measured := observetest.Measured(t, func() {
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", again))
		if a.Status != http.StatusNoContent {
			t.Errorf("answered %d", a.Status)
		}
	})
	if measured["SignUps"] != 0 {
		t.Errorf("measured %v, want no sign-up", measured)
	}
}

func TestBody(t *testing.T) {
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), verifyEmail(verify(nil)))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k"),
		func(err error) httpapi.Handler { return verifyEmail(verify(func(string) error { return err })) })
}

// TestBusyWithoutAKey: then a repeat may be refused though the first request was done, and the answer says so.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, verifyEmail(verify(func(string) error {
		return context.DeadlineExceeded
	})), httpapitest.ReadEvent(t)).
		CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: unknown})
}
