package main

import (
	"context"
	"errors"
	"net/http"
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

// returning is a handler whose domain answers err.
func returning(err error) httpapi.Handler {
	return handler(func(user.Caller, string) error { return err })
}

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
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), returning)
}

func TestGuard(t *testing.T) { httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), handler(nil)) }

func TestAudit(t *testing.T) {
	httpapitest.CheckAuditByPassword(t, returning, observe.AccountDeleted)
}

// TestDeletionIsAudited: an account that went is one line, though its data are erased later.
func TestDeletionIsAudited(t *testing.T) {
	e, id := httpapitest.ReadEvent(t), httpapitest.Customer.UserID
	httpapitest.Call(t, returning(errLater), e).
		CheckAudit(t, e, observe.Event{Kind: observe.AccountDeleted, UserID: id, Subject: id})
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
