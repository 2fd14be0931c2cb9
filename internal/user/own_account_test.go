package user

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/validation"
)

// fakeAccount is a fakeDeletions in which ada is logged in, and changes what is hers. Notes are those of fakeAuth.
type fakeAccount struct {
	*fakeDeletions
	requests fakeRecords
	changed  []PasswordChange
}

func (h *fakeAccount) EndSessions(_ context.Context, u User, a Attempt) error {
	if a.Email != u.Email || a.ClientKey != home {
		return errors.New("another attempt")
	}
	return h.note("end", u.ID)
}

func (h *fakeAccount) ChangePassword(_ context.Context, c PasswordChange) (string, error) {
	if err := h.note("change", c.SessionID); err != nil {
		return "", err
	}
	h.changed = append(h.changed, c)
	h.requests.keep(c.Record)
	return "mail", nil
}

func (h *fakeAccount) FindRecord(ctx context.Context, name string) (IdempotencyRecord, error) {
	return h.requests.FindRecord(ctx, name)
}

func (h *fakeAccount) MailPending(_ context.Context, mailID string) error {
	return h.note("announce", mailID)
}

func (h *fakeAccount) missed(_ context.Context, mailID string, err error) {
	_ = h.note("missed", mailID)
}

func (h *fakeAccount) Rename(_ context.Context, caller Caller, name string) error {
	if err := h.note("rename", caller.UserID); err != nil {
		return err
	}
	h.user.Name = name
	return nil
}

func held() *fakeAccount {
	_, r := deletion()
	return &fakeAccount{fakeDeletions: r}
}

func (h *fakeAccount) now() time.Time { return h.fakeDeletions.now }

func (h *fakeAccount) ending() *EndSessions {
	return &EndSessions{Accounts: h, Guesses: h.fakeAuth, Passwords: h.fakeAuth, Now: h.now}
}

func (h *fakeAccount) changing() *ChangePassword {
	return &ChangePassword{
		Accounts: h, Guesses: h.fakeAuth, Checker: h.fakeAuth, Passwords: plainPasswords{}, Announce: h.MailPending,
		Missed: h.missed, Now: h.now,
	}
}

var adasSession = Caller{UserID: ada.ID, Email: ada.Email, SessionID: "ses_1"}

// with is a request of ada's for a new password.
func with(current, key string) ChosenPassword {
	return ChosenPassword{Current: current, New: "newer one", Key: key, ClientKey: home}
}

// TestEndSessions: the guess is counted before the password is looked at, and the sessions end after.
func TestEndSessions(t *testing.T) {
	h := held()
	if err := h.ending().Do(t.Context(), adasSession, "right one", home); err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"look " + ada.Email, "count " + ada.Email, "check right one", "end " + ada.ID,
	}; !slices.Equal(h.done, want) {
		t.Errorf("did %q, want %q", h.done, want)
	}
}

// TestChangePassword: what is stored is the new hash, for the user as read with the old one and for the session that
// asks; the mail is announced, and whether that works or not changes nothing.
func TestChangePassword(t *testing.T) {
	for _, announced := range []error{nil, errDown} {
		h := held()
		h.fails["announce"] = announced
		if err := h.changing().Do(t.Context(), adasSession, with("right one", "")); err != nil {
			t.Fatal(err)
		}
		want := []string{"look " + ada.Email, "count " + ada.Email, "check right one", "change ses_1", "announce mail"}
		if announced != nil {
			want = append(want, "missed mail")
		}
		if !slices.Equal(h.done, want) {
			t.Errorf("did %q, want %q", h.done, want)
		}
		c := h.changed[0]
		if c.User != h.user || c.Hash != hashOf("newer one") || c.Attempt.Email != ada.Email ||
			c.Attempt.ClientKey != home || c.Record.HasKey() {
			t.Errorf("changed %+v", c)
		}
	}
}

// TestOwnPasswordIsGuessedAt: a wrong password is counted as log-in counts it, and nothing is done.
func TestOwnPasswordIsGuessedAt(t *testing.T) {
	h := held()
	ways := map[string]func(password string) error{
		"end":    func(password string) error { return h.ending().Do(t.Context(), adasSession, password, home) },
		"change": func(password string) error { return h.changing().Do(t.Context(), adasSession, with(password, "")) },
	}
	for range freePerAddressAndClient / len(ways) {
		for name, try := range ways {
			if err := try("wrong one"); !errors.Is(err, ErrInvalidCredentials) {
				t.Fatalf("%s: got error %v, want %v", name, err, ErrInvalidCredentials)
			}
		}
	}
	for name, try := range ways {
		var tooMany *TooManyGuessesError
		if err := try("right one"); !errors.As(err, &tooMany) {
			t.Errorf("%s: got error %v, want too many guesses", name, err)
		}
	}
	if slices.ContainsFunc(h.done,
		func(s string) bool { return strings.HasPrefix(s, "end") || strings.HasPrefix(s, "change") }) {
		t.Errorf("did %q", h.done)
	}
}

// TestChangePasswordRefuses: what may not be chosen is no guess, and a token without a session, or of another account,
// sets no password.
func TestChangePasswordRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		caller Caller
		chosen ChosenPassword
		want   error
	}{
		"another account": {
			Caller{UserID: "usr_2", Email: ada.Email, SessionID: "ses_1"}, with("right one", ""), ErrNotFound,
		},
		"unknown address": {
			Caller{UserID: "usr_2", Email: "eve@example.com", SessionID: "ses_1"}, with("right one", ""), ErrNotFound,
		},
		"no session": {adasToken, with("right one", ""), ErrSessionOver},
	} {
		h := held()
		if err := h.changing().Do(t.Context(), c.caller, c.chosen); !errors.Is(err, c.want) || len(h.changed) > 0 {
			t.Errorf("%s: got error %v and %+v, want %v", name, err, h.changed, c.want)
		}
	}
	h := held()
	var problems validation.Errors
	short := ChosenPassword{Current: "wrong one", New: "short", ClientKey: home}
	if err := h.changing().Do(t.Context(), adasSession, short); !errors.As(err, &problems) ||
		problems[0].Field != "new" || len(h.done) > 0 {
		t.Errorf("got error %v after %q, want one of the field new at once", err, h.done)
	}
}

// TestChangePasswordAgain: a repeat with the key does nothing, though the password that it shows is the former one now;
// another user's key, and another key, are none of it.
func TestChangePasswordAgain(t *testing.T) {
	h := held()
	if err := h.changing().Do(t.Context(), adasSession, with("right one", "k")); err != nil {
		t.Fatal(err)
	}
	h.user.PasswordHash, h.done = hashOf("newer one"), nil
	if err := h.changing().Do(t.Context(), adasSession, with("right one", "k")); err != nil || len(h.done) > 0 ||
		len(h.changed) != 1 {
		t.Errorf("again: got error %v after %q and %d changes", err, h.done, len(h.changed))
	}
	if err := h.changing().Do(
		t.Context(), adasSession, with("right one", "l"),
	); !errors.Is(err, ErrInvalidCredentials) {
		t.Errorf("another key: got error %v, want %v", err, ErrInvalidCredentials)
	}
}

// TestOwnAccountFails: whatever fails, nothing is said to be done.
func TestOwnAccountFails(t *testing.T) {
	for _, call := range []string{"look", "count", "check", "end"} {
		h := held()
		h.fails[call] = errDown
		if err := h.ending().Do(t.Context(), adasSession, "right one", home); !errors.Is(err, errDown) ||
			errors.Is(err, ErrInvalidCredentials) {
			t.Errorf("%s: got error %v, want %v", call, err, errDown)
		}
	}
	for _, call := range []string{"look", "count", "check", "change"} {
		h := held()
		h.fails[call] = errDown
		err := h.changing().Do(t.Context(), adasSession, with("right one", ""))
		if !errors.Is(err, errDown) || errors.Is(err, ErrInvalidCredentials) ||
			slices.Contains(h.done, "announce mail") {
			t.Errorf("%s: got error %v after %q, want %v", call, err, h.done, errDown)
		}
	}
}

// TestAccount: callers see and rename their own, and not the next one of their address.
func TestAccount(t *testing.T) {
	h := held()
	view, rename := &ViewAccount{Users: h}, &RenameAccount{Accounts: h, Users: h}
	if got, err := view.Do(t.Context(), adasToken); err != nil || got != h.user {
		t.Errorf("got %+v and error %v, want %+v", got, err, h.user)
	}
	if got, err := rename.Do(t.Context(), adasToken, "Zoë"); err != nil || got != h.user || got.Name != "Zoë" {
		t.Errorf("got %+v and error %v, want %+v", got, err, h.user)
	}
	for _, name := range []string{"", "\n", strings.Repeat("x", 201)} {
		var problems validation.Errors
		if _, err := rename.Do(t.Context(), adasToken, name); !errors.As(err, &problems) || h.user.Name != "Zoë" {
			t.Errorf("%q: got error %v and the name %q", name, err, h.user.Name)
		}
	}
	for _, gone := range []Caller{{UserID: "usr_2", Email: ada.Email}, {UserID: "usr_2", Email: "eve@example.com"}} {
		if got, err := view.Do(t.Context(), gone); !errors.Is(err, ErrNotFound) || got != (User{}) {
			t.Errorf("%+v: got %+v and error %v, want %v", gone, got, err, ErrNotFound)
		}
	}
	h.fails["rename"] = ErrNotFound
	if _, err := rename.Do(t.Context(), adasToken, "Zoë"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got error %v, want %v", err, ErrNotFound)
	}
}
