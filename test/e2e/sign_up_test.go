package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// timestamp is UTC, RFC 3339, milliseconds, fixed width.
var timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

var userID = regexp.MustCompile(`^usr_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// wantNow fails unless s is a timestamp of the last minute.
func wantNow(t *testing.T, what, s string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || !timestamp.MatchString(s) || time.Since(at).Abs() > time.Minute {
		t.Errorf("%s = %q, want now, UTC in milliseconds", what, s)
	}
}

func postUser(body any) call    { return call{method: "POST", path: "/users", body: body} }
func postSession(body any) call { return call{method: "POST", path: "/sessions", body: body} }

func TestSignUp(t *testing.T) {
	needStore(t)
	t.Parallel()
	email := freshEmail()
	a := send(t, postUser(signUp{"  " + strings.ToUpper(email) + "\t", password, "Grace Hopper"})).
		want(t, http.StatusCreated)
	got := decodeExact[user](t, a)
	if !userID.MatchString(got.UserID) {
		t.Errorf("user_id = %q, want usr_ and a UUIDv7", got.UserID)
	}
	wantNow(t, "created_at", got.CreatedAt)
	if want := (user{got.UserID, email, "Grace Hopper", got.CreatedAt}); got != want {
		t.Errorf("user = %+v, want %+v", got, want)
	}
	if strings.Contains(string(a.body), password) {
		t.Error("the answer shows the password")
	}
}

func TestSignUpTakenAddress(t *testing.T) {
	needStore(t)
	t.Parallel()
	email := freshEmail()
	send(t, postUser(signUp{email, password, "First"})).want(t, http.StatusCreated)
	for _, again := range []string{email, strings.ToUpper(email), " " + email + " "} {
		send(t, postUser(signUp{again, "another " + password, "Second"})).refused(t, http.StatusConflict, "email_taken")
	}
	send(t, postSession(logIn{email, password})).want(t, http.StatusCreated)
	send(t, postSession(logIn{email, "another " + password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
}

// TestSignUpRace: many sign-ups of one address at once make one user.
func TestSignUpRace(t *testing.T) {
	needStore(t)
	t.Parallel()
	email := freshEmail()
	answers := make([]answer, 8)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = postUser(signUp{email, password, "Racer"}).untilNotBusy(t.Context())
		return err
	})
	created := 0
	for _, a := range answers {
		if a.status == http.StatusCreated {
			created++
			continue
		}
		a.refused(t, http.StatusConflict, "email_taken")
	}
	if created != 1 {
		t.Errorf("%d sign-ups were accepted, want 1", created)
	}
}

// wantField fails unless the problem names the field, or a part of it.
func wantField(t *testing.T, p problem, field string) {
	t.Helper()
	for _, e := range p.Errors {
		if e.Field == field || strings.HasPrefix(e.Field, field+".") || strings.HasPrefix(e.Field, field+"[") {
			return
		}
	}
	t.Errorf("errors = %+v, want one of the field %s", p.Errors, field)
}

// TestSignUpAgain: a repeat with the key of a request that opened an account is
// answered like it; another key, or another name, finds the address taken.
func TestSignUpAgain(t *testing.T) {
	needStore(t)
	t.Parallel()
	c := postUser(signUp{freshEmail(), password, "Ada"})
	c.key = unique()
	first, again := send(t, c).want(t, http.StatusCreated), send(t, c).want(t, http.StatusCreated)
	if string(first.body) != string(again.body) {
		t.Errorf("answered %s and then %s", first.body, again.body)
	}
	another := c
	another.key = unique()
	send(t, another).refused(t, http.StatusConflict, "email_taken")
	c.body = signUp{c.body.(signUp).Email, password, "Eve"}
	send(t, c).refused(t, http.StatusConflict, "email_taken")
}
