package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/observe/observetest"
	"shop/internal/user"
)

// authenticate is an authenticator. Calling a nil one panics, and so is answered as internal.
type authenticate func(user.Credentials) (user.Session, error)

func (a authenticate) Do(_ context.Context, c user.Credentials) (user.Session, error) { return a(c) }

func TestLogIn(t *testing.T) {
	for body, want := range map[string]user.Credentials{
		httpapitest.ReadEvent(t).Body: {
			Address: httpapitest.Email, Password: httpapitest.Password, ClientKey: "192.0.2.7",
		},
		`{"password":" \u0070 ","email":" A@B "}`: {Address: " A@B ", Password: " p ", ClientKey: "192.0.2.7"},
	} {
		h := logIn(authenticate(func(got user.Credentials) (user.Session, error) {
			if got != want {
				t.Errorf("the credentials are %+v, want %+v", got, want)
			}
			return user.Session{
				AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute, RefreshToken: httpapitest.RefreshToken,
			}, nil
		}), newDevice)
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, httpapitest.Want{
			Status: http.StatusCreated,
			Body: `{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"refresh_token":"` +
				httpapitest.RefreshToken + `"}`,
		})
	}
}

// TestClientKey: behind a distribution that proves itself, the client is whom the distribution names, and so is what is
// audited.
func TestClientKey(t *testing.T) {
	sum := sha256.Sum256([]byte("proof"))
	fronted := httpapi.Front{ProofSHA256: hex.EncodeToString(sum[:])}
	var got string
	h := logIn(authenticate(func(c user.Credentials) (user.Session, error) {
		got = c.ClientKey
		return user.Session{}, user.ErrInvalidCredentials
	}), newDevice)
	e := httpapitest.ReadEvent(t).WithHeader("CloudFront-Viewer-Address", "203.0.113.5:40000")
	for header, want := range map[string]string{"proof": "203.0.113.5", "guess": "192.0.2.7"} {
		a := httpapitest.CallBehind(t, fronted, h, e.WithHeader("X-Origin-Proof", header))
		a.CheckProblem(t, httpapitest.Problem{Code: "invalid_credentials"})
		if logged := `"source_ip":"` + want + `"`; got != want || !strings.Contains(a.Log, logged) {
			t.Errorf("with the proof %q the client is %s, want %s, and %s in %s", header, got, want, logged, a.Log)
		}
	}
}

func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), logIn(authenticate(nil), newDevice)
	httpapitest.CheckBody(t, e, h)
	httpapitest.Call(t, h, e.WithBody(`{}`)).CheckProblem(t,
		httpapitest.FieldErrors("email", "is required", "password", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return logIn(authenticate(func(user.Credentials) (user.Session, error) { return user.Session{}, err }),
			newDevice)
	})
}

// TestAudit: each attempt is one line that says whose account it was, or, where nobody is known to have the address,
// its hash; never the address, nor the password.
func TestAudit(t *testing.T) {
	hash := user.RawAddressHash(httpapitest.Email)
	for name, c := range map[string]struct {
		err  error
		want observe.Event
	}{
		"right": {nil, observe.Event{Kind: observe.LoggedIn, UserID: "usr_1"}},
		"wrong": {
			&user.WrongPasswordError{UserID: "usr_1"},
			observe.Event{Kind: observe.LogInFailed, UserID: "usr_1", Reason: "invalid_credentials"},
		},
		"unknown": {
			user.ErrInvalidCredentials,
			observe.Event{Kind: observe.LogInFailed, AddressHash: hash, Reason: "invalid_credentials"},
		},
		"too many": {
			&user.TooManyGuessesError{},
			observe.Event{Kind: observe.LogInFailed, AddressHash: hash, Reason: "too_many_requests"},
		},
		"failing": {
			errors.New("down"), observe.Event{Kind: observe.LogInFailed, AddressHash: hash, Reason: "internal"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := logIn(authenticate(func(user.Credentials) (user.Session, error) {
				return user.Session{
					User: user.User{ID: "usr_1"}, AccessToken: "a.b.c", ExpiresIn: 15 * time.Minute,
					RefreshToken: httpapitest.RefreshToken,
				}, c.err
			}), newDevice)
			e := httpapitest.ReadEvent(t)
			var a httpapitest.Answer
			measured := observetest.Measured(t, func() { a = httpapitest.Call(t, h, e) })
			a.CheckAudit(t, e, c.want)
			if (measured["LogIns"] == 1) != (c.err == nil) || len(measured) > 1 {
				t.Errorf("measured %v, want one log-in if it succeeded", measured)
			}
			if strings.Contains(a.Log, "a.b.c") || strings.Contains(a.Log, httpapitest.RefreshToken) {
				t.Errorf("the log tells the token: %s", a.Log)
			}
		})
	}
}

// TestAuditForgery: an address forges no line and is not in one.
func TestAuditForgery(t *testing.T) {
	h := logIn(authenticate(func(user.Credentials) (user.Session, error) {
		return user.Session{}, user.ErrInvalidCredentials
	}), newDevice)
	for _, address := range []string{
		"a\n{\"msg\":\"audit\",\"event\":\"log_in\"}", "a\r\nb@example.com", "\",\"event\":\"log_in\",\"x\":\"",
		"\x1b[2J", "\u2028",
	} {
		body, err := json.Marshal(map[string]string{"email": address, "password": httpapitest.Password})
		if err != nil {
			t.Fatal(err)
		}
		e := httpapitest.ReadEvent(t).WithBody(string(body))
		a := httpapitest.Call(t, h, e)
		a.CheckAudit(t, e, observe.Event{
			Kind: observe.LogInFailed, AddressHash: user.RawAddressHash(address), Reason: "invalid_credentials",
		})
		if strings.Contains(a.Log, address) {
			t.Errorf("the log tells the address: %s", a.Log)
		}
	}
}

// TestNoAttempt: a request that is none is not audited as one.
func TestNoAttempt(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithBody(`{"email":"ada@example.com"}`)
	httpapitest.Call(t, logIn(authenticate(nil), newDevice), e).CheckAudit(t, e)
}
