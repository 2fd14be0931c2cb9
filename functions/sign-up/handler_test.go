package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe/observetest"
	"shop/internal/password"
	"shop/internal/user"
)

// register is an accountCreator. Calling a nil one panics, and so is answered as internal.
type register func(user.Registration) (user.User, bool, error)

func (r register) Do(_ context.Context, given user.Registration) (user.User, bool, error) {
	return r(given)
}

// again is the Idempotency-Key of a request that was done before.
const again = "done before"

// expecting signs up whoever registers as want says.
func expecting(t *testing.T, want user.Registration) register {
	return func(given user.Registration) (user.User, bool, error) {
		if given != want {
			t.Errorf("the registration is %+v, want %+v", given, want)
		}
		return user.User{
			ID: httpapitest.Customer.UserID, Email: "ada@example.com", Name: given.Name,
			PasswordHash: password.Stored("$argon2id$"), Role: user.RoleCustomer,
			CreatedAt: time.Date(2026, 3, 2, 18, 4, 11, 207e6, time.UTC),
		}, given.Key != again, nil
	}
}

func TestSignUp(t *testing.T) {
	h := signUp(expecting(t,
		user.Registration{Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter"}))
	var a httpapitest.Answer
	measured := observetest.Measured(t, func() { a = httpapitest.Call(t, h, httpapitest.ReadEvent(t)) })
	a.Check(t, httpapitest.Want{Status: http.StatusCreated, Body: `{
		"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","name":"Ada Winter","created_at":"2026-03-02T18:04:11.207Z"}`})
	if measured["SignUps"] != 1 {
		t.Errorf("measured %v, want a sign-up", measured)
	}
}

// TestARepeatIsNoSignUp: it is answered as the first request, and not counted.
func TestARepeatIsNoSignUp(t *testing.T) {
	h := signUp(expecting(t, user.Registration{
		Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter", Key: again,
	}))
	measured := observetest.Measured(t, func() {
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", again))
		if a.Status != http.StatusCreated {
			t.Errorf("answered %d", a.Status)
		}
	})
	if measured["SignUps"] != 0 {
		t.Errorf("measured %v, want no sign-up", measured)
	}
}

// TestKey: the Idempotency-Key reaches the sign-up.
func TestKey(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "a key")
	want := user.Registration{
		Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter", Key: "a key",
	}
	byMail := apply(func(got user.Registration) error {
		if got != want {
			t.Errorf("the registration is %+v, want %+v", got, want)
		}
		return nil
	})
	for status, h := range map[int]httpapi.Handler{
		http.StatusCreated: signUp(expecting(t, want)), http.StatusAccepted: signUpByMail(byMail),
	} {
		if a := httpapitest.Call(t, h, e); a.Status != status {
			t.Errorf("answered %d, want %d", a.Status, status)
		}
	}
}

func TestBody(t *testing.T) {
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), signUp(register(nil)))
	httpapitest.CheckBody(t, httpapitest.ReadEvent(t), signUpByMail(apply(nil)))
}

func TestRefusals(t *testing.T) {
	e := httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k")
	httpapitest.CheckRefusals(t, e, func(err error) httpapi.Handler {
		return signUp(register(func(user.Registration) (user.User, bool, error) { return user.User{}, false, err }))
	})
	httpapitest.CheckRefusals(t, e, func(err error) httpapi.Handler {
		return signUpByMail(apply(func(user.Registration) error { return err }))
	})
}

// apply is unverifiedAccounts. Calling a nil one panics, and so is answered as internal.
type apply func(user.Registration) error

func (a apply) Do(_ context.Context, given user.Registration) error { return a(given) }

// TestSignUpByMail: the answer has nothing of the account in it.
func TestSignUpByMail(t *testing.T) {
	asked := 0
	a := httpapitest.Call(t, signUpByMail(apply(func(given user.Registration) error {
		if asked++; given != (user.Registration{
			Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter",
		}) {
			t.Errorf("the registration is %+v", given)
		}
		return nil
	})), httpapitest.ReadEvent(t))
	if a.Status != http.StatusAccepted || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
		t.Errorf("answered %d %q %v after %d calls, want 202 and nothing else", a.Status, a.Body, a.Header, asked)
	}
}

// TestBusyWithoutAKey: then a repeat may be refused though the first request was done, and the answer says so.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, signUp(register(func(user.Registration) (user.User, bool, error) {
		return user.User{}, false, context.DeadlineExceeded
	})), httpapitest.ReadEvent(t)).
		CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: unknown})
}
