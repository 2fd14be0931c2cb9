package dynamostore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/internal/password"
	"shop/internal/user"
	"shop/test/awsfault"
)

// endSessions ends all sessions of the address's user, as the user does.
func (s *shop) endSessions(email string) error {
	u, err := s.accounts().ByEmail(s.t.Context(), email)
	if err != nil {
		return err
	}
	return s.userSessions().EndSessions(s.t.Context(), u, attempt(email, "192.0.2.7", opened))
}

// TestEndSessions: the generation ends them, the guess is taken back, and the user is as before otherwise. An account
// of another user is left alone, and none is made.
func TestEndSessions(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	a, want := attempt(ann.Email, "192.0.2.7", opened), ann
	s.must(s.guesses().Count(t.Context(), a, upTo(1)))
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.userSessions().EndSessions(t.Context(), ann, a))
	if want.Generation++; s.user(ann.Email) != want {
		t.Errorf("got %+v, want %+v", s.user(ann.Email), want)
	}
	s.wantTallies(a, [3]int64{})
	for _, other := range []user.User{{ID: "usr_2", Email: ann.Email}, {ID: "usr_2", Email: "x@example.com"}} {
		if err := s.userSessions().EndSessions(t.Context(), other, a); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("%+v: got %v, want ErrNotFound", other, err)
		}
	}
	if got := s.user("x@example.com"); got != (user.User{}) || s.user(ann.Email) != want {
		t.Errorf("stored %+v and left %+v, want none and %+v", got, s.user(ann.Email), want)
	}
}

func TestRename(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	caller, want := user.Caller{UserID: ann.ID, Email: ann.Email}, ann
	s.must(s.accounts().Rename(t.Context(), caller, "Zoë"))
	if want.Name = "Zoë"; s.user(ann.Email) != want {
		t.Errorf("got %+v, want %+v", s.user(ann.Email), want)
	}
	for _, other := range []user.Caller{
		{UserID: "usr_2", Email: ann.Email}, {UserID: "usr_2", Email: "x@example.com"},
	} {
		if err := s.accounts().Rename(t.Context(), other, "Eve"); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("%+v: got %v, want ErrNotFound", other, err)
		}
	}
	if got := s.user("x@example.com"); got != (user.User{}) || s.user(ann.Email) != want {
		t.Errorf("stored %+v and left %+v, want none and %+v", got, s.user(ann.Email), want)
	}
}

// changing has ann, in generation 4, with two sessions, and returns a change by the first.
func changing(t *testing.T) (*shop, user.PasswordChange) {
	s := open(t)
	u := ann
	u.Generation = annsSession.Generation
	s.must(s.signUp().Create(t.Context(), u, user.IdempotencyRecord{}))
	second := annsSession
	second.ID = "ses_2"
	a := attempt(ann.Email, "192.0.2.7", opened)
	for range 3 { // two log-ins and the change
		s.must(s.guesses().Count(t.Context(), a, upTo(9)))
	}
	for _, begun := range []user.OpenSession{annsSession, second} {
		begun.UserID = u.ID
		s.must(s.sessions().Start(t.Context(), begun, a))
	}
	return s, user.PasswordChange{User: u, Hash: password.Stored("new"), SessionID: annsSession.ID, Attempt: a}
}

// TestChangePassword: the password, the generation of the user and of the session that asks, the mail and what was
// done, in one write, though its answer was lost. The other session is of an earlier generation.
func TestChangePassword(t *testing.T) {
	s, c := changing(t)
	c.Record = done("a", c.User.ID, opened)
	s.faults.On("TransactWriteItems", awsfault.Lost)
	id, err := s.passwordChanges().ChangePassword(t.Context(), c)
	s.must(err)
	want := c.User
	want.PasswordHash, want.Generation = c.Hash, c.User.Generation+1
	if got := s.user(ann.Email); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.wantGenerations(t, want.Generation, c.User.Generation)
	if mail := notification.NewPasswordChangedMail(want.ID, want.Generation, want.Email, opened); id != mail.ID ||
		s.mail(id) != mail {
		t.Errorf("pending is %s, %+v, want %+v", id, s.mail(id), mail)
	}
	s.wantDone(c.Record)
	s.wantTallies(c.Attempt, [3]int64{})

	again := c
	again.User, again.Hash = want, password.Stored("eve's")
	if id, err := s.passwordChanges().ChangePassword(t.Context(), again); id != "" || err != nil ||
		s.user(ann.Email) != want {
		t.Errorf("again: got %q, error %v and %+v, want nothing done", id, err, s.user(ann.Email))
	}
}

// wantGenerations looks at ann's two sessions.
func (s *shop) wantGenerations(t *testing.T, want ...int64) {
	t.Helper()
	for i, id := range []string{"ses_1", "ses_2"} {
		got, err := s.sessions().Find(t.Context(), id)
		if s.must(err); got.Generation != want[i] {
			t.Errorf("%s is of generation %d, want %d", id, got.Generation, want[i])
		}
	}
}

// TestChangePasswordRefused: of a user or a session that something else ended, of another's session and of none,
// nothing is written.
func TestChangePasswordRefused(t *testing.T) {
	for name, spoil := range map[string]func(*shop, *user.PasswordChange){
		"the password was changed": func(_ *shop, c *user.PasswordChange) { c.User.Generation-- },
		"another account":          func(_ *shop, c *user.PasswordChange) { c.User.ID = "usr_2" },
		"logged out": func(s *shop, c *user.PasswordChange) {
			s.must(s.sessions().End(s.t.Context(), c.SessionID))
		},
		"expired":               func(_ *shop, c *user.PasswordChange) { c.Attempt.At = annsSession.ExpiresAt },
		"no session":            func(_ *shop, c *user.PasswordChange) { c.SessionID = "ses_3" },
		"no session but a name": func(_ *shop, c *user.PasswordChange) { c.SessionID = knownName(c.Attempt) },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := changing(t)
			before := s.user(ann.Email)
			spoil(s, &c)
			c.Record = done("a", c.User.ID, opened)
			id, err := s.passwordChanges().ChangePassword(t.Context(), c)
			if !errors.Is(err, user.ErrSessionOver) || id != "" || s.user(ann.Email) != before {
				t.Errorf("got %q, error %v and %+v, want ErrSessionOver and %+v", id, err, s.user(ann.Email), before)
			}
			if d, err := s.passwordChanges().FindRecord(t.Context(), "a"); err != nil ||
				d != (user.IdempotencyRecord{}) {
				t.Errorf("kept %+v, %v", d, err)
			}
		})
	}
}

// TestChangesAtOnce: of many changes by one password, one is made.
func TestChangesAtOnce(t *testing.T) {
	s, c := changing(t)
	const n = 8
	answers := make(chan error, n)
	for range n {
		go func() { _, err := s.passwordChanges().ChangePassword(t.Context(), c); answers <- err }()
	}
	made := 0
	for range n {
		if err := <-answers; err == nil {
			made++
		} else if !errors.Is(err, user.ErrSessionOver) && !temporary(err) {
			t.Error(err)
		}
	}
	if got := s.user(ann.Email); made != 1 || got.Generation != c.User.Generation+1 {
		t.Errorf("%d changes were made, to %+v, want one", made, got)
	}
}

func temporary(err error) bool {
	var f interface{ Temporary() bool }
	return errors.As(err, &f) && f.Temporary()
}

// TestRefreshWhileThePasswordIsChanged: a refresh by the session that asks goes on, wherever the change falls between
// its steps.
func TestRefreshWhileThePasswordIsChanged(t *testing.T) {
	s := open(t)
	for step := range 3 {
		a := s.account("usr_"+string(rune('a'+step)), "old")
		begun, err := a.logIn(nil, "old")
		s.must(err)
		u := s.user(a.email)
		id, _, _ := strings.Cut(begun.RefreshToken, ".")
		call := &interruption{nth: int32(step + 1), do: func() {
			_, err := s.passwordChanges().ChangePassword(t.Context(), user.PasswordChange{
				User: u, Hash: password.Stored("new"), SessionID: id,
				Attempt: attempt(a.email, "192.0.2.7", time.Now()),
			})
			s.must(err)
		}}
		sessions := &Sessions{Client: s.tables.Client(call), AuthState: s.tables.Name("AuthState")}
		users := &Accounts{Client: s.tables.Client(call), Users: s.tables.Name("Users")}
		r := user.Refresh{Sessions: sessions, Users: users, Tokens: plain{}, Now: time.Now}
		next, err := r.Do(t.Context(), begun.RefreshToken)
		if err != nil {
			t.Errorf("a change before call %d of a refresh: %v", step+1, err)
			continue
		}
		s.must(a.refresh(next))
	}
}
