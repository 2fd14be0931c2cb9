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

// authenticate is an authenticator. Calling a nil one panics, and so is answered as internal.
type authenticate func(email, password string) (user.Session, error)

func (a authenticate) Do(_ context.Context, email, password string) (user.Session, error) {
	return a(email, password)
}

func TestLogIn(t *testing.T) {
	for body, want := range map[string][2]string{
		httpapitest.ReadEvent(t).Body:             {httpapitest.Email, httpapitest.Password},
		`{"password":" \u0070 ","email":" A@B "}`: {" A@B ", " p "},
	} {
		h := logIn(authenticate(func(email, password string) (user.Session, error) {
			if got := [2]string{email, password}; got != want {
				t.Errorf("the credentials are %q, want %q", got, want)
			}
			return user.Session{AccessToken: "aaa.bbb.ccc", ExpiresIn: 15 * time.Minute, RefreshToken: httpapitest.RefreshToken}, nil
		}))
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, httpapitest.Want{
			Status: http.StatusCreated,
			Body:   `{"access_token":"aaa.bbb.ccc","token_type":"Bearer","expires_in":900,"refresh_token":"` + httpapitest.RefreshToken + `"}`,
		})
	}
}

func TestBodies(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), logIn(authenticate(nil)))
}

func TestBadMembers(t *testing.T) {
	const wrong = "has a value of the wrong type or range"
	for body, want := range map[string]httpapitest.Problem{
		`{}`:                             httpapitest.FieldErrors("email", "is required", "password", "is required"),
		`{"email":null,"password":null}`: httpapitest.FieldErrors("email", "is required", "password", "is required"),
		`{"email":"ada@example.com"}`:    httpapitest.FieldErrors("password", "is required"),
		`{"email":"","password":"p"}`:    httpapitest.FieldErrors("email", "is required"),
		`{"email":5}`:                    httpapitest.FieldErrors("email", wrong),
		`{"password":5}`:                 httpapitest.FieldErrors("password", wrong),
		`{"email":{}}`:                   httpapitest.FieldErrors("email", wrong),
	} {
		t.Run(body, func(t *testing.T) {
			httpapitest.Call(t, logIn(authenticate(nil)), httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, want)
		})
	}
}

func TestRefusals(t *testing.T) {
	after := func(wait time.Duration, seconds string) httpapitest.Refusal {
		return httpapitest.Refusal{
			Err:     &user.TooManyGuessesError{RetryAfter: wait},
			Problem: httpapitest.Problem{Code: "too_many_requests", Header: map[string]string{"Retry-After": seconds}},
		}
	}
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler {
			return logIn(authenticate(func(string, string) (user.Session, error) { return user.Session{}, err }))
		},
		httpapitest.Refusal{Err: user.ErrInvalidCredentials, Problem: httpapitest.Problem{Code: "invalid_credentials"}},
		after(15*time.Minute, "900"), after(1001*time.Millisecond, "2"), after(0, "1"), after(-time.Minute, "1"))
}
