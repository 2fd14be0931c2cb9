package dynamostore

import (
	"errors"
	"strings"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/internal/password"
	"shop/internal/user"
)

func done(name, subject string, at time.Time) user.IdempotencyRecord {
	return user.IdempotencyRecord{Name: name, Subject: subject, At: at}
}

// wantDone fails the test unless this was kept under its name, for ten minutes, as TTL has it.
func (s *shop) wantDone(want user.IdempotencyRecord) {
	s.t.Helper()
	if got, err := s.resets().FindRecord(s.t.Context(), want.Name); err != nil || got != want {
		s.t.Errorf("kept %+v (error %v), want %+v", got, err, want)
	}
	r := reader{item: s.item("AuthState", recordKey(want.Name))}
	if got := r.number("expires_at"); got != want.At.Add(10*time.Minute).Unix() {
		s.t.Errorf("kept until %d, want ten minutes from %s", got, want.At)
	}
}

// TestLinksAreFollowedAgain: what was done with a key is kept in the same write, and nothing is when it is refused.
func TestLinksAreFollowedAgain(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	verify, set := s.link(user.VerifyAddress, opened), s.link(user.SetPassword, opened)
	verified, changed, refused := done("a", ann.ID, opened), done("b", ann.ID, opened), done("c", ann.ID, opened)
	s.must(s.verifications().Verify(t.Context(), verify, opened, verified))
	s.wantDone(verified)
	s.must(s.resets().SetPassword(t.Context(), set, password.Stored("new"), resetAt(opened), changed))
	s.wantDone(changed)
	if err := s.resets().SetPassword(
		t.Context(), set, password.Stored("eve's"), resetAt(opened), refused,
	); !errors.Is(err, user.ErrInvalidLink) {
		t.Errorf("got %v, want ErrInvalidLink", err)
	}
	if got, err := s.resets().FindRecord(t.Context(), refused.Name); err != nil || got != (user.IdempotencyRecord{}) {
		t.Errorf("a refused request is kept: %+v, %v", got, err)
	}
}

// TestSignUpAgain: the account and what was done are stored in one write. What was done before stands, until it
// expires.
func TestSignUpAgain(t *testing.T) {
	s := open(t)
	first := done("a", ann.ID, opened)
	s.must(s.signUp().Create(t.Context(), ann, first))
	s.wantDone(first)
	other := ann
	other.ID, other.Email = "usr_2", "other@example.com"
	for name, u := range map[string]user.User{"the address is taken": ann, "the request was done": other} {
		if err := s.signUp().Create(
			t.Context(), u, done("a", u.ID, opened.Add(time.Minute)),
		); !errors.Is(err, user.ErrEmailTaken) {
			t.Errorf("%s: got %v, want ErrEmailTaken", name, err)
		}
	}
	s.wantDone(first)
	if got := s.user(other.Email); got != (user.User{}) {
		t.Errorf("stored %+v by a request that was done before", got)
	}
	later := done("a", other.ID, opened.Add(10*time.Minute))
	s.must(s.signUp().Create(t.Context(), other, later))
	s.wantDone(later)
}

// TestApplyAgain: a request that was done before stores no mail, neither to verify nor of an attempt; one without a key
// does.
func TestApplyAgain(t *testing.T) {
	s := open(t)
	id, err := s.unverified().Add(t.Context(), ann, "a")
	s.must(err)
	s.wantDone(done("a", id, opened))
	attempt := notification.NewAddressMail(notification.SignUpAttempt, ann.Email, opened).ID
	if again, err := s.unverified().Add(t.Context(), ann, "a"); err != nil || again != "" || s.mail(attempt).ID != "" {
		t.Errorf("stored %q (error %v) and %+v, want nothing", again, err, s.mail(attempt))
	}
	other := ann
	other.Email = "other@example.com"
	if again, err := s.unverified().Add(t.Context(), other, "a"); err != nil || again != "" ||
		s.user(other.Email) != (user.User{}) {
		t.Errorf("stored %q (error %v), want nothing", again, err)
	}
	told, err := s.unverified().Add(t.Context(), ann, "b")
	if err != nil || told != attempt || !strings.HasPrefix(id, "verify-email#") {
		t.Errorf("stored %q (error %v), want %s", told, err, attempt)
	}
	s.wantDone(done("b", attempt, opened))
}

// unverified is ann as she signs up where addresses are verified.
func unverified(id string, at time.Time) user.User {
	u := ann
	u.ID, u.CreatedAt, u.ExpiresAt = id, at, at.Add(7*24*time.Hour)
	return u
}

// TestUnverifiedAccountsExpire: from then on the address is free, though the account is still stored, by whichever way
// somebody signs up; a second before it is taken.
func TestUnverifiedAccountsExpire(t *testing.T) {
	end := unverified("usr_1", opened).ExpiresAt
	for name, signUp := range map[string]func(s *shop, u user.User) error{
		"at once": func(s *shop, u user.User) error {
			return s.signUp().Create(t.Context(), u, user.IdempotencyRecord{})
		},
		"at once, by a key": func(s *shop, u user.User) error {
			return s.signUp().Create(t.Context(), u, done("k", u.ID, u.CreatedAt))
		},
		"by mail": func(s *shop, u user.User) error {
			id, err := s.unverified().Add(t.Context(), u, "")
			if err == nil && id != "verify-email#"+u.ID {
				err = user.ErrEmailTaken
			}
			return err
		},
	} {
		s := open(t)
		s.must(s.signUp().Create(t.Context(), unverified("usr_1", opened), user.IdempotencyRecord{}))
		if got := s.user(ann.Email); got != unverified("usr_1", opened) {
			t.Errorf("stored %+v", got)
		}
		if err := signUp(s, unverified("usr_2", end.Add(-time.Second))); !errors.Is(err, user.ErrEmailTaken) ||
			s.user(ann.Email).ID != "usr_1" {
			t.Errorf("%s, in time: got %v and %s, want ErrEmailTaken", name, err, s.user(ann.Email).ID)
		}
		s.must(signUp(s, unverified("usr_3", end)))
		if got := s.user(ann.Email); got != unverified("usr_3", end) {
			t.Errorf("%s, later: stored %+v, want usr_3", name, got)
		}
	}
}

// TestVerifiedAccountsStay: what verifies an address takes the account's end away in the same write; past it neither
// link is good.
func TestVerifiedAccountsStay(t *testing.T) {
	s := open(t)
	end := unverified("usr_1", opened).ExpiresAt
	for name, use := range map[string]func(l user.Link, at time.Time) error{
		"verify": func(l user.Link, at time.Time) error {
			return s.verifications().Verify(t.Context(), l, at, user.IdempotencyRecord{})
		},
		"reset": func(l user.Link, at time.Time) error {
			return s.resets().SetPassword(t.Context(), l, ann.PasswordHash, resetAt(at), user.IdempotencyRecord{})
		},
	} {
		s.must(s.signUp().Create(t.Context(), unverified("usr_1", opened), user.IdempotencyRecord{}))
		l := s.link(user.VerifyAddress, end.Add(-time.Minute))
		if err := use(l, end); !errors.Is(err, user.ErrInvalidLink) {
			t.Errorf("%s, past the end: got %v, want ErrInvalidLink", name, err)
		}
		s.must(use(l, end.Add(-time.Second)))
		if got := s.user(ann.Email); got.Unverified || !got.ExpiresAt.IsZero() ||
			s.item("Users", userKey(ann.Email))["expires_at"] != nil {
			t.Errorf("%s: got %+v, want it verified and without an end", name, got)
		}
		s.must(s.deleter().Delete(t.Context(), s.user(ann.Email), opened))
	}
}

// TestUsedResetEndsTheRest: once a link set a password the address can be mailed a reset at once, and then rests again.
// While a reset is pending there is no other, and another address rests on.
func TestUsedResetEndsTheRest(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	mails := s.mails(func() time.Time { return opened })
	ask := func(after time.Duration) time.Time {
		t.Helper()
		id, err := s.resetOutbox().AddResetMail(t.Context(), ann.Email, opened.Add(after))
		s.must(err)
		return s.mail(id).CreatedAt
	}
	set := func(after time.Duration) {
		t.Helper()
		at := opened.Add(after)
		s.must(s.resets().SetPassword(t.Context(), s.link(user.SetPassword, at), password.Stored("new"), resetAt(at),
			user.IdempotencyRecord{}))
	}
	other, err := s.resetOutbox().AddResetMail(t.Context(), "bob@example.com", opened)
	s.must(err)
	s.must(mails.MarkSent(t.Context(), other, "message", opened))
	id := notification.NewAddressMail(notification.PasswordReset, ann.Email, opened).ID

	ask(0)
	set(time.Minute)
	if got := ask(2 * time.Minute); !got.Equal(opened) {
		t.Errorf("while one is pending: another of %s", got)
	}
	s.must(mails.MarkSent(t.Context(), id, "message", opened))
	set(3 * time.Minute)
	if got := ask(4 * time.Minute); !got.Equal(opened.Add(4 * time.Minute)) {
		t.Errorf("after a used link: one of %s, want another", got)
	}
	s.must(mails.MarkSent(t.Context(), id, "message", opened))
	if got := ask(5 * time.Minute); !got.Equal(opened.Add(4 * time.Minute)) {
		t.Errorf("with no link used since: one of %s, want it in its cooldown", got)
	}
	if _, err := s.resetOutbox().AddResetMail(t.Context(), "bob@example.com", opened.Add(5*time.Minute)); err != nil ||
		!s.mail(other).CreatedAt.Equal(opened) {
		t.Errorf("another address: %+v (error %v), want it in its cooldown", s.mail(other), err)
	}
}

// TestUsedResetWithoutAMail: a link of another mail, or of one whose record is gone, leaves only what TTL removes, and
// the address can be mailed.
func TestUsedResetWithoutAMail(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	s.must(s.resets().SetPassword(t.Context(), s.link(user.SetPassword, opened), password.Stored("new"),
		resetAt(opened), user.IdempotencyRecord{}))
	id := notification.NewAddressMail(notification.PasswordReset, ann.Email, opened).ID
	left := reader{item: s.item("Mails", mailKey(id))}
	if got := left.number("expires_at"); got != opened.Add(time.Hour).Unix() || left.err != nil || len(left.item) != 3 {
		t.Errorf("left %v", left.item)
	}
	if due, err := s.dueMails().Due(t.Context(), opened.Add(time.Hour), 10); err != nil || len(due) != 0 {
		t.Errorf("due: %v, %v", due, err)
	}
	if _, err := s.resetOutbox().AddResetMail(t.Context(), ann.Email, opened); err != nil ||
		s.mail(id) != notification.NewAddressMail(notification.PasswordReset, ann.Email, opened) {
		t.Errorf("got %+v and error %v", s.mail(id), err)
	}
}
