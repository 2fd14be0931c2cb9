package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// registry is what a removal works on, beside the entrance that counts guesses. Notes are the entrance's.
type registry struct {
	*entrance
	removals map[string]time.Time // by user, when closed
	traces   map[string]int       // of each user
	atOnce   int                  // traces that are erased before the time is up; 0: all
}

func (r *registry) ByEmail(_ context.Context, email string) (User, error) {
	if err := r.note("find", email); err != nil {
		return User{}, err
	}
	if email != r.user.Email {
		return User{}, ErrNotFound
	}
	return r.user, nil
}

func (r *registry) Close(_ context.Context, u User, now time.Time) error {
	if err := r.note("close", u.ID); err != nil {
		return err
	}
	if u.ID != r.user.ID {
		return ErrNotFound
	}
	r.user, r.removals[u.ID] = User{}, now
	return nil
}

func (r *registry) Erase(_ context.Context, userID string) error {
	if err := r.note("erase", userID); err != nil {
		return err
	}
	if r.atOnce > 0 && r.traces[userID] > r.atOnce {
		r.traces[userID] -= r.atOnce
		return errDown
	}
	delete(r.traces, userID)
	return nil
}

func (r *registry) Removals(context.Context) ([]Removal, error) {
	var all []Removal
	for id, at := range r.removals {
		all = append(all, Removal{id, at})
	}
	slices.SortFunc(all, func(a, b Removal) int { return a.ClosedAt.Compare(b.ClosedAt) })
	return all, r.note("list", "")
}

func (r *registry) Settle(_ context.Context, userID string) error {
	delete(r.removals, userID)
	return r.note("settle", userID)
}

func deletion() (*DeleteAccount, *registry) {
	_, e := logIn()
	r := &registry{entrance: e, removals: map[string]time.Time{}, traces: map[string]int{ada.ID: 5, "usr_other": 1}}
	return &DeleteAccount{Users: r, Accounts: r, Guesses: e, Passwords: e, Traces: r, Now: func() time.Time { return e.now }}, r
}

var adasToken = Caller{UserID: ada.ID, Email: ada.Email}

// TestDeleteAccount: the password is looked at after the guess was counted, and the account goes before its traces.
func TestDeleteAccount(t *testing.T) {
	d, r := deletion()
	if removed, err := d.Do(context.Background(), adasToken, "right one", home); err != nil || !removed {
		t.Fatalf("removed is %t, error %v", removed, err)
	}
	want := []string{"find " + ada.Email, "look " + ada.Email, "count " + ada.Email, "check right one", "close " + ada.ID, "erase " + ada.ID}
	if !slices.Equal(r.done, want) {
		t.Errorf("did %q, want %q", r.done, want)
	}
	if r.traces[ada.ID] != 0 || r.traces["usr_other"] != 1 || !r.removals[ada.ID].Equal(r.now) {
		t.Errorf("left %v, noted %v", r.traces, r.removals)
	}
}

// TestDeleteAccountRefuses: a wrong password is counted as log-in counts it, and nothing is removed.
func TestDeleteAccountRefuses(t *testing.T) {
	d, r := deletion()
	for range freeHere {
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
	if r.user.ID != ada.ID || len(r.removals) != 0 || r.traces[ada.ID] != 5 {
		t.Errorf("removed something: %+v, %v, %v", r.user, r.removals, r.traces)
	}
}

// TestDeleteAccountAgain: a repeat goes on with what is left, whatever password it has, and with an account of the same address
// that is another one it does nothing.
func TestDeleteAccountAgain(t *testing.T) {
	d, r := deletion()
	r.atOnce = 2
	if removed, err := d.Do(context.Background(), adasToken, "right one", home); !errors.Is(err, errDown) || !removed || r.user != (User{}) {
		t.Fatalf("got error %v and the account %+v, want it closed and the traces begun", err, r.user)
	}
	r.user = User{ID: "usr_new", Email: ada.Email, PasswordHash: hashOf("right one")}
	r.atOnce, r.done = 0, nil
	for range freeHere + 2 {
		if removed, err := d.Do(context.Background(), adasToken, "", home); err != nil || removed {
			t.Fatalf("again: removed is %t, error %v", removed, err)
		}
	}
	if r.user.ID != "usr_new" || len(r.traces) != 1 || !slices.Equal(r.done[:2], []string{"find " + ada.Email, "erase " + ada.ID}) {
		t.Errorf("did %q, left the account %+v and %v", r.done, r.user, r.traces)
	}
}

// TestDeleteAccountCutShort: whatever fails, an account whose traces were touched is closed, and its removal is noted.
func TestDeleteAccountCutShort(t *testing.T) {
	for _, call := range []string{"find", "look", "count", "check", "close", "erase"} {
		t.Run(call, func(t *testing.T) {
			d, r := deletion()
			r.fails[call] = errDown
			removed, err := d.Do(context.Background(), adasToken, "right one", home)
			if !errors.Is(err, errDown) || errors.Is(err, ErrInvalidCredentials) {
				t.Errorf("got error %v, want %v", err, errDown)
			}
			closed := r.user == (User{})
			if removed != closed {
				t.Errorf("removed is %t, and the account is gone: %t", removed, closed)
			}
			if r.traces[ada.ID] != 5 || closed != (call == "erase") || closed != !r.removals[ada.ID].IsZero() {
				t.Errorf("left the account %+v, %v, %v", r.user, r.traces, r.removals)
			}
		})
	}
}

// TestDeleteAccountMeanwhile: an account that went between the look and the removal is as good as removed.
func TestDeleteAccountMeanwhile(t *testing.T) {
	d, r := deletion()
	r.fails["close"] = fmt.Errorf("closing: %w", ErrNotFound)
	if removed, err := d.Do(context.Background(), adasToken, "right one", home); err != nil || removed || r.traces[ada.ID] != 0 {
		t.Errorf("removed is %t, error %v, left %v", removed, err, r.traces)
	}
}

// TestEraseTraces: traces are erased at each run, and a removal is settled once no token of its account can be good.
func TestEraseTraces(t *testing.T) {
	_, r := deletion()
	e := &EraseTraces{Record: r, Traces: r, Now: func() time.Time { return r.now }}
	r.removals = map[string]time.Time{"usr_a": r.now, "usr_b": r.now.Add(-20 * time.Minute)}
	r.traces = map[string]int{"usr_a": 1, "usr_b": 1}
	settled, err := e.Run(context.Background(), r.now.Add(time.Minute))
	if err != nil || settled != 1 || len(r.traces) != 0 || len(r.removals) != 1 || r.removals["usr_a"].IsZero() {
		t.Errorf("settled %d with error %v, left %v and %v", settled, err, r.traces, r.removals)
	}
	r.traces = map[string]int{"usr_a": 1} // an order that came after
	r.now = r.now.Add(20*time.Minute - time.Millisecond)
	if settled, err = e.Run(context.Background(), r.now.Add(time.Minute)); err != nil || settled != 0 || len(r.traces) != 0 {
		t.Errorf("settled %d with error %v, left %v", settled, err, r.traces)
	}
	r.now = r.now.Add(time.Millisecond)
	if settled, err = e.Run(context.Background(), r.now.Add(time.Minute)); err != nil || settled != 1 || len(r.removals) != 0 {
		t.Errorf("settled %d with error %v, left %v", settled, err, r.removals)
	}
}

// TestEraseTracesFails: what fails is not settled and holds up nothing, and nothing is begun too late.
func TestEraseTracesFails(t *testing.T) {
	for call, left := range map[string]int{"list": 2, "erase": 2, "settle": 0} {
		_, r := deletion()
		r.removals = map[string]time.Time{"usr_a": r.now.Add(-time.Hour), "usr_b": r.now.Add(-time.Hour)}
		r.fails[call] = errDown
		e := &EraseTraces{Record: r, Traces: r, Now: func() time.Time { return r.now }}
		if _, err := e.Run(context.Background(), r.now.Add(time.Minute)); !errors.Is(err, errDown) || len(r.removals) != left {
			t.Errorf("%s: got error %v, left %v", call, err, r.removals)
		}
	}
	_, r := deletion()
	r.removals = map[string]time.Time{"usr_a": r.now.Add(-time.Hour)}
	e := &EraseTraces{Record: r, Traces: r, Now: func() time.Time { return r.now }}
	if settled, err := e.Run(context.Background(), r.now); err != nil || settled != 0 || len(r.removals) != 1 {
		t.Errorf("too late: settled %d with error %v", settled, err)
	}
}
