package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

// wait returns how long an attempt is told to wait, or 0 when its password was looked at.
func wait(t *testing.T, l *LogIn, c Credentials) time.Duration {
	t.Helper()
	_, err := l.Do(context.Background(), c)
	var tooMany *TooManyGuessesError
	if errors.As(err, &tooMany) {
		return tooMany.RetryAfter
	}
	if err != nil && !errors.Is(err, ErrInvalidCredentials) {
		t.Fatal(err)
	}
	return 0
}

// waits is wait n times.
func waits(t *testing.T, l *LogIn, n int, c Credentials) []time.Duration {
	t.Helper()
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = wait(t, l, c)
	}
	return out
}

// TestDelaysGrow: twenty guesses of an address from a source are free. Who does not wait then is told to wait ever longer, the
// right password does not help, and no password is looked at. It is the same for an address that nobody has.
func TestDelaysGrow(t *testing.T) {
	for _, address := range []string{ada.Email, "eve@example.com"} {
		l, e := logIn()
		c := Credentials{address, "wrong one", home}
		if got, want := waits(t, l, 20, c), make([]time.Duration, 20); !slices.Equal(got, want) {
			t.Errorf("%s: the first twenty wait %v, want not at all", address, got)
		}
		c.Password, e.done = "right one", nil
		s := time.Second
		want := []time.Duration{10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 320 * s, 640 * s, 900 * s, 900 * s}
		if got := waits(t, l, len(want), c); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
		if e.hashes != 20 || !slices.Equal(e.done[:2], []string{"look " + address, "refuse " + address}) {
			t.Errorf("%s: %d passwords were looked at, want 20; a refusal did %q", address, e.hashes, e.done[:2])
		}
	}
}

// TestWaitingHelps: who waits as long as told is looked at again, once; and after a day, or a right password, all is free.
func TestWaitingHelps(t *testing.T) {
	l, e := logIn()
	waits(t, l, 20, wrong(home))
	told := wait(t, l, wrong(home))
	e.now = e.now.Add(told - time.Millisecond)
	told = wait(t, l, wrong(home)) // too soon by a millisecond, and longer for it
	if want := 20 * time.Second; told != want {
		t.Fatalf("told to wait %s, want %s", told, want)
	}
	e.now = e.now.Add(told)
	if got := wait(t, l, wrong(home)); got != 0 {
		t.Errorf("after the wait: told to wait %s more", got)
	}
	if got, want := wait(t, l, wrong(home)), 80*time.Second; got != want {
		t.Errorf("the next at once: told to wait %s, want %s", got, want)
	}
	e.now = e.now.Add(80 * time.Second)
	if _, err := l.Do(context.Background(), right(home)); err != nil {
		t.Fatalf("the right password after the wait: %v", err)
	}
	if got, want := waits(t, l, 20, wrong(home)), make([]time.Duration, 20); !slices.Equal(got, want) {
		t.Errorf("after a right password: got %v, want twenty free ones", got)
	}
	e.now = e.now.Add(24 * time.Hour)
	if got := wait(t, l, wrong(home)); got != 0 {
		t.Errorf("the next day: told to wait %s", got)
	}
}

// TestRightPasswordsAreFree: however often somebody logs in, or forgets the password now and then, nothing adds up.
func TestRightPasswordsAreFree(t *testing.T) {
	l, e := logIn()
	for range 2 * freeFromSource {
		if _, err := l.Do(context.Background(), right(home)); err != nil {
			t.Fatal(err)
		}
	}
	for window, tally := range e.tallies {
		if tally.Guesses != 0 {
			t.Errorf("%s has %d guesses, want 0", window, tally.Guesses)
		}
	}
}

// TestAttackersDoNotLockTheOwnerOut: a thousand guesses from ten sources are slowed, within the first hundred, while the owner
// logs in from another source, known or new, with a mistake on the way.
func TestAttackersDoNotLockTheOwnerOut(t *testing.T) {
	l, e := logIn()
	first := 0
	for n := range 1000 {
		e.now = e.now.Add(10 * time.Millisecond)
		if wait(t, l, wrong(fmt.Sprint(attacker, n%10))) > 0 && first == 0 {
			first = n + 1
		}
	}
	if first == 0 || first > 100 || e.hashes > 50 {
		t.Errorf("the first refusal was guess %d, and %d passwords were looked at; want 100 and 50 at most", first, e.hashes)
	}
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("the owner from a new source: told to wait %s", got)
	}
	if got := waits(t, l, 3, wrong(home)); got[2] != 0 {
		t.Errorf("the owner's mistakes at a known source: told to wait %v", got)
	}
	if got := wait(t, l, wrong("203.0.113.1")); got != 0 {
		t.Errorf("a mistake at a new source: told to wait %s", got)
	}
	e.now = e.now.Add(firstDelay)
	if got := wait(t, l, right("203.0.113.1")); got != 0 {
		t.Errorf("%s after a mistake at a new source: told to wait %s", firstDelay, got)
	}
	if got := wait(t, l, wrong(attacker+"1")); got == 0 {
		t.Error("after the owner's log-ins the attacker has a free guess")
	}
}

// TestManySourcesTakeTurns: a guess each from hundreds of sources is slowed, too, within the first hundred. Sources at which the
// owner was seen need no turn, and anybody gets one.
func TestManySourcesTakeTurns(t *testing.T) {
	l, e := logIn()
	if wait(t, l, right(home)) != 0 {
		t.Fatal("the owner cannot log in before the attack")
	}
	first := 0
	for n := range 500 {
		e.now = e.now.Add(time.Millisecond)
		if got := wait(t, l, wrong(fmt.Sprint(attacker, n))); got > 0 && first == 0 {
			if first = n + 1; got != turn {
				t.Errorf("told to wait %s, want %s", got, turn)
			}
		}
	}
	if first == 0 || first > 100 {
		t.Errorf("the first refusal was guess %d, want 100 at most", first)
	}
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("the owner from a known source: told to wait %s", got)
	}
	e.now = e.now.Add(turn)
	if got := wait(t, l, right("203.0.113.1")); got != 0 {
		t.Errorf("the owner, a turn later, from a new source: told to wait %s", got)
	}
}

// TestOneSourceAtManyAddresses: lists of stolen passwords are tried address by address, a guess each. Other sources go on.
func TestOneSourceAtManyAddresses(t *testing.T) {
	l, e := logIn()
	var got []time.Duration
	for n := range freeFromSource + 3 {
		e.now = e.now.Add(time.Millisecond)
		got = append(got, wait(t, l, Credentials{fmt.Sprintf("user-%d@example.com", n), "stolen", attacker}))
	}
	if want := []time.Duration{0, 10 * time.Second, 20 * time.Second, 40 * time.Second}; !slices.Equal(got[freeFromSource-1:], want) {
		t.Errorf("got %v, want %v", got[freeFromSource-1:], want)
	}
	if wait(t, l, right(attacker)) == 0 || wait(t, l, right(home)) != 0 {
		t.Error("the source is not slowed at every address, or another one is")
	}
}

// TestOwnAccountDoesNotPay: who logs into an account of theirs between guesses is counted all the same.
func TestOwnAccountDoesNotPay(t *testing.T) {
	l, _ := logIn()
	slowed := false
	for n := range 2 * freeFromSource {
		if n%5 == 0 && !slowed {
			_, _ = l.Do(context.Background(), right(attacker))
		}
		slowed = wait(t, l, Credentials{fmt.Sprintf("user-%d@example.com", n), "stolen", attacker}) > 0 || slowed
	}
	if !slowed {
		t.Errorf("%d guesses from one source were not slowed", 2*freeFromSource)
	}
}

// TestGuessesAtOnce: a thousand that all looked before any of them was counted are no more than one after the other.
func TestGuessesAtOnce(t *testing.T) {
	const n = 1000
	l, e := logIn()
	e.crowd, e.looked = n, make(chan struct{})
	var group sync.WaitGroup
	for range n {
		group.Go(func() { _, _ = l.Do(context.Background(), wrong(attacker)) })
	}
	group.Wait()
	if e.hashes != freeHere {
		t.Errorf("%d passwords were looked at, want %d", e.hashes, freeHere)
	}
}

// TestOvertakenUntilTheEnd: an attempt that others overtake again and again ends with its time.
func TestOvertakenUntilTheEnd(t *testing.T) {
	l, e := logIn()
	e.fails["count"] = ErrOvertaken
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Do(ctx, right(home)); !errors.Is(err, context.DeadlineExceeded) || e.hashes != 0 {
		t.Errorf("got error %v after %d hashes, want %v after none", err, e.hashes, context.DeadlineExceeded)
	}
}

// TestRefusalFails: where a refusal cannot be counted, the attempt fails, and its password is not looked at.
func TestRefusalFails(t *testing.T) {
	l, e := logIn()
	waits(t, l, freeHere, wrong(home))
	e.fails["refuse"] = errDown
	if _, err := l.Do(context.Background(), right(home)); !errors.Is(err, errDown) || e.hashes != freeHere {
		t.Errorf("got error %v after %d hashes, want %v after %d", err, e.hashes, errDown, freeHere)
	}
}

func TestDelay(t *testing.T) {
	for over, want := range map[int64]time.Duration{
		-10: 0, -1: 0, 0: 5 * time.Second, 1: 10 * time.Second, 7: 640 * time.Second, 8: 15 * time.Minute, 11: 15 * time.Minute, 1 << 62: 15 * time.Minute,
	} {
		if got := delay(over); got != want {
			t.Errorf("%d over: got %s, want %s", over, got, want)
		}
	}
}

func TestTooManyGuessesErrorSaysHowLong(t *testing.T) {
	err := &TooManyGuessesError{RetryAfter: 90 * time.Second}
	if got, want := err.Error(), "too many log-in attempts, try again in 1m30s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
