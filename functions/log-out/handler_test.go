package main

import (
	"context"
	"net/http"
	"testing"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
)

// leave is a sessionEnder. Calling a nil one panics, and so is answered as internal.
type leave func(refreshToken string) error

func (l leave) Do(_ context.Context, refreshToken string) error { return l(refreshToken) }

func TestLogOut(t *testing.T) {
	var ended []string
	h := logOut(leave(func(refreshToken string) error {
		ended = append(ended, refreshToken)
		return nil
	}))
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusNoContent})
	if len(ended) != 1 || ended[0] != httpapitest.RefreshToken {
		t.Errorf("ended %q, want %q", ended, httpapitest.RefreshToken)
	}
}

func TestBody(t *testing.T) { httpapitest.CheckBody(t, httpapitest.ReadEvent(t), logOut(leave(nil))) }

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return logOut(leave(func(string) error { return err }))
	})
}
