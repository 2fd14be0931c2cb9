package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/password"
	"shop/internal/user"
	"shop/internal/validation"
)

// register is an accountCreator. Calling a nil one panics, and so is answered as internal.
type register func(user.Registration) (user.User, error)

func (r register) Do(_ context.Context, given user.Registration) (user.User, error) { return r(given) }

// expecting signs up whoever registers as want says.
func expecting(t *testing.T, want user.Registration) register {
	return func(given user.Registration) (user.User, error) {
		if given != want {
			t.Errorf("the registration is %+v, want %+v", given, want)
		}
		return user.User{
			ID: httpapitest.Customer.UserID, Email: "ada@example.com", Name: given.Name, PasswordHash: password.Stored("$argon2id$"), Role: user.RoleCustomer,
			CreatedAt: time.Date(2026, 3, 2, 18, 4, 11, 207e6, time.UTC),
		}, nil
	}
}

func TestSignUp(t *testing.T) {
	h := signUp(expecting(t, user.Registration{Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter"}))
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusCreated, Body: `{
		"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","name":"Ada Winter","created_at":"2026-03-02T18:04:11.207Z"}`})
}

// TestTextIsKept: what was written arrives as it was written, escapes, blanks and other scripts included.
func TestTextIsKept(t *testing.T) {
	h := signUp(expecting(t, user.Registration{Email: " Ada+shop@Example.COM ", Password: " pass\u0000wörd\t😀 ", Name: `A"\/<da> Ω`}))
	body := `{"name":"A\"\\\/<d\u0061> Ω","password":" pass\u0000wörd\t\ud83d\ude00 ","email":" Ada+shop@Example.COM "}`
	httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithBody(body)).Check(t, httpapitest.Want{Status: http.StatusCreated, Body: `{
		"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","name":"A\"\\/<da> Ω","created_at":"2026-03-02T18:04:11.207Z"}`})
}

// TestKey: the Idempotency-Key reaches the sign-up.
func TestKey(t *testing.T) {
	want := user.Registration{Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter", Key: "a key"}
	httpapitest.Call(t, signUp(expecting(t, want)), httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "a key"))
	byMail := signUpByMail(apply(func(got user.Registration) error {
		if got != want {
			t.Errorf("the registration is %+v, want %+v", got, want)
		}
		return nil
	}))
	httpapitest.Call(t, byMail, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "a key"))
}

func TestBodies(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), signUp(register(nil)))
}

func TestBadMembers(t *testing.T) {
	const wrong = "has a value of the wrong type or range"
	for body, want := range map[string]httpapitest.Problem{
		`{"email":5}`:                    httpapitest.FieldErrors("email", wrong),
		`{"email":["ada@example.com"]}`:  httpapitest.FieldErrors("email", wrong),
		`{"password":12345678}`:          httpapitest.FieldErrors("password", wrong),
		`{"name":{"first":"Ada"}}`:       httpapitest.FieldErrors("name", wrong),
		`{"name":true}`:                  httpapitest.FieldErrors("name", wrong),
		`{"name":"\ud800"}`:              httpapitest.FieldErrors("name", "the body is not one valid JSON value"),
		`{"email":"a","\u0065mail":"b"}`: httpapitest.FieldErrors("email", "is given twice"),
	} {
		t.Run(body, func(t *testing.T) {
			httpapitest.Call(t, signUp(register(nil)), httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, want)
		})
	}
}

// TestMissingMembers runs on the domain itself: all that is missing is named at once, and nothing is stored.
func TestMissingMembers(t *testing.T) {
	users := &user.SignUp{Users: nil, Passwords: password.New(password.Params{})}
	missing := httpapitest.FieldErrors("email", "must be an e-mail address", "password", "must have at least 8 characters", "name", "must not be empty")
	for _, body := range []string{`{}`, `{"email":"","password":"","name":" "}`} {
		httpapitest.Call(t, signUp(users), httpapitest.ReadEvent(t).WithBody(body)).CheckProblem(t, missing)
	}
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", "k"),
		func(err error) httpapi.Handler {
			return signUp(register(func(user.Registration) (user.User, error) { return user.User{}, err }))
		},
		httpapitest.Refusal{
			Err:     validation.Errors{{Field: "name", Message: `must not be "x"`}, {Field: "", Message: "no"}},
			Problem: httpapitest.FieldErrors("name", `must not be "x"`, "", "no"),
		},
		httpapitest.Refusal{Err: user.ErrEmailTaken, Problem: httpapitest.Problem{Code: "email_taken"}})
}

// apply is applicants. Calling a nil one panics, and so is answered as internal.
type apply func(user.Registration) error

func (a apply) Do(_ context.Context, given user.Registration) error { return a(given) }

// TestSignUpByMail: the answer has nothing of the account in it.
func TestSignUpByMail(t *testing.T) {
	asked := 0
	a := httpapitest.Call(t, signUpByMail(apply(func(given user.Registration) error {
		if asked++; given != (user.Registration{Email: httpapitest.Email, Password: httpapitest.Password, Name: "Ada Winter"}) {
			t.Errorf("the registration is %+v", given)
		}
		return nil
	})), httpapitest.ReadEvent(t))
	if a.Status != http.StatusAccepted || a.Body != "" || a.Header["Content-Type"] != "" || asked != 1 {
		t.Errorf("answered %d %q %v after %d calls, want 202 and nothing else", a.Status, a.Body, a.Header, asked)
	}
}

func TestBodiesByMail(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), signUpByMail(apply(nil)))
}

func TestRefusalsByMail(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler {
			return signUpByMail(apply(func(user.Registration) error { return err }))
		},
		httpapitest.Refusal{Err: validation.Errors{{Field: "name", Message: "no"}}, Problem: httpapitest.FieldErrors("name", "no")})
}

// TestBusyWithoutAKey: then a repeat may be refused though the first request was done, and the answer says so.
func TestBusyWithoutAKey(t *testing.T) {
	httpapitest.Call(t, signUp(register(func(user.Registration) (user.User, error) { return user.User{}, context.DeadlineExceeded })), httpapitest.ReadEvent(t)).
		CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: unknown})
}

// TestBadKeys: what is no Idempotency-Key is refused before anything is done.
func TestBadKeys(t *testing.T) {
	for _, key := range []string{"\x7f", "ä", strings.Repeat("k", 256)} {
		httpapitest.Call(t, signUp(register(nil)), httpapitest.ReadEvent(t).WithHeader("Idempotency-Key", key)).
			CheckProblem(t, httpapitest.FieldErrors("Idempotency-Key", "must have 1 to 255 printable ASCII characters"))
	}
}
