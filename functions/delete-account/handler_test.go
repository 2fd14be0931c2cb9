package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/user"
)

// remove is an accountDeleter. Calling a nil one panics, and so is answered as internal.
type remove func(caller user.Caller, password string) error

func (r remove) Do(_ context.Context, caller user.Caller, password, clientKey string) (bool, error) {
	if clientKey != "192.0.2.7" {
		return false, errors.New("the request comes from " + clientKey)
	}
	err := r(caller, password)
	return err == nil || errors.Is(err, errLater), err
}

// errLater is a failure after the account was removed.
var errLater = errors.New("down after the deletion")

// removeAgain is an accountDeleter that finds no account any more.
type removeAgain struct{}

func (removeAgain) Do(context.Context, user.Caller, string, string) (bool, error) { return false, nil }

func handler(r remove) httpapi.Handler { return deleteAccount(httpapitest.Guard(), r) }

func TestDeleteAccount(t *testing.T) {
	asked := 0
	h := handler(func(caller user.Caller, password string) error {
		if asked++; caller != httpapitest.Customer || password != httpapitest.Password {
			t.Errorf("%+v asked with %q", caller, password)
		}
		return nil
	})
	a := httpapitest.Call(t, h, httpapitest.ReadEvent(t))
	if a.Status != http.StatusNoContent || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
		t.Errorf("answered %d %q %v after %d calls, want 204 and nothing else", a.Status, a.Body, a.Header, asked)
	}
}

func TestBody(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	httpapitest.CheckBody(t, e, handler(nil))
	httpapitest.Call(t, handler(nil), e.WithBody(`{}`)).CheckProblem(t,
		httpapitest.FieldErrors("password", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return handler(func(user.Caller, string) error { return err })
	})
}

func TestGuard(t *testing.T) { httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), handler(nil)) }

// TestAudit: an account that went, and each guess at its password, is one line; an outage is none.
func TestAudit(t *testing.T) {
	id := httpapitest.Customer.UserID
	for name, c := range map[string]struct {
		err  error
		want []observe.Event
	}{
		"gone": {nil, []observe.Event{{Kind: observe.AccountDeleted, UserID: id, Subject: id}}},
		"wrong": {
			&user.WrongPasswordError{UserID: id},
			[]observe.Event{{Kind: observe.LogInFailed, UserID: id, Reason: "invalid_credentials"}},
		},
		"too many": {
			&user.TooManyGuessesError{},
			[]observe.Event{{Kind: observe.LogInFailed, UserID: id, Reason: "too_many_requests"}},
		},
		"failing": {errors.New("down"), nil},
		"later":   {errLater, []observe.Event{{Kind: observe.AccountDeleted, UserID: id, Subject: id}}},
	} {
		t.Run(name, func(t *testing.T) {
			e := httpapitest.ReadEvent(t)
			a := httpapitest.Call(t, handler(func(user.Caller, string) error { return c.err }), e)
			a.CheckAudit(t, e, c.want...)
			if strings.Contains(a.Log, httpapitest.Password) {
				t.Errorf("the log tells the password: %s", a.Log)
			}
		})
	}
}

// TestRepeatIsNotAudited: nothing was deleted.
func TestRepeatIsNotAudited(t *testing.T) {
	e := httpapitest.ReadEvent(t)
	a := httpapitest.Call(t, deleteAccount(httpapitest.Guard(), removeAgain{}), e)
	a.CheckAudit(t, e)
	if a.Status != http.StatusNoContent {
		t.Errorf("answered %d, want 204", a.Status)
	}
}
