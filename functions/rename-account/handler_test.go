package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/user"
)

// rename is an accountRenamer. Calling a nil one panics, and so is answered as internal.
type rename func(caller user.Caller, name string) (user.User, error)

func (r rename) Do(_ context.Context, caller user.Caller, name string) (user.User, error) {
	return r(caller, name)
}

func TestRenameAccount(t *testing.T) {
	h := renameAccount(httpapitest.Guard(), rename(func(caller user.Caller, name string) (user.User, error) {
		if caller != httpapitest.Customer || name != "Ada Summer" {
			t.Errorf("%+v asked for %q", caller, name)
		}
		return user.User{
			ID: caller.UserID, Email: caller.Email, Name: name, Role: user.RoleAdmin,
			CreatedAt: time.Date(2026, 3, 2, 18, 4, 11, 207e6, time.UTC),
		}, nil
	}))
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","name":"Ada Summer","admin":true,"scopes":["admin"],
		"created_at":"2026-03-02T18:04:11.207Z"}`})
}

func TestBody(t *testing.T) {
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), renameAccount(httpapitest.Guard(), rename(nil)))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return renameAccount(httpapitest.Guard(),
			rename(func(user.Caller, string) (user.User, error) { return user.User{}, err }))
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), renameAccount(httpapitest.Guard(), rename(nil)))
}
