package user

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
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

// TestDelaysGrow: twenty guesses of an address from a client are free. Then each that is looked at makes the next wait
// longer, and the right password does not help. It is the same for an address that nobody has.
func TestDelaysGrow(t *testing.T) {
	for _, address := range []string{ada.Email, "eve@example.com"} {
		l, e := logIn()
		c := Credentials{Address: address, Password: "wrong one", ClientKey: home}
		if got, want := waits(t, l, 20, c), make([]time.Duration, 20); !slices.Equal(got, want) {
			t.Errorf("%s: the first twenty wait %v, want not at all", address, got)
		}
		c.Password = "right one"
		var told []time.Duration
		for range 9 {
			told = append(told, wait(t, l, c))
			e.now = e.now.Add(told[len(told)-1])
			if got := wait(t, l, Credentials{Address: address, Password: "wrong one", ClientKey: home}); got != 0 {
				t.Fatalf("%s: told to wait %s more after the wait", address, got)
			}
		}
		s := time.Second
		if want := []time.Duration{
			5 * s, 10 * s, 20 * s, 40 * s, 80 * s, 160 * s, 320 * s, 640 * s, 900 * s,
		}; !slices.Equal(told, want) {
			t.Errorf("%s: got %v, want %v", address, told, want)
		}
	}
}

// TestTryingInVainDoesNotProlong: however often somebody tries who was told to wait, the wait ends when it was said to
// end. Once the reserve is used up, too, no password is looked at and nothing is written.
func TestTryingInVainDoesNotProlong(t *testing.T) {
	for _, address := range []string{ada.Email, "eve@example.com"} {
		l, e := logIn()
		c := Credentials{Address: address, Password: "wrong one", ClientKey: home}
		waits(t, l, freePerAddressAndClient, c)
		for n := range 100 {
			if got, want := wait(t, l, c), firstDelay-time.Duration(n)*time.Millisecond; got != want {
				t.Fatalf("%s: try %d: told to wait %s, want %s", address, n, got, want)
			}
			e.now = e.now.Add(time.Millisecond)
		}
		e.done = nil
		if wait(t, l, c); e.hashes != freePerAddressAndClient+freeReserve ||
			!slices.Equal(e.done, []string{"look " + address}) {
			t.Errorf("%s: %d passwords were looked at, want %d; a refusal did %q",
				address, e.hashes, freePerAddressAndClient+freeReserve, e.done)
		}
		e.now = e.now.Add(firstDelay - 100*time.Millisecond)
		if got := wait(t, l, c); got != 0 {
			t.Errorf("%s: after the wait: told to wait %s more", address, got)
		}
	}
}

// TestWaitingHelps: who waits as long as told is looked at again, once; and after a day, or a right password, all is
// free.
func TestWaitingHelps(t *testing.T) {
	l, e := logIn()
	waits(t, l, 20, wrong(home))
	told := wait(t, l, wrong(home))
	e.now = e.now.Add(told - time.Millisecond)
	if told = wait(t, l, wrong(home)); told != time.Millisecond {
		t.Fatalf("too soon by a millisecond: told to wait %s", told)
	}
	e.now = e.now.Add(told)
	if got := wait(t, l, wrong(home)); got != 0 {
		t.Errorf("after the wait: told to wait %s more", got)
	}
	if got, want := wait(t, l, wrong(home)), 10*time.Second; got != want {
		t.Errorf("the next at once: told to wait %s, want %s", got, want)
	}
	e.now = e.now.Add(10 * time.Second)
	if _, err := l.Do(context.Background(), right(home)); err != nil {
		t.Fatalf("the right password after the wait: %v", err)
	}
	e.now = e.now.Add(time.Hour) // the address has seen many guesses, too
	if got, want := waits(t, l, 20, wrong(home)), make([]time.Duration, 20); !slices.Equal(got, want) {
		t.Errorf("after a right password: got %v, want twenty free ones", got)
	}
	e.now = e.now.Add(24 * time.Hour)
	if got := wait(t, l, wrong(home)); got != 0 {
		t.Errorf("the next day: told to wait %s", got)
	}
}

// ownersClient is a fakeAuth of which ada has logged in from home.
func ownersClient(t *testing.T) (*LogIn, *fakeAuth) {
	t.Helper()
	l, e := logIn()
	if wait(t, l, right(home)) != 0 {
		t.Fatal("the owner cannot log in before the attack")
	}
	return l, e
}

// TestNobodyLocksTheOwnerOut: whatever was guessed before, by whomever, also from the owner's own client, the owner
// logs in from it.
func TestNobodyLocksTheOwnerOut(t *testing.T) {
	for name, attack := range map[string]func(n int) Credentials{
		"at the address from its owner's client": func(int) Credentials { return wrong(home) },
		"at others from its owner's client": func(n int) Credentials {
			return Credentials{Address: fmt.Sprint(n, "@example.com"), Password: "stolen", ClientKey: home}
		},
		"at the address from everywhere": func(n int) Credentials { return wrong(fmt.Sprint(attacker, n)) },
	} {
		t.Run(name, func(t *testing.T) {
			guesses := 1000
			if attack(1) == wrong(home) {
				guesses = freePerAddressAndClient + freeReserve - 1
			}
			l, e := ownersClient(t)
			refused := 0
			for n := range guesses {
				if wait(t, l, attack(n)) > 0 {
					refused++
				}
			}
			if got := wait(t, l, right(home)); got != 0 || refused == 0 {
				t.Errorf("the owner is told to wait %s, after %d guesses were refused", got, refused)
			}
			e.now = e.now.Add(89 * 24 * time.Hour)
			if got := wait(t, l, right(home)); got != 0 {
				t.Errorf("89 days later the owner is told to wait %s", got)
			}
		})
	}
}

// TestResetClearsTheCounts: after a reset the address is guessed at as if never before, from every client. What a
// client did at other addresses stays.
func TestResetClearsTheCounts(t *testing.T) {
	l, e := logIn()
	for n := range 200 {
		wait(t, l, wrong(home))
		wait(t, l, wrong(fmt.Sprint(attacker, n)))
	}
	if wait(t, l, right(home)) == 0 || wait(t, l, right("203.0.113.1")) == 0 {
		t.Fatal("the address is not locked before the reset")
	}
	e.now = e.now.Add(time.Millisecond)
	e.resetAt[ada.Email] = e.now
	if got, want := waits(t, l, 20, wrong(home)), make([]time.Duration, 20); !slices.Equal(got, want) {
		t.Errorf("after the reset: got %v, want twenty free ones", got)
	}
	if got := wait(t, l, right("203.0.113.1")); got != 0 {
		t.Errorf("after the reset, from another client: told to wait %s", got)
	}
	for n := range freePerClient {
		wait(t, l, Credentials{Address: fmt.Sprint(n, "@example.com"), Password: "stolen", ClientKey: home})
	}
	e.now = e.now.Add(time.Millisecond)
	e.resetAt[ada.Email] = e.now
	if wait(t, l, right(home)) == 0 {
		t.Error("a reset clears what a client did at other addresses")
	}
	// as the reset's own client is
	e.known[Attempt{Email: ada.Email, ClientKey: home}.Subject(PerAddressAndClient)] = true
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("from the reset's client: told to wait %s", got)
	}
}

// TestGuessesTellNothing: whatever wrong guesses are made, from wherever and whenever, the answers are the same, and so
// is the work, whether somebody has the address or not, and whether its owner was seen at the client or not.
func TestGuessesTellNothing(t *testing.T) {
	clients := []string{home, attacker, "203.0.113.1"}
	rapid.Check(t, func(r *rapid.T) {
		type world struct {
			l     *LogIn
			e     *fakeAuth
			email string
		}
		var worlds []world
		for _, email := range []string{ada.Email, "eve@example.com", ada.Email} {
			l, e := logIn()
			worlds = append(worlds, world{l, e, email})
		}
		for _, client := range clients {
			worlds[2].e.known[Attempt{Email: ada.Email, ClientKey: client}.Subject(PerAddressAndClient)] = true
		}
		for range rapid.IntRange(1, 40).Draw(r, "bursts") {
			client := rapid.SampledFrom(clients).Draw(r, "client")
			elsewhere := rapid.Bool().Draw(r, "at another address")
			pause := time.Duration(rapid.Int64Range(0, 20_000).Draw(r, "pause")) * time.Millisecond
			for range rapid.IntRange(1, 60).Draw(r, "guesses") {
				var told []string
				for _, w := range worlds {
					c := Credentials{Address: w.email, Password: "wrong one", ClientKey: client}
					if elsewhere {
						c.Address = fmt.Sprint(len(w.e.done), "@example.com")
					}
					w.e.now = w.e.now.Add(pause)
					_, err := w.l.Do(context.Background(), c)
					told = append(told, fmt.Sprint(err, w.e.hashes, len(w.e.done)))
				}
				if told[1] != told[0] || told[2] != told[0] {
					r.Fatalf("an address that somebody has: %s; that nobody has: %s; whose owner was seen here: %s",
						told[0], told[1], told[2])
				}
			}
		}
	})
}

// TestGuessesADay: so many guesses, and no more, could be right in a day for who waits as told: from one client, at
// which the owner was not seen; from one at which the owner was; from ever new clients in an hour.
func TestGuessesADay(t *testing.T) {
	for name, c := range map[string]struct {
		open   func(*testing.T) (*LogIn, *fakeAuth)
		client func(n int) string
		lasts  time.Duration
		most   int
	}{
		"an unknown client": {func(*testing.T) (*LogIn, *fakeAuth) {
			return logIn()
		}, func(int) string { return home }, 24 * time.Hour, 20 + 8 + 95},
		"the owner's client": {ownersClient, func(int) string { return home }, 24 * time.Hour, 2 * (20 + 8 + 95)},
		"ever new clients": {func(*testing.T) (*LogIn, *fakeAuth) {
			return logIn()
		}, func(n int) string { return fmt.Sprint(attacker, n) }, time.Hour, 90 + 1800},
	} {
		t.Run(name, func(t *testing.T) {
			l, e := c.open(t)
			e.now = noon.Truncate(24 * time.Hour)
			began, good := e.now, 0
			for n := 0; e.now.Before(began.Add(c.lasts)); n++ {
				hashes := e.hashes
				told := wait(t, l, wrong(c.client(n)))
				if e.hashes > hashes && (told == 0 ||
					e.known[Attempt{Email: ada.Email, ClientKey: c.client(n)}.Subject(PerAddressAndClient)]) {
					good++
				}
				if told > 0 && (e.hashes == hashes || c.lasts == time.Hour) {
					e.now = e.now.Add(min(told, 5*time.Second))
				}
			}
			if good > c.most || good < c.most*8/10 {
				t.Errorf("%d guesses could have been right, want %d at most, and not much less", good, c.most)
			}
		})
	}
}

// TestRightPasswordsAreFree: however often somebody logs in, or forgets the password now and then, nothing adds up.
func TestRightPasswordsAreFree(t *testing.T) {
	l, e := logIn()
	for range 2 * freePerClient {
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

// TestAttackersDoNotLockTheOwnerOut: a thousand guesses from ten clients are slowed, within the first hundred, while
// the owner logs in from another client, known or new, with a mistake on the way.
func TestAttackersDoNotLockTheOwnerOut(t *testing.T) {
	l, e := logIn()
	first, looked := 0, 0
	for n := range 1000 {
		e.now = e.now.Add(10 * time.Millisecond)
		if wait(t, l, wrong(fmt.Sprint(attacker, n%10))) == 0 {
			looked++
		} else if first == 0 {
			first = n + 1
		}
	}
	if first == 0 || first > 100 || looked > 50 || e.hashes > 50+11*freeReserve {
		t.Errorf("the first refusal was guess %d, %d guesses counted, and %d passwords were looked at",
			first, looked, e.hashes)
	}
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("the owner from a new client: told to wait %s", got)
	}
	waits(t, l, 3, wrong(home))
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("after the owner's mistakes at a known client: told to wait %s", got)
	}
	if got := wait(t, l, wrong("203.0.113.1")); got != 0 {
		t.Errorf("a mistake at a new client: told to wait %s", got)
	}
	e.now = e.now.Add(firstDelay)
	if got := wait(t, l, right("203.0.113.1")); got != 0 {
		t.Errorf("%s after a mistake at a new client: told to wait %s", firstDelay, got)
	}
	if got := wait(t, l, wrong(attacker+"1")); got == 0 {
		t.Error("after the owner's log-ins the attacker has a free guess")
	}
}

// TestManyClientsTakeTurns: a guess each from hundreds of clients is slowed, too, within the first hundred. Clients at
// which the owner was seen need no slot, and anybody gets one.
func TestManyClientsTakeTurns(t *testing.T) {
	l, e := ownersClient(t)
	first := 0
	for n := range 500 {
		e.now = e.now.Add(time.Millisecond)
		if got := wait(t, l, wrong(fmt.Sprint(attacker, n))); got > 0 && first == 0 {
			if first = n + 1; got != slot-time.Millisecond {
				t.Errorf("told to wait %s, want what is left of %s", got, slot)
			}
		}
	}
	if first == 0 || first > 100 {
		t.Errorf("the first refusal was guess %d, want 100 at most", first)
	}
	if got := wait(t, l, right(home)); got != 0 {
		t.Errorf("the owner from a known client: told to wait %s", got)
	}
	e.now = e.now.Add(slot)
	if got := wait(t, l, right("203.0.113.1")); got != 0 {
		t.Errorf("the owner, a slot later, from a new client: told to wait %s", got)
	}
}

// TestOneClientAtManyAddresses: lists of stolen passwords are tried address by address, a guess each. Other clients go
// on.
func TestOneClientAtManyAddresses(t *testing.T) {
	l, e := logIn()
	var got []time.Duration
	for n := range freePerClient + 3 {
		e.now = e.now.Add(time.Millisecond)
		got = append(got, wait(t, l,
			Credentials{Address: fmt.Sprintf("user-%d@example.com", n), Password: "stolen", ClientKey: attacker}))
	}
	if want := []time.Duration{
		0, 4999 * time.Millisecond, 4998 * time.Millisecond, 4997 * time.Millisecond,
	}; !slices.Equal(got[freePerClient-1:], want) {
		t.Errorf("got %v, want %v", got[freePerClient-1:], want)
	}
	if wait(t, l, right(attacker)) == 0 || wait(t, l, right(home)) != 0 {
		t.Error("the client is not slowed at every address, or another one is")
	}
}

// TestOwnAccountDoesNotPay: who logs into an account of theirs between guesses is counted all the same.
func TestOwnAccountDoesNotPay(t *testing.T) {
	l, _ := logIn()
	slowed := false
	for n := range 2 * freePerClient {
		if n%5 == 0 && !slowed {
			_, _ = l.Do(context.Background(), right(attacker))
		}
		slowed = wait(t, l, Credentials{Address: fmt.Sprintf("user-%d@example.com",
			n), Password: "stolen", ClientKey: attacker}) > 0 || slowed
	}
	if !slowed {
		t.Errorf("%d guesses from one client were not slowed", 2*freePerClient)
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
	if e.hashes != freePerAddressAndClient+freeReserve {
		t.Errorf("%d passwords were looked at, want %d", e.hashes, freePerAddressAndClient+freeReserve)
	}
}

// TestOvertakenUntilTheEnd: an attempt that others overtake again and again ends with its time.
func TestOvertakenUntilTheEnd(t *testing.T) {
	l, e := logIn()
	e.fails["count"] = ErrCountsChanged
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Do(ctx, right(home)); !errors.Is(err, context.DeadlineExceeded) || e.hashes != 0 {
		t.Errorf("got error %v after %d hashes, want %v after none", err, e.hashes, context.DeadlineExceeded)
	}
}

// TestReserveFails: where an attempt cannot be counted in the reserve it fails, and its password is not looked at.
func TestReserveFails(t *testing.T) {
	l, e := ownersClient(t)
	waits(t, l, freePerAddressAndClient+1, wrong(home))
	hashes := e.hashes
	e.fails["count"] = errDown
	if _, err := l.Do(context.Background(), right(home)); !errors.Is(err, errDown) || e.hashes != hashes {
		t.Errorf("got error %v after %d hashes, want %v after %d", err, e.hashes, errDown, hashes)
	}
}

func TestDelay(t *testing.T) {
	for over, want := range map[int64]time.Duration{
		-10: 0, -1: 0, 0: 5 * time.Second, 1: 10 * time.Second, 7: 640 * time.Second, 8: 15 * time.Minute,
		11: 15 * time.Minute, 1 << 62: 15 * time.Minute,
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
