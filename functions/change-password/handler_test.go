package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/user"
	"shop/internal/validation"
)

// change is a passwordChanger. Calling a nil one panics, and so is answered as internal.
type change func(caller user.Caller, c user.ChosenPassword) error

func (c change) Do(_ context.Context, caller user.Caller, chosen user.ChosenPassword) error {
	return c(caller, chosen)
}

func handler(c change) httpapi.Handler { return changePassword(httpapitest.Guard(), c) }

// returning is a handler whose domain answers err.
func returning(err error) httpapi.Handler {
	return handler(func(user.Caller, user.ChosenPassword) error { return err })
}

const chosen = "a-kettle-on-the-sill"

func TestChangePassword(t *testing.T) {
	for _, key := range []string{"", "k"} {
		want := user.ChosenPassword{Current: httpapitest.Password, New: chosen, Key: key, ClientKey: "192.0.2.7"}
		h := handler(func(caller user.Caller, got user.ChosenPassword) error {
			if caller != httpapitest.Customer || got != want {
				t.Errorf("%+v asked for %+v, want %+v", caller, got, want)
			}
			return nil
		})
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", key))
		a.Check(t, httpapitest.Want{Status: http.StatusNoContent})
		if strings.Contains(a.Log, chosen) {
			t.Errorf("the log tells the password: %s", a.Log)
		}
	}
}

func TestBody(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	httpapitest.CheckBody(t, e, handler(nil))
	httpapitest.Call(t, handler(nil), e.WithBody(`{}`)).CheckProblem(t,
		httpapitest.FieldErrors("current", "is required", "new", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k"), returning)
}

// TestBusyWithoutAKey: what became of the password is not known, and the answer says how to find out.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, returning(context.DeadlineExceeded), httpapitest.ReadEvent(t)).CheckProblem(t,
		httpapitest.Problem{Code: "busy", Detail: unknown})
}

func TestGuard(t *testing.T) { httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), handler(nil)) }

func TestAudit(t *testing.T) {
	httpapitest.CheckAuditByPassword(t, returning, observe.PasswordChanged)
}

// TestNoGuessIsAudited: a password that may not be chosen, and a session that is over, are no guess.
func TestNoGuessIsAudited(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	for _, err := range []error{validation.Errors{{Field: "new", Message: "is too common"}}, user.ErrSessionOver} {
		httpapitest.Call(t, returning(err), e).CheckAudit(t, e)
	}
}
