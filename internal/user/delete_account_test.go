package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// fakeDeletions is what a deletion works on, beside the fakeAuth that counts guesses. Notes are those of fakeAuth.
type fakeDeletions struct {
	*fakeAuth
	deletions map[string]time.Time // by user, when closed
	data      map[string]int       // of each user
	atOnce    int                  // data that are erased before the time is up; 0: all
}

func (r *fakeDeletions) ByEmail(_ context.Context, email string) (User, error) {
	if err := r.note("find", email); err != nil {
		return User{}, err
	}
	if email != r.user.Email {
		return User{}, ErrNotFound
	}
	return r.user, nil
}

func (r *fakeDeletions) Delete(_ context.Context, u User, now time.Time) error {
	if err := r.note("close", u.ID); err != nil {
		return err
	}
	if u.ID != r.user.ID {
		return ErrNotFound
	}
	r.user, r.deletions[u.ID] = User{}, now
	return r.fails["close, unheard"]
}

func (r *fakeDeletions) Erase(_ context.Context, userID string) error {
	if err := r.note("erase", userID); err != nil {
		return err
	}
	if r.atOnce > 0 && r.data[userID] > r.atOnce {
		r.data[userID] -= r.atOnce
		return errDown
	}
	delete(r.data, userID)
	return nil
}

func (r *fakeDeletions) Unfinished(context.Context) ([]AccountDeletion, error) {
	var all []AccountDeletion
	for id, at := range r.deletions {
		all = append(all, AccountDeletion{id, at})
	}
	slices.SortFunc(all, func(a, b AccountDeletion) int { return a.DeletedAt.Compare(b.DeletedAt) })
	return all, r.note("list", "")
}

func (r *fakeDeletions) Finish(_ context.Context, userID string) error {
	delete(r.deletions, userID)
	return r.note("finish", userID)
}

func deletion() (*DeleteAccount, *fakeDeletions) {
	_, e := logIn()
	r := &fakeDeletions{fakeAuth: e, deletions: map[string]time.Time{}, data: map[string]int{ada.ID: 5, "usr_other": 1}}
	return &DeleteAccount{Users: r, Accounts: r, Guesses: e, Passwords: e, Data: r, Now: func() time.Time {
		return e.now
	}}, r
}

var adasToken = Caller{UserID: ada.ID, Email: ada.Email}

// TestDeleteAccount: the password is looked at after the guess was counted, and the account goes before its data.
func TestDeleteAccount(t *testing.T) {
	d, r := deletion()
	if deleted, err := d.Do(context.Background(), adasToken, "right one", home); err != nil || !deleted {
		t.Fatalf("deleted is %t, error %v", deleted, err)
	}
	want := []string{
		"find " + ada.Email, "look " + ada.Email, "count " + ada.Email, "check right one", "close " + ada.ID,
		"erase " + ada.ID,
	}
	if !slices.Equal(r.done, want) {
		t.Errorf("did %q, want %q", r.done, want)
	}
	if r.data[ada.ID] != 0 || r.data["usr_other"] != 1 || !r.deletions[ada.ID].Equal(r.now) {
		t.Errorf("left %v, noted %v", r.data, r.deletions)
	}
}

// TestDeleteAccountRefuses: a wrong password is counted as log-in counts it, and nothing is removed.
func TestDeleteAccountRefuses(t *testing.T) {
	d, r := deletion()
	for range freePerAddressAndClient {
		if _, err := d.Do(context.Background(), adasToken, "wrong one", home); !errors.Is(err, ErrInvalidCredentials) {
			t.Fatalf("got error %v, want %v", err, ErrInvalidCredentials)
		}
	}
	var tooMany *TooManyGuessesError
	if _, err := d.Do(context.Background(), adasToken, "right one", home); !errors.As(err, &tooMany) {
		t.Errorf("the next: got error %v, want too many guesses", err)
	}
	if got := wait(t, &LogIn{Guesses: r, Passwords: r, Tokens: r, Sessions: r, Now: d.Now}, right(home)); got == 0 {
		t.Error("log-in does not know of the guesses")
	}
	if r.user.ID != ada.ID || len(r.deletions) != 0 || r.data[ada.ID] != 5 {
		t.Errorf("deleted something: %+v, %v, %v", r.user, r.deletions, r.data)
	}
}

// TestDeleteAccountAgain: a repeat goes on with what is left, whatever password it has, and with an account of the same
// address that is another one it does nothing.
func TestDeleteAccountAgain(t *testing.T) {
	d, r := deletion()
	r.atOnce = 2
	if deleted, err := d.Do(context.Background(), adasToken, "right one", home); !errors.Is(err, errDown) || !deleted ||
		r.user != (User{}) {
		t.Fatalf("got error %v and the account %+v, want it deleted and the erasing begun", err, r.user)
	}
	r.user = User{ID: "usr_new", Email: ada.Email, PasswordHash: hashOf("right one")}
	r.atOnce, r.done = 0, nil
	for range freePerAddressAndClient + 2 {
		if deleted, err := d.Do(context.Background(), adasToken, "", home); err != nil || deleted {
			t.Fatalf("again: deleted is %t, error %v", deleted, err)
		}
	}
	if r.user.ID != "usr_new" || len(r.data) != 1 ||
		!slices.Equal(r.done[:2], []string{"find " + ada.Email, "erase " + ada.ID}) {
		t.Errorf("did %q, left the account %+v and %v", r.done, r.user, r.data)
	}
}

// TestDeleteAccountCutShort: whatever fails, an account whose data were touched is deleted, its deletion is recorded,
// and the caller is told of it, also where the deletion itself had no answer.
func TestDeleteAccountCutShort(t *testing.T) {
	for _, call := range []string{"find", "look", "count", "check", "close", "close, unheard", "erase"} {
		t.Run(call, func(t *testing.T) {
			d, r := deletion()
			r.fails[call] = errDown
			deleted, err := d.Do(context.Background(), adasToken, "right one", home)
			if !errors.Is(err, errDown) || errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("got error %v, want %v", err, errDown)
			}
			closed := r.user == (User{})
			if deleted != closed {
				t.Errorf("deleted is %t, and the account is gone: %t", deleted, closed)
			}
			if r.data[ada.ID] != 5 || closed != (call == "erase" || call == "close, unheard") ||
				closed != !r.deletions[ada.ID].IsZero() {
				t.Errorf("left the account %+v, %v, %v", r.user, r.data, r.deletions)
			}
		})
	}
}

// TestDeleteAccountMeanwhile: an account that went between the look and the deletion is as good as deleted.
func TestDeleteAccountMeanwhile(t *testing.T) {
	d, r := deletion()
	r.fails["close"] = fmt.Errorf("closing: %w", ErrNotFound)
	if deleted, err := d.Do(context.Background(), adasToken, "right one", home); err != nil || deleted ||
		r.data[ada.ID] != 0 {
		t.Errorf("deleted is %t, error %v, left %v", deleted, err, r.data)
	}
}

// TestEraseDeletedAccounts: data are erased at each run, and a deletion is finished once no token of its account can be
// good.
func TestEraseDeletedAccounts(t *testing.T) {
	_, r := deletion()
	e := &EraseDeletedAccounts{Record: r, Data: r, Now: func() time.Time { return r.now }}
	r.deletions = map[string]time.Time{"usr_a": r.now, "usr_b": r.now.Add(-20 * time.Minute)}
	r.data = map[string]int{"usr_a": 1, "usr_b": 1}
	finished, err := e.Run(context.Background(), r.now.Add(time.Minute))
	if err != nil || finished != 1 || len(r.data) != 0 || len(r.deletions) != 1 || r.deletions["usr_a"].IsZero() {
		t.Errorf("finished %d with error %v, left %v and %v", finished, err, r.data, r.deletions)
	}
	r.data = map[string]int{"usr_a": 1} // an order that came after
	r.now = r.now.Add(20*time.Minute - time.Millisecond)
	if finished, err = e.Run(context.Background(), r.now.Add(time.Minute)); err != nil || finished != 0 ||
		len(r.data) != 0 {
		t.Errorf("finished %d with error %v, left %v", finished, err, r.data)
	}
	r.now = r.now.Add(time.Millisecond)
	if finished, err = e.Run(context.Background(), r.now.Add(time.Minute)); err != nil || finished != 1 ||
		len(r.deletions) != 0 {
		t.Errorf("finished %d with error %v, left %v", finished, err, r.deletions)
	}
}

// TestEraseDeletedAccountsFails: what fails is not finished and holds up nothing, and nothing is begun too late.
func TestEraseDeletedAccountsFails(t *testing.T) {
	for call, left := range map[string]int{"list": 2, "erase": 2, "finish": 0} {
		_, r := deletion()
		r.deletions = map[string]time.Time{"usr_a": r.now.Add(-time.Hour), "usr_b": r.now.Add(-time.Hour)}
		r.fails[call] = errDown
		e := &EraseDeletedAccounts{Record: r, Data: r, Now: func() time.Time { return r.now }}
		if _, err := e.Run(context.Background(), r.now.Add(time.Minute)); !errors.Is(err, errDown) ||
			len(r.deletions) != left {
			t.Errorf("%s: got error %v, left %v", call, err, r.deletions)
		}
	}
	_, r := deletion()
	r.deletions = map[string]time.Time{"usr_a": r.now.Add(-time.Hour)}
	e := &EraseDeletedAccounts{Record: r, Data: r, Now: func() time.Time { return r.now }}
	if finished, err := e.Run(context.Background(), r.now); err != nil || finished != 0 || len(r.deletions) != 1 {
		t.Errorf("too late: finished %d with error %v", finished, err)
	}
}
