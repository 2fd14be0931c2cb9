package user

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/password"
	"shop/internal/token"
)

// fakeAuth has all that a log-in needs. It counts as stores promise to, notes what is done, in its order, and can fail.
// Many may come at once.
type fakeAuth struct {
	mu       sync.Mutex
	user     User
	now      time.Time
	tallies  map[string]Tally
	known    map[string]bool
	resetAt  map[string]time.Time // by address
	done     []string
	begun    []OpenSession
	issuedIn string // the session that the last access token was issued in
	hashes   int
	crowd    int              // so many have yet to look
	looked   chan struct{}    // if there is one, nobody goes on before it is closed: when all have looked
	fails    map[string]error // by the name of the call
}

func (e *fakeAuth) note(call, of string) error {
	e.done = append(e.done, call+" "+of)
	return e.fails[call]
}

func window(a Attempt, c Count) string {
	return fmt.Sprintf("%q until %s %s", a.Subject(c), a.WindowEnd(c), a.Epoch(c))
}

func (e *fakeAuth) Lookup(_ context.Context, a Attempt) (AttemptHistory, error) {
	history, err := e.look(a)
	if e.looked != nil {
		<-e.looked
	}
	return history, err
}

func (e *fakeAuth) look(a Attempt) (AttemptHistory, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.crowd--; e.crowd == 0 {
		close(e.looked)
	}
	history := AttemptHistory{
		KnownClient: e.known[a.Subject(PerAddressAndClient)], KnownDevice: e.known[a.Subject(PerDevice)],
		ResetAt: e.resetAt[a.Email],
	}
	a.ResetAt = history.ResetAt
	if a.Email == e.user.Email {
		history.Found, history.User = true, e.user
	}
	for c := range counts {
		history.Tallies[c] = e.tallies[window(a, c)]
	}
	return history, e.note("look", a.Email)
}

func (e *fakeAuth) Count(_ context.Context, a Attempt, limits Limits) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.note("count", a.Email); err != nil {
		return err
	}
	for _, c := range a.Counts() {
		if t := e.tallies[window(a, c)]; t.Guesses >= limits[c].Free && t.Last.After(limits[c].Idle) {
			return ErrCountsChanged
		}
	}
	for _, c := range a.Counts() {
		e.tallies[window(a, c)] = Tally{Guesses: e.tallies[window(a, c)].Guesses + 1, Last: a.At}
	}
	return nil
}

func (e *fakeAuth) decrement(a Attempt, c Count) {
	t := e.tallies[window(a, c)]
	t.Guesses--
	e.tallies[window(a, c)] = t
}

func (e *fakeAuth) Start(_ context.Context, s OpenSession, a Attempt) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.tallies, window(a, PerAddressAndClient))
	delete(e.tallies, window(a, Reserve))
	if a.Device != "" {
		delete(e.tallies, window(a, PerDevice))
		e.known[a.Subject(PerDevice)] = true
	}
	if !a.Reserved && !a.OnDevice {
		e.decrement(a, PerClient)
		e.decrement(a, PerAddress)
	}
	e.known[a.Subject(PerAddressAndClient)] = true
	e.begun = append(e.begun, s)
	return e.note("start", s.UserID)
}

func (e *fakeAuth) Check(hash password.Hash, tried string) (bool, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hashes++
	err := e.note("check", tried)
	return err == nil && hash == hashOf(tried), err
}

func (e *fakeAuth) CheckDummy(password string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hashes++
	_ = e.note("check dummy", password)
}

func (e *fakeAuth) renew(_ context.Context, u User, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.note("renew "+u.ID, text)
}

func (e *fakeAuth) Issue(_ context.Context, s token.Subject) (string, time.Duration, error) {
	e.issuedIn = s.SessionID
	if err := e.note("issue", s.UserID); err != nil {
		return "", 0, err
	}
	return "token of " + s.UserID, 15 * time.Minute, nil
}

// logIn has one account: ada@example.com with the password "right one". It is noon.
func logIn() (*LogIn, *fakeAuth) {
	u := ada
	u.PasswordHash = hashOf("right one")
	e := &fakeAuth{
		user: u, now: noon, tallies: map[string]Tally{}, known: map[string]bool{}, resetAt: map[string]time.Time{},
		fails: map[string]error{},
	}
	return &LogIn{Guesses: e, Passwords: e, Tokens: e, Sessions: e, Rehash: e.renew, Now: func() time.Time {
		return e.now
	}}, e
}

const (
	home     = "192.0.2.7"
	attacker = "198.51.100.9"
)

// right and wrong are ada's password, and not.
func right(client string) Credentials {
	return Credentials{Address: ada.Email, Password: "right one", ClientKey: client}
}
func wrong(client string) Credentials {
	return Credentials{Address: ada.Email, Password: "wrong one", ClientKey: client}
}

// TestLogIn shows each way a log-in goes and, to the call, what it does on the way: counting comes before the password
// is looked at, and each way of an address checks a hash.
func TestLogIn(t *testing.T) {
	for name, c := range map[string]struct {
		address, password string
		want              Session
		err               error
		done              []string
	}{
		"right": {" Ada@Example.com ", "right one", Session{AccessToken: "token of usr_1", ExpiresIn: 15 * time.Minute},
			nil,
			[]string{
				"look ada@example.com", "count ada@example.com", "check right one", "issue usr_1", "start usr_1",
				"renew usr_1 right one",
			}},
		"wrong password": {"ada@example.com", "wrong one", Session{}, ErrInvalidCredentials,
			[]string{"look ada@example.com", "count ada@example.com", "check wrong one"}},
		"unknown address": {"eve@example.com", "right one", Session{}, ErrInvalidCredentials,
			[]string{"look eve@example.com", "count eve@example.com", "check dummy right one"}},
		"no address": {"ada", "right one", Session{}, ErrInvalidCredentials, nil},
		"nothing":    {"", "", Session{}, ErrInvalidCredentials, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l, e := logIn()
			got, err := l.Do(context.Background(),
				Credentials{Address: c.address, Password: c.password, ClientKey: home})
			got.RefreshToken, got.RefreshExpiresIn, got.User = "", 0, User{} // see TestLogInBeginsASession
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
	l, _ := logIn()
	var texts []string
	for _, address := range []string{"ada@example.com", "eve@example.com", "no address"} {
		_, err := l.Do(context.Background(), Credentials{Address: address, Password: "wrong one", ClientKey: home})
		texts = append(texts, fmt.Sprint(err))
	}
	if texts[0] != texts[1] || texts[0] != texts[2] || texts[0] == "<nil>" {
		t.Errorf("got %q, want one text", texts)
	}
}

// TestLogInFails: a failing part is no wrong password, and gives no session.
func TestLogInFails(t *testing.T) {
	for _, call := range []string{"look", "count", "check", "issue", "start"} {
		t.Run(call, func(t *testing.T) {
			l, e := logIn()
			e.fails[call] = errDown
			got, err := l.Do(context.Background(), right(home))
			if got != (Session{}) || !errors.Is(err, errDown) || errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("got %+v and error %v, want %v", got, err, errDown)
			}
		})
	}
}

// TestLogInBeginsASession: what is stored is the user's, of the generation that was read with the password's hash,
// knows the token that was given by its hash alone, and began when the log-in was attempted.
func TestLogInBeginsASession(t *testing.T) {
	l, e := logIn()
	e.user.Generation = 5
	got, err := l.Do(context.Background(), right(home))
	if err != nil || len(e.begun) != 1 {
		t.Fatalf("got error %v and %d sessions, want one", err, len(e.begun))
	}
	token, err := ParseRefreshToken(got.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	s := e.begun[0]
	want := OpenSession{
		ID: token.SessionID, UserID: "usr_1", Email: "ada@example.com", SecretHash: sha256.Sum256(token.Secret[:]),
		Generation: 5, BegunAt: noon, ExpiresAt: noon.Truncate(time.Second).Add(30 * day),
	}
	if s != want {
		t.Errorf("stored %+v, want %+v", s, want)
	}
	if got.User != e.user || e.issuedIn != s.ID || got.RefreshExpiresIn != s.ExpiresAt.Sub(noon) {
		t.Errorf("got %+v, and the access token is of %s, want %+v, %s and %v",
			got, e.issuedIn, e.user, s.ID, s.ExpiresAt.Sub(noon))
	}
}

// TestLogInReplacesASession: the session of a refresh token that came along ends as the new one begins; what is no
// refresh token ends nothing.
func TestLogInReplacesASession(t *testing.T) {
	before := newRefreshToken(newSessionID())
	for text, want := range map[string]string{
		before.Encode(): before.SessionID, "": "", "no token": "", before.SessionID: "",
	} {
		l, e := logIn()
		c := right(home)
		c.Replaces = text
		if _, err := l.Do(t.Context(), c); err != nil || len(e.begun) != 1 || e.begun[0].Replaces != want {
			t.Errorf("%q: got error %v and %+v, want one session that replaces %q", text, err, e.begun, want)
		}
	}
}

// slowAuth makes each check of a password last for as long as it says.
type slowAuth struct {
	*fakeAuth
	check time.Duration
}

func (s slowAuth) Check(hash password.Hash, tried string) (bool, error) {
	time.Sleep(s.check)
	return s.fakeAuth.Check(hash, tried)
}

func (s slowAuth) CheckDummy(password string) {
	time.Sleep(s.check)
	s.fakeAuth.CheckDummy(password)
}

// TestLogInOutOfTime: a check cannot be stopped. It is not begun when the time is up, and when it ends too late nothing
// is told and nothing more is done.
func TestLogInOutOfTime(t *testing.T) {
	for name, credentials := range map[string][2]string{
		"right": {"ada@example.com", "right one"}, "wrong password": {"ada@example.com", "wrong one"},
		"unknown address": {"eve@example.com", "right one"},
	} {
		for when, left := range map[string]time.Duration{"before": 0, "after": 50 * time.Millisecond} {
			t.Run(name+", "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l, e := logIn()
					l.Passwords = slowAuth{e, 100 * time.Millisecond}
					ctx, cancel := context.WithTimeout(t.Context(), left)
					defer cancel()
					got, err := l.Do(ctx,
						Credentials{Address: credentials[0], Password: credentials[1], ClientKey: home})
					if got != (Session{}) || !errors.Is(err, context.DeadlineExceeded) ||
						errors.Is(err, ErrInvalidCredentials) {
						t.Errorf("got %+v and error %v, want %v alone", got, err, context.DeadlineExceeded)
					}
					checked := slices.ContainsFunc(e.done, func(s string) bool { return strings.HasPrefix(s, "check") })
					if checked != (left > 0) || slices.Contains(e.done, "start usr_1") {
						t.Errorf("did %q", e.done)
					}
				})
			})
		}
	}
}
