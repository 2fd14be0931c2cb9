package user

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// entrance is all that a log-in meets. It notes what is done, in its order, and lets an address have guesses attempts.
type entrance struct {
	users   accounts
	guesses int
	counted map[string]int
	done    []string
	begun   []OpenSession
	fails   map[string]error // by the name of the call
}

func (e *entrance) note(call, of string) error {
	e.done = append(e.done, call+" "+of)
	return e.fails[call]
}

func (e *entrance) ByEmail(ctx context.Context, email string) (User, error) {
	if err := e.note("look up", email); err != nil {
		return User{}, err
	}
	return e.users.ByEmail(ctx, email)
}

func (e *entrance) Count(_ context.Context, email string) error {
	if err := e.note("count", email); err != nil {
		return err
	}
	if e.counted[email] == e.guesses {
		return &TooManyGuessesError{RetryAfter: 90 * time.Second}
	}
	e.counted[email]++
	return nil
}

func (e *entrance) Forget(_ context.Context, email string) error {
	if err := e.note("forget", email); err != nil {
		return err
	}
	delete(e.counted, email)
	return nil
}

func (e *entrance) Check(hash, password string) (bool, error) {
	err := e.note("check", password)
	return err == nil && hash == hashOf(password), err
}

func (e *entrance) CheckDummy(password string) { _ = e.note("check dummy", password) }

func (e *entrance) Issue(_ context.Context, u User) (string, time.Duration, error) {
	if err := e.note("issue", u.ID); err != nil {
		return "", 0, err
	}
	return "token of " + u.ID, 15 * time.Minute, nil
}

func (e *entrance) Begin(_ context.Context, s OpenSession) error {
	e.begun = append(e.begun, s)
	return e.note("begin", s.UserID)
}

// logIn has one account: ada@example.com with the password "right one".
func logIn(guesses int) (*LogIn, *entrance) {
	ada := User{ID: "usr_1", Email: "ada@example.com", PasswordHash: hashOf("right one"), Role: RoleCustomer}
	e := &entrance{users: accounts{byEmail: map[string]User{ada.Email: ada}}, guesses: guesses, counted: map[string]int{}, fails: map[string]error{}}
	return &LogIn{Users: e, Guesses: e, Passwords: e, Tokens: e, Sessions: e, Now: func() time.Time { return noon }}, e
}

// TestLogIn shows each way a log-in goes and, to the call, what it does on the way: counting comes first, each way checks a
// hash, and only a right password clears the count.
func TestLogIn(t *testing.T) {
	for name, c := range map[string]struct {
		address, password string
		want              Session
		err               error
		done              []string
	}{
		"right": {" Ada@Example.com ", "right one", Session{AccessToken: "token of usr_1", ExpiresIn: 15 * time.Minute}, nil,
			[]string{"count ada@example.com", "look up ada@example.com", "check right one", "forget ada@example.com", "issue usr_1", "begin usr_1"}},
		"wrong password": {"ada@example.com", "wrong one", Session{}, ErrInvalidCredentials,
			[]string{"count ada@example.com", "look up ada@example.com", "check wrong one"}},
		"unknown address": {"eve@example.com", "right one", Session{}, ErrInvalidCredentials,
			[]string{"count eve@example.com", "look up eve@example.com", "check dummy right one"}},
		"no address": {"ada", "right one", Session{}, ErrInvalidCredentials, []string{"check dummy right one"}},
		"nothing":    {"", "", Session{}, ErrInvalidCredentials, []string{"check dummy "}},
	} {
		t.Run(name, func(t *testing.T) {
			l, e := logIn(1)
			got, err := l.Do(context.Background(), c.address, c.password)
			got.RefreshToken = "" // see TestLogInBeginsASession
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %+v and error %v, want %+v and %v", got, err, c.want, c.err)
			}
			if !slices.Equal(e.done, c.done) {
				t.Errorf("did %q, want %q", e.done, c.done)
			}
		})
	}
}

// TestLogInTellsNothing: who guesses cannot tell an unknown address from a wrong password by the error's text, either.
func TestLogInTellsNothing(t *testing.T) {
	l, _ := logIn(10)
	var texts []string
	for _, address := range []string{"ada@example.com", "eve@example.com", "no address"} {
		_, err := l.Do(context.Background(), address, "wrong one")
		texts = append(texts, fmt.Sprint(err))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] || texts[0] == "<nil>" {
		t.Errorf("got %q, want one text", texts)
	}
}

// TestLogInTooManyGuesses: a known address and an unknown one are refused at the same attempt, before anyone is looked up, the
// right password too.
func TestLogInTooManyGuesses(t *testing.T) {
	for _, address := range []string{"ada@example.com", "eve@example.com"} {
		t.Run(address, func(t *testing.T) {
			l, e := logIn(3)
			for range 3 {
				if _, err := l.Do(context.Background(), address, "wrong one"); !errors.Is(err, ErrInvalidCredentials) {
					t.Fatalf("got error %v, want %v", err, ErrInvalidCredentials)
				}
			}
			e.done = nil
			got, err := l.Do(context.Background(), address, "right one")
			var tooMany *TooManyGuessesError
			if got != (Session{}) || !errors.As(err, &tooMany) || tooMany.RetryAfter != 90*time.Second {
				t.Errorf("got %+v and error %v, want a wait of 90 s", got, err)
			}
			if want := []string{"count " + address}; !slices.Equal(e.done, want) {
				t.Errorf("did %q, want %q", e.done, want)
			}
		})
	}
}

func TestLogInForgetsAfterSuccess(t *testing.T) {
	l, e := logIn(2)
	for range 3 {
		if _, err := l.Do(context.Background(), "ada@example.com", "wrong one"); !errors.Is(err, ErrInvalidCredentials) {
			t.Fatalf("got error %v, want %v", err, ErrInvalidCredentials)
		}
		if _, err := l.Do(context.Background(), "ada@example.com", "right one"); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.counted) != 0 {
		t.Errorf("got %v counted, want nothing", e.counted)
	}
}

// TestLogInFails: a failing part is no wrong password, and gives no session.
func TestLogInFails(t *testing.T) {
	for _, call := range []string{"count", "look up", "check", "forget", "issue", "begin"} {
		t.Run(call, func(t *testing.T) {
			l, e := logIn(1)
			e.fails[call] = errDown
			got, err := l.Do(context.Background(), "ada@example.com", "right one")
			if got != (Session{}) || !errors.Is(err, errDown) || errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("got %+v and error %v, want %v", got, err, errDown)
			}
		})
	}
}

// TestLogInBeginsASession: what is stored is the user's, knows the token that was given by its hash alone, and began when the
// log-in was attempted.
func TestLogInBeginsASession(t *testing.T) {
	l, e := logIn(1)
	got, err := l.Do(context.Background(), "ada@example.com", "right one")
	if err != nil || len(e.begun) != 1 {
		t.Fatalf("got error %v and %d sessions, want one", err, len(e.begun))
	}
	token, err := ParseRefreshToken(got.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	s := e.begun[0]
	want := OpenSession{
		ID: token.SessionID, UserID: "usr_1", Email: "ada@example.com", SecretHash: sha256.Sum256(token.Secret[:]), AttemptID: s.AttemptID,
		BegunAt: noon, ExpiresAt: noon.Truncate(time.Second).Add(30 * day),
	}
	if s != want || s.AttemptID == "" {
		t.Errorf("stored %+v, want %+v", s, want)
	}
}

func TestTooManyGuessesErrorSaysHowLong(t *testing.T) {
	err := &TooManyGuessesError{RetryAfter: 90 * time.Second}
	if got, want := err.Error(), "too many log-in attempts, try again in 1m30s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
