package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/user"
	"shop/internal/validation"
)

// token stands in event.json.
const token = "GGzEEDpu1kcL7Ah7uQMjbXUBFhb8Q3JUvZ-9_8zfWxY"

// verify is an addressVerifier. Calling a nil one panics, and so is answered as internal.
type verify func(token string) error

func (v verify) Do(_ context.Context, token, _ string) error { return v(token) }

func TestVerifyEmail(t *testing.T) {
	for body, want := range map[string]string{httpapitest.ReadEvent(t).Body: token, `{"token":" \u0061 "}`: " a ", `{}`: ""} {
		asked := 0
		h := verifyEmail(verify(func(got string) error {
			if asked++; got != want {
				t.Errorf("the token is %q, want %q", got, want)
			}
			return nil
		}))
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body))
		if a.Status != http.StatusNoContent || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
			t.Errorf("answered %d %q %v after %d calls, want 204 and nothing else", a.Status, a.Body, a.Header, asked)
		}
	}
}

func TestBodies(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), verifyEmail(verify(nil)))
}

// TestBadTokens runs on the domain itself, which asks no store for what cannot be a token.
func TestBadTokens(t *testing.T) {
	links := &user.VerifyEmail{Now: time.Now}
	want := httpapitest.FieldErrors("token", "is not valid, was used before, or has expired")
	for _, body := range []string{`{}`, `{"token":""}`, `{"token":"abc"}`, `{"token":"` + token + `A"}`, `{"token":"` + token[1:] + `="}`} {
		httpapitest.Call(t, verifyEmail(links), httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, want)
	}
	httpapitest.Call(t, verifyEmail(verify(nil)), httpapitest.ReadEvent(t).WithBody(`{"token":5}`)).
		CheckProblem(t, httpapitest.FieldErrors("token", "has a value of the wrong type or range"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k"),
		func(err error) httpapi.Handler { return verifyEmail(verify(func(string) error { return err })) },
		httpapitest.Refusal{
			Err:     validation.Errors{{Field: "token", Message: "is no good"}},
			Problem: httpapitest.FieldErrors("token", "is no good"),
		})
}

// TestBusyWithoutAKey: then a repeat may be refused though the first request was done, and the answer says so.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, verifyEmail(verify(func(string) error { return context.DeadlineExceeded })), httpapitest.ReadEvent(t)).
		CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: unknown})
}

// TestBadKeys: what is no Idempotency-Key is refused before anything is done.
func TestBadKeys(t *testing.T) {
	for _, key := range []string{"\x7f", "ä", strings.Repeat("k", 256)} {
		httpapitest.Call(t, verifyEmail(verify(nil)), httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", key)).
			CheckProblem(t, httpapitest.FieldErrors("Idempotency-Key", "must have 1 to 255 printable ASCII characters"))
	}
}
