package e2e

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"shop/internal/dynamostore"
	storeduser "shop/internal/user"
)

// freshAddr is an address of this machine that nobody else calls from.
func freshAddr() string {
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// guess is the status of a wrong guess.
func guess(t *testing.T, email, addr string, n int) int {
	t.Helper()
	a := send(t, postSession(logIn{email, fmt.Sprintf("wrong guess %d", n)}).callingFrom(addr))
	if a.status == http.StatusTooManyRequests {
		a.refused(t, http.StatusTooManyRequests, "too_many_requests")
		return a.status
	}
	a.refused(t, http.StatusUnauthorized, "invalid_credentials")
	return a.status
}

// firstWait is how long the first guess that is too many has to wait for, and each that comes after it twice as long.
const firstWait = 5 * time.Second

// throttle guesses until it is told to wait, and returns when the last guess was sent that was looked at.
func throttle(t *testing.T, email, addr string) (last time.Time) {
	t.Helper()
	for n := range 100 {
		sent := time.Now()
		if guess(t, email, addr, n) == http.StatusTooManyRequests {
			return last
		}
		last = sent
	}
	t.Fatal("100 wrong guesses and no 429")
	return last
}

// prolong has so many more guesses of an address from a client counted, by the count, that the next one has to wait for
// minutes: what a test sees of who is told to wait then does not depend on how fast this machine is.
func prolong(t *testing.T, email, addr string, count storeduser.Count) {
	t.Helper()
	store := &dynamostore.Guesses{
		Client: database(t), Users: lookUp(t, stackOutputs, "UsersTable"),
		AuthState: lookUp(t, stackOutputs, "AuthStateTable"),
	}
	a := storeduser.Attempt{
		Email: email, ClientKey: addr, At: time.Now().UTC(), Reserved: count == storeduser.Reserve,
	}
	history, err := store.Lookup(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	a.ResetAt = history.ResetAt
	limits := storeduser.Limits{}
	for _, c := range a.Counts() {
		limits[c] = storeduser.Limit{Free: math.MaxInt32}
	}
	for range 7 {
		if err := store.Count(t.Context(), a, limits); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGuessingIsSlowed: within 100 wrong ones an address gets 429, and one that
// nobody has at the same guess as one that somebody has, or it would tell. Who
// guesses so slowly that the wait is over between two guesses begins anew.
func TestGuessingIsSlowed(t *testing.T) {
	t.Parallel()
	known, unknown, addr := newCustomer(t), freshEmail(), freshAddr()
	before, n := time.Now(), 0
	for range 300 {
		began := time.Now()
		a, b := guess(t, known.Email, addr, n), guess(t, unknown, addr, n)
		quick := time.Since(before) < firstWait
		before, n = began, n+1
		switch {
		case a != b && quick:
			t.Fatalf("guess %d was answered %d for a known address, %d for an unknown one", n, a, b)
		case a != b:
			known, unknown, addr, n = newCustomer(t), freshEmail(), freshAddr(), 0
		case a == http.StatusTooManyRequests:
			return
		case n == 100:
			t.Fatal("100 wrong guesses and no 429")
		}
	}
	t.Error("each try was too slow to tell")
}

// TestGuessingFromEverywhereIsSlowed: a guess each from 100 clients, and from 100 more where the hour by which they are
// counted began anew meanwhile.
func TestGuessingFromEverywhereIsSlowed(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	var slowed atomic.Int64
	for hours := 0; hours < 2 && slowed.Load() == 0; hours++ {
		atOnce(t, 100, 8, func(n int) error {
			a, err := postSession(logIn{c.Email, fmt.Sprintf("wrong guess %d", n)}).callingFrom(freshAddr()).
				exchange(t.Context())
			if a.status == http.StatusTooManyRequests {
				slowed.Add(1)
			}
			return err
		})
	}
	if slowed.Load() == 0 {
		t.Error("100 wrong guesses in an hour and no 429")
	}
	send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated) // from where the customer was before
}

// TestTryingInVainDoesNotProlong: who is told to wait, and tries all the same,
// is told to wait no longer for it. The right password does not help before.
func TestTryingInVainDoesNotProlong(t *testing.T) {
	t.Parallel()
	c, addr := newCustomer(t), freshAddr()
	last := throttle(t, c.Email, addr)
	for time.Since(last) < time.Minute {
		a := send(t, postSession(logIn{c.Email, password}).callingFrom(addr))
		if a.status == http.StatusCreated && time.Since(last) >= firstWait {
			return
		}
		a.refused(t, http.StatusTooManyRequests, "too_many_requests")
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds > int(firstWait.Seconds()) {
			t.Errorf("Retry-After = %q, want 5 seconds at most", a.header.Get("Retry-After"))
		}
	}
	t.Error("who tried in vain was told to wait for a minute")
}

// TestOwnersClientIsNotLocked: 34 wrong guesses at an address from the client
// that its owner comes from, and the owner logs in.
func TestOwnersClientIsNotLocked(t *testing.T) {
	t.Parallel()
	c, addr := newCustomer(t), freshAddr()
	send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).want(t, http.StatusCreated)
	slowed := false
	for n := range 34 {
		slowed = guess(t, c.Email, addr, n) == http.StatusTooManyRequests || slowed
	}
	if !slowed {
		t.Error("34 wrong guesses and no 429")
	}
	send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).want(t, http.StatusCreated)
}

// TestResetClearsTheGuesses: who was locked out sets a new password and logs in,
// from there and from elsewhere.
func TestResetClearsTheGuesses(t *testing.T) {
	t.Parallel()
	c, addr, other := newCustomer(t), freshAddr(), freshAddr()
	throttle(t, c.Email, addr)
	throttle(t, c.Email, other)
	send(t, resetPassword(resetToken(t, c), newPassword).callingFrom(addr)).want(t, http.StatusNoContent)
	for _, from := range []string{addr, other} {
		send(t, postSession(logIn{c.Email, newPassword}).callingFrom(from)).want(t, http.StatusCreated)
	}
}

// TestGuessingOneAddressLeavesOthersAlone: nobody can lock everyone out, also
// where they share a client with the attacker.
func TestGuessingOneAddressLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	victim, other, addr := newCustomer(t), newCustomer(t), freshAddr()
	throttle(t, victim.Email, addr)
	send(t, postSession(logIn{other.Email, password}).callingFrom(addr)).want(t, http.StatusCreated)
}

// TestAThousandGuesses from ten clients, many at once, end throttled, while the
// customer logs in from yet another client.
func TestAThousandGuesses(t *testing.T) {
	t.Parallel()
	const guesses, atATime = 1000, 16
	c, addrs := newCustomer(t), make([]string, 10)
	for i := range addrs {
		addrs[i] = freshAddr()
	}
	statuses := make([]int, guesses)
	atOnce(t, guesses, atATime, func(i int) error {
		a, err := postSession(logIn{c.Email, fmt.Sprintf("wrong guess %d", i)}).callingFrom(addrs[i%len(addrs)]).
			exchange(t.Context())
		statuses[i] = a.status
		if err != nil || i != guesses/2 {
			return err
		}
		return logsIn(t, c, freshAddr())
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
	if err := logsIn(t, c, freshAddr()); err != nil {
		t.Error(err)
	}
	for _, addr := range addrs {
		prolong(t, c.Email, addr, storeduser.PerAddressAndClient)
	}
	for _, addr := range addrs {
		send(t, postSession(logIn{c.Email, password}).callingFrom(addr)).refused(t, http.StatusTooManyRequests,
			"too_many_requests")
	}
}

func logsIn(t *testing.T, c caller, addr string) error {
	a, err := postSession(logIn{c.Email, password}).callingFrom(addr).exchange(t.Context())
	if err == nil && a.status != http.StatusCreated {
		err = fmt.Errorf("the customer was answered %d: %s", a.status, clip(a.body))
	}
	return err
}
