package main

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"shop/internal/httpapi/httpapitest"
)

// browserEvent is the event as a page of the shop's own sends it.
func browserEvent(t *testing.T, session string) httpapitest.Event {
	return httpapitest.ReadEvent(t).FromBrowser("POST /browser-sessions/revoke", "{}", session)
}

// TestLogOutInABrowser: with a session or none, the cookie is gone afterwards.
func TestLogOutInABrowser(t *testing.T) {
	var ended []string
	h := logOut(leave(func(refreshToken string) error {
		ended = append(ended, refreshToken)
		return nil
	}))
	for _, session := range []string{httpapitest.RefreshToken, ""} {
		httpapitest.Call(t, h, browserEvent(t, session)).Check(t, httpapitest.Want{
			Status: http.StatusNoContent, Cookies: httpapitest.RemovesSession(),
		})
	}
	if want := []string{httpapitest.RefreshToken, ""}; !slices.Equal(ended, want) {
		t.Errorf("ended %q, want %q", ended, want)
	}
}

// TestFailedLogOutInABrowser: the cookie stays, so that a repeat ends the session.
func TestFailedLogOutInABrowser(t *testing.T) {
	h := logOut(leave(func(string) error { return errors.New("down") }))
	httpapitest.Call(t, h, browserEvent(t, httpapitest.RefreshToken)).
		CheckProblem(t, httpapitest.Problem{Code: "internal"})
}

func TestSameOrigin(t *testing.T) {
	httpapitest.CheckSameOrigin(t, browserEvent(t, httpapitest.RefreshToken), logOut(leave(nil)))
}
