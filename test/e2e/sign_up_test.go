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
	a := send(t, postUser(signUp{"  " + strings.ToUpper(email) + "\t", password, "Grace Hopper"})).want(t, http.StatusCreated)
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
		answers[i], err = postUser(signUp{email, password, "Racer"}).settle(t.Context())
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

func TestSignUpAccepts(t *testing.T) {
	needStore(t)
	t.Parallel()
	longest := unique() + strings.Repeat("a", 48) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 2) + strings.Repeat("c", 55) + ".example.com"
	if len(longest) != 254 {
		t.Fatalf("the longest address has %d characters", len(longest))
	}
	tests := map[string]signUp{
		"plus sign and dots":         {"a.b+c." + freshEmail(), password, "A"},
		"longest address":            {longest, password, "A"},
		"longest name":               {freshEmail(), password, strings.Repeat("é", 200)},
		"password of 8":              {freshEmail(), "x7#Qp!2m", "A"},
		"password of 128":            {freshEmail(), strings.Repeat("x7#Qp!2m", 16), "A"},
		"8 composed characters":      {freshEmail(), strings.Repeat("ä", 8), "A"},
		"8 decomposed characters":    {freshEmail(), strings.Repeat("u\u0308", 8), "A"},
		"128 decomposed characters":  {freshEmail(), strings.Repeat("u\u0308", 128), "A"},
		"128 characters of 4 octets": {freshEmail(), strings.Repeat("🂡", 128), "A"},
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			got := decodeExact[user](t, send(t, postUser(body)).want(t, http.StatusCreated))
			if got.Email != body.Email || got.Name != body.Name {
				t.Errorf("user = %+v, want the address %s and the name %s", got, body.Email, body.Name)
			}
			send(t, postSession(logIn{body.Email, body.Password})).want(t, http.StatusCreated)
		})
	}
}

func TestSignUpRefuses(t *testing.T) {
	needStore(t)
	t.Parallel()
	tests := map[string]struct {
		body  signUp
		field string
	}{
		"password of 7":              {signUp{freshEmail(), "x7#Qp!2", "A"}, "password"},
		"password of 129":            {signUp{freshEmail(), strings.Repeat("x7#Qp!2m", 16) + "x", "A"}, "password"},
		"7 decomposed characters":    {signUp{freshEmail(), strings.Repeat("u\u0308", 7), "A"}, "password"},
		"no password":                {signUp{freshEmail(), "", "A"}, "password"},
		"no name":                    {signUp{freshEmail(), password, ""}, "name"},
		"name of 201":                {signUp{freshEmail(), password, strings.Repeat("é", 201)}, "name"},
		"address of 255":             {signUp{strings.Repeat("a", 61) + "@" + strings.Repeat("b.", 91) + "example.com", password, "A"}, "email"},
		"name and password together": {signUp{freshEmail(), "short", ""}, "password"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := send(t, postUser(tt.body)).refused(t, http.StatusBadRequest, "invalid_request")
			wantField(t, p, tt.field)
			if tt.field != "email" { // the address is still free
				send(t, postUser(signUp{tt.body.Email, password, "A"})).want(t, http.StatusCreated)
			}
		})
	}
}

func TestSignUpRefusesAddressesThatAreNone(t *testing.T) {
	needStore(t)
	t.Parallel()
	for _, address := range []string{
		"", " ", "a", "@", "a@", "@example.com", "example.com", "a b@example.com", "a@b@example.com", "a@exa mple.com",
		"Ada <ada@example.com>", "ada@example.com, bob@example.com", "ada@example.com;bob@example.com", ".ada@example.com",
		"ada.@example.com", "a..b@example.com", "ada@.example.com", "ada@example..com", "ada@example.com.", "ada@-example.com",
		"ada\r\nBcc: bob@example.com", "ada\u0000@example.com", "ada@exam\nple.com", "<ada@example.com>",
		"mailto:ada@example.com@", "ada@10.0.0.1", "ada@example.123", strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b", 64) + ".com",
	} {
		p := send(t, postUser(signUp{address, password, "Ada"})).refused(t, http.StatusBadRequest, "invalid_request")
		wantField(t, p, "email")
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
