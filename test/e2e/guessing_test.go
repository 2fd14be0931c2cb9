package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

// freshSource is an address of this machine that nobody else calls from.
func freshSource() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// guess is the status of a wrong guess.
func guess(t *testing.T, email, source string, n int) int {
	t.Helper()
	a := send(t, postSession(logIn{email, fmt.Sprintf("wrong guess %d", n)}).at(source))
	if a.status == http.StatusTooManyRequests {
		a.refused(t, http.StatusTooManyRequests, "too_many_requests")
		return a.status
	}
	a.refused(t, http.StatusUnauthorized, "invalid_credentials")
	return a.status
}

// throttle guesses until it is told to wait.
func throttle(t *testing.T, email, source string) {
	t.Helper()
	for n := range 100 {
		if guess(t, email, source, n) == http.StatusTooManyRequests {
			return
		}
	}
	t.Fatal("100 wrong guesses and no 429")
}

// TestGuessingIsSlowed: within 100 wrong ones an address gets 429, and one that
// nobody has at the same guess as one that somebody has, or it would tell.
func TestGuessingIsSlowed(t *testing.T) {
	t.Parallel()
	known, unknown, source := newCustomer(t), freshEmail(), freshSource()
	for n := range 100 {
		a, b := guess(t, known.Email, source, n), guess(t, unknown, source, n)
		if a != b {
			t.Fatalf("guess %d was answered %d for a known address, %d for an unknown one", n, a, b)
		}
		if a == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("100 wrong guesses and no 429")
}

// TestGuessingFromEverywhereIsSlowed: a guess each from 100 sources.
func TestGuessingFromEverywhereIsSlowed(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	var slowed atomic.Int64
	atOnce(t, 100, 8, func(n int) error {
		a, err := postSession(logIn{c.Email, fmt.Sprintf("wrong guess %d", n)}).at(freshSource()).exchange(t.Context())
		if a.status == http.StatusTooManyRequests {
			slowed.Add(1)
		}
		return err
	})
	if slowed.Load() == 0 {
		t.Error("100 wrong guesses and no 429")
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated) // from where the customer was before
}

// TestTryingInVainDoesNotProlong: who is told to wait, and tries all the same,
// is told to wait no longer for it. The right password does not help.
func TestTryingInVainDoesNotProlong(t *testing.T) {
	t.Parallel()
	c, source := newCustomer(t), freshSource()
	throttle(t, c.Email, source)
	for began := time.Now(); time.Since(began) < 3*time.Second; {
		a := send(t, postSession(logIn{c.Email, password}).at(source))
		a.refused(t, http.StatusTooManyRequests, "too_many_requests")
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds > 5 {
			t.Errorf("Retry-After = %q, want 5 seconds at most", a.header.Get("Retry-After"))
		}
	}
}

// TestOwnersSourceIsNotLocked: 34 wrong guesses at an address from the source
// that its owner comes from, and the owner logs in.
func TestOwnersSourceIsNotLocked(t *testing.T) {
	t.Parallel()
	c, source := newCustomer(t), freshSource()
	send(t, postSession(logIn{c.Email, password}).at(source)).want(t, http.StatusCreated)
	slowed := false
	for n := range 34 {
		slowed = guess(t, c.Email, source, n) == http.StatusTooManyRequests || slowed
	}
	if !slowed {
		t.Error("34 wrong guesses and no 429")
	}
	send(t, postSession(logIn{c.Email, password}).at(source)).want(t, http.StatusCreated)
}

// TestResetClearsTheGuesses: who was locked out sets a new password and logs in,
// from there and from elsewhere.
func TestResetClearsTheGuesses(t *testing.T) {
	t.Parallel()
	c, source, other := newCustomer(t), freshSource(), freshSource()
	throttle(t, c.Email, source)
	throttle(t, c.Email, other)
	send(t, resetPassword(resetToken(t, c), newPassword).at(source)).want(t, http.StatusNoContent)
	for _, from := range []string{source, other} {
		send(t, postSession(logIn{c.Email, newPassword}).at(from)).want(t, http.StatusCreated)
	}
}

// TestGuessingOneAddressLeavesOthersAlone: nobody can lock everyone out, also
// where they share a source with the attacker.
func TestGuessingOneAddressLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	victim, other, source := newCustomer(t), newCustomer(t), freshSource()
	throttle(t, victim.Email, source)
	send(t, postSession(logIn{other.Email, password}).at(source)).want(t, http.StatusCreated)
}

// TestAThousandGuesses from ten sources, many at once, end throttled, while the
// customer logs in from yet another source.
func TestAThousandGuesses(t *testing.T) {
	t.Parallel()
	const guesses, atATime = 1000, 16
	c, sources := newCustomer(t), make([]string, 10)
	for i := range sources {
		sources[i] = freshSource()
	}
	statuses := make([]int, guesses)
	atOnce(t, guesses, atATime, func(i int) error {
		a, err := postSession(logIn{c.Email, fmt.Sprintf("wrong guess %d", i)}).at(sources[i%len(sources)]).exchange(t.Context())
		statuses[i] = a.status
		if err != nil || i != guesses/2 {
			return err
		}
		return logsIn(t, c, freshSource())
	})
	looked := 0
	for _, status := range statuses {
		if status == http.StatusUnauthorized {
			looked++
		} else if status != http.StatusTooManyRequests {
			t.Errorf("a guess was answered %d", status)
		}
	}
	if looked > 100 {
		t.Errorf("%d guesses were looked at, want 100 at most", looked)
	}
	for _, source := range sources {
		send(t, postSession(logIn{c.Email, password}).at(source)).refused(t, http.StatusTooManyRequests, "too_many_requests")
	}
	if err := logsIn(t, c, freshSource()); err != nil {
		t.Error(err)
	}
}

func logsIn(t *testing.T, c caller, source string) error {
	a, err := postSession(logIn{c.Email, password}).at(source).exchange(t.Context())
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("the customer was answered %d: %s", a.status, clip(a.body))
	}
	return err
}
