package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/user"
)

const (
	keyID = "shopkey_4hl5tjn2cwvx3kq7zi6yd2mauo"
	key   = keyID + ".AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
)

// exchange is an exchanger. Calling a nil one panics, and so is answered as internal.
type exchange func(key, clientKey string) (user.MachineSession, error)

func (e exchange) Do(_ context.Context, key, clientKey string) (user.MachineSession, error) {
	return e(key, clientKey)
}

func TestOpenMachineSession(t *testing.T) {
	h := openMachineSession(exchange(func(got, client string) (user.MachineSession, error) {
		if got != key || client != "192.0.2.7" {
			t.Errorf("the key is %q of %q, want %q of 192.0.2.7", got, client, key)
		}
		return user.MachineSession{
			KeyID: keyID, Scopes: []string{"history"}, AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute,
		}, nil
	}))
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{
		Status: http.StatusCreated,
		Body:   `{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"scopes":["history"]}`,
	})
}

func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), openMachineSession(exchange(nil))
	httpapitest.CheckBody(t, e, h)
	a := httpapitest.Call(t, h, e.WithBody(`{}`))
	a.CheckProblem(t, httpapitest.FieldErrors("api_key", "is required"))
	a.CheckAudit(t, e)
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return openMachineSession(exchange(func(string, string) (user.MachineSession, error) {
			return user.MachineSession{}, err
		}))
	})
}

// TestAudit: each exchange is one line that says which key it was, or which was tried; never the key's secret.
func TestAudit(t *testing.T) {
	const refused = observe.MachineSessionRefused
	for name, c := range map[string]struct {
		err  error
		want observe.Event
	}{
		"right": {nil, observe.Event{Kind: observe.MachineSessionOpened, UserID: keyID}},
		"wrong or revoked": {
			&user.APIKeyRefusedError{KeyID: keyID, Known: true},
			observe.Event{Kind: refused, UserID: keyID, Subject: keyID, Reason: "invalid_api_key"},
		},
		"unknown": {
			&user.APIKeyRefusedError{KeyID: keyID},
			observe.Event{Kind: refused, Subject: keyID, Reason: "invalid_api_key"},
		},
		"no key":   {user.ErrInvalidAPIKey, observe.Event{Kind: refused, Reason: "invalid_api_key"}},
		"too many": {&user.TooManyGuessesError{}, observe.Event{Kind: refused, Reason: "too_many_requests"}},
		"failing":  {errors.New("down"), observe.Event{Kind: refused, Reason: "internal"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := openMachineSession(exchange(func(string, string) (user.MachineSession, error) {
				return user.MachineSession{KeyID: keyID, AccessToken: "a.b.c", ExpiresIn: 15 * time.Minute}, c.err
			}))
			e := httpapitest.ReadEvent(t)
			a := httpapitest.Call(t, h, e)
			a.CheckAudit(t, e, c.want)
			if strings.Contains(a.Log, "a.b.c") || strings.Contains(a.Log, strings.TrimPrefix(key, keyID)) {
				t.Errorf("the log tells the token or the secret: %s", a.Log)
			}
		})
	}
}
