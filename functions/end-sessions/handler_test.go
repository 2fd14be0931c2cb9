package main

import (
	"context"
	"net/http"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/user"
)

// end is a sessionsEnder. Calling a nil one panics, and so is answered as internal.
type end func(caller user.Caller, password, clientKey string) error

func (e end) Do(_ context.Context, caller user.Caller, password, clientKey string) error {
	return e(caller, password, clientKey)
}

func handler(e end) httpapi.Handler { return endSessions(httpapitest.Guard(), e) }

// returning is a handler whose domain answers err.
func returning(err error) httpapi.Handler {
	return handler(func(user.Caller, string, string) error { return err })
}

func TestEndSessions(t *testing.T) {
	asked := 0
	h := handler(func(caller user.Caller, password, clientKey string) error {
		if asked++; caller != httpapitest.Customer || password != httpapitest.Password || clientKey != "192.0.2.7" {
			t.Errorf("%+v asked with %q from %s", caller, password, clientKey)
		}
		return nil
	})
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusNoContent})
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestBody(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	httpapitest.CheckBody(t, e, handler(nil))
	httpapitest.Call(t, handler(nil), e.WithBody(`{}`)).CheckProblem(t,
		httpapitest.FieldErrors("password", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), returning)
}

func TestGuard(t *testing.T) { httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), handler(nil)) }

func TestAudit(t *testing.T) {
	httpapitest.CheckAuditByPassword(t, returning, observe.SessionsEnded)
}
