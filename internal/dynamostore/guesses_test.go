package dynamostore

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shop/internal/password"
	"shop/internal/user"
	"shop/test/awsfault"
)

func (s *shop) guesses() *Guesses {
	return &Guesses{Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState")}
}

func attempt(email, client string, at time.Time) user.Attempt {
	return user.Attempt{Email: email, ClientKey: client, At: at}
}

// resetAt is a reset of ann's password.
func resetAt(at time.Time) user.Attempt { return attempt("ann@example.com", "192.0.2.7", at) }

// upTo lets every count have so many guesses.
func upTo(free int64) user.Limits {
	return user.Limits{
		user.PerAddressAndClient: {Free: free}, user.PerClient: {Free: free}, user.PerAddress: {Free: free},
		user.Reserve: {Free: free},
	}
}

// tallies returns what the attempt finds, each count as its number of guesses: here, from the client, at the address.
func (s *shop) tallies(a user.Attempt) [3]int64 {
	s.t.Helper()
	history, err := s.guesses().Lookup(s.t.Context(), a)
	s.must(err)
	return [3]int64{
		history.Tallies[user.PerAddressAndClient].Guesses, history.Tallies[user.PerClient].Guesses,
		history.Tallies[user.PerAddress].Guesses,
	}
}

func (s *shop) wantTallies(a user.Attempt, want [3]int64) {
	s.t.Helper()
	if got := s.tallies(a); got != want {
		s.t.Errorf("%s from %s: got the counts %v, want %v", a.Email, a.ClientKey, got, want)
	}
}

func TestGuessesAreCounted(t *testing.T) {
	s := open(t)
	now := opened.Add(5 * time.Minute)
	ann, elsewhere, bob := attempt("ann@example.com", "192.0.2.7", now), attempt("ann@example.com", "192.0.2.8", now),
		attempt("bob@example.com", "192.0.2.7", now)
	s.wantTallies(ann, [3]int64{0, 0, 0})
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.wantTallies(ann, [3]int64{1, 1, 1})
	s.wantTallies(elsewhere, [3]int64{0, 0, 1})
	s.wantTallies(bob, [3]int64{0, 1, 0})
	history, err := s.guesses().Lookup(t.Context(), ann)
	s.must(err)
	for c, tally := range history.Tallies {
		if user.Count(c) < user.Reserve && !tally.Last.Equal(now) {
			t.Errorf("count %d: the last guess was at %s, want %s", c, tally.Last, now)
		}
	}
	for wait, want := range map[time.Duration][3]int64{
		10*time.Minute - time.Millisecond: {1, 1, 1}, 10 * time.Minute: {1, 0, 1}, 55 * time.Minute: {1, 0, 0},
		15 * time.Hour: {0, 0, 0},
	} {
		later := ann
		later.At = now.Add(wait)
		s.wantTallies(later, want)
	}
}

// One count that does not meet its limit keeps all from being counted.
func TestGuessesAreCountedWithinLimits(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	ann.At = opened.Add(time.Minute)
	for c := range 3 {
		limits := upTo(math.MaxInt64)
		for _, idle := range []time.Time{{}, opened.Add(-time.Millisecond)} {
			limits[user.Count(c)] = user.Limit{Free: 1, Idle: idle}
			if err := s.guesses().Count(t.Context(), ann, limits); !errors.Is(err, user.ErrCountsChanged) {
				t.Errorf("limit %d, idle %s: got %v, want ErrCountsChanged", c, idle, err)
			}
		}
	}
	s.wantTallies(ann, [3]int64{1, 1, 1})
	limits := upTo(1)
	for c := range 3 {
		limits[user.Count(c)] = user.Limit{Free: 1, Idle: opened}
	}
	s.must(s.guesses().Count(t.Context(), ann, limits))
	s.wantTallies(ann, [3]int64{2, 2, 2})
}

func TestLookFindsTheUser(t *testing.T) {
	s := open(t)
	ann := user.User{
		ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"), Role: user.RoleCustomer,
		CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	for email, want := range map[string]user.AttemptHistory{
		ann.Email: {Found: true, User: ann}, "bob@example.com": {},
	} {
		got, err := s.guesses().Lookup(t.Context(), attempt(email, "192.0.2.7", opened))
		s.must(err)
		if got != want {
			t.Errorf("%s: got %+v, want %+v", email, got, want)
		}
	}
}

// A right password stores the session, clears the count of its address from its client, takes its own guess from the
// others, and makes the client known for 90 days.
func TestBegin(t *testing.T) {
	s := open(t)
	ann, elsewhere := attempt("ann@example.com", "192.0.2.7", opened), attempt("ann@example.com", "192.0.2.8", opened)
	for range 3 {
		s.must(s.guesses().Count(t.Context(), ann, upTo(100)))
	}
	s.must(s.guesses().Count(t.Context(), elsewhere, upTo(100)))
	s.must(s.sessions().Start(t.Context(), annsSession, ann))
	s.wantSession(annsSession)
	s.wantTallies(ann, [3]int64{0, 2, 3})
	for a, want := range map[user.Attempt]bool{
		ann: true, elsewhere: false, attempt("bob@example.com", "192.0.2.7", opened): false,
		attempt(ann.Email, ann.ClientKey, opened.Add(90*24*time.Hour-time.Second)): true,
		attempt(ann.Email, ann.ClientKey, opened.Add(90*24*time.Hour)):             false,
	} {
		if history, err := s.guesses().Lookup(t.Context(), a); err != nil || history.KnownClient != want {
			t.Errorf("%+v: known is %t (error %v), want %t", a, history.KnownClient, err, want)
		}
	}
}

// A log-in whose answer from DynamoDB was lost is repeated by the SDK: it takes back its guess once.
func TestBeginWhoseAnswerWasLost(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.sessions().Start(t.Context(), annsSession, ann))
	s.wantTallies(ann, [3]int64{0, 0, 0})
	s.wantSession(annsSession)
}

// The same of counting: the repeat is no second guess, and its own first one does not overtake it.
func TestCountWhoseAnswerWasLost(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	s.faults.On("TransactWriteItems", awsfault.Lost)
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.wantTallies(ann, [3]int64{1, 1, 1})
}

// A count taken back in a window that had none is less than nothing, and its first guess after that is counted.
func TestTakingBackWhatIsNotThere(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	s.must(s.sessions().Start(t.Context(), annsSession, ann))
	s.wantTallies(ann, [3]int64{0, -1, -1})
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.wantTallies(ann, [3]int64{1, 0, 0})
}

func TestGuessesWaitForContention(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	s.faults.On("TransactWriteItems", awsfault.Canceled("TransactionConflict", "None", "TransactionConflict"),
		awsfault.Canceled("None", "ThrottlingError", "None"))
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.faults.On("TransactWriteItems", awsfault.Canceled("None", "TransactionConflict", "None", "None", "None", "None"))
	s.must(s.sessions().Start(t.Context(), annsSession, ann))
	s.wantTallies(ann, [3]int64{0, 0, 0})

	s.faults.On("TransactWriteItems", awsfault.Canceled("TransactionConflict", "ConditionalCheckFailed", "None"))
	if err := s.guesses().Count(t.Context(), ann, upTo(9)); !errors.Is(err, user.ErrCountsChanged) {
		t.Errorf("a conflict and a failed condition: got %v, want ErrCountsChanged", err)
	}
	s.faults.On("TransactWriteItems", awsfault.Times(1000, awsfault.Canceled("TransactionConflict", "None", "None"))...)
	err := s.guesses().Count(briefly(t), ann, upTo(9))
	var failure interface{ Temporary() bool }
	if !errors.As(err, &failure) || !failure.Temporary() {
		t.Errorf("conflicts until the end: got %v, want a failure that says that a repeat may help", err)
	}
}

// noHash is a checker that counts how many passwords are looked at, all of them wrong.
type noHash struct{ looked atomic.Int64 }

func (n *noHash) Check(password.Hash, string) (bool, error) { n.looked.Add(1); return false, nil }
func (n *noHash) CheckDummy(string)                         { n.looked.Add(1) }

// TestReserve: what it counts is in no other count, and no other count is in it. A right password clears it, and takes
// back nothing that it did not count.
func TestReserve(t *testing.T) {
	s := open(t)
	ann := attempt("ann@example.com", "192.0.2.7", opened)
	reserved := ann
	reserved.Reserved = true
	s.must(s.guesses().Count(t.Context(), ann, upTo(1)))
	s.must(s.guesses().Count(t.Context(), reserved, upTo(1)))
	if err := s.guesses().Count(t.Context(), reserved, upTo(1)); !errors.Is(err, user.ErrCountsChanged) {
		t.Errorf("got %v, want ErrCountsChanged", err)
	}
	s.wantTallies(ann, [3]int64{1, 1, 1})
	history, err := s.guesses().Lookup(t.Context(), ann)
	s.must(err)
	if got, want := history.Tallies[user.Reserve], (user.Tally{Guesses: 1, Last: opened}); got != want {
		t.Errorf("the reserve has %+v, want %+v", got, want)
	}
	s.must(s.sessions().Start(t.Context(), annsSession, reserved))
	s.wantTallies(ann, [3]int64{0, 1, 1})
	s.must(s.guesses().Count(t.Context(), reserved, upTo(1)))
}

// TestResetBeginsCountsAnew: all of the address, whatever the client, and none else; its own client is known. A second
// reset does so again, and one of another window does nothing.
func TestResetBeginsCountsAnew(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	at := opened.Add(time.Minute)
	here, elsewhere, bob := resetAt(at), attempt(ann.Email, "192.0.2.8", at),
		attempt("bob@example.com", "192.0.2.7", at)
	guess := func(as ...user.Attempt) {
		for _, a := range as {
			history, err := s.guesses().Lookup(t.Context(), a)
			s.must(err)
			a.ResetAt = history.ResetAt
			s.must(s.guesses().Count(t.Context(), a, upTo(9)))
		}
	}
	guess(here, elsewhere, bob)
	for n := range 2 {
		s.must(s.resets().SetPassword(t.Context(), s.link(user.SetPassword, opened), password.Stored("new"),
			resetAt(at.Add(time.Duration(n)*time.Second)), user.IdempotencyRecord{}))
		s.wantTallies(here, [3]int64{0, int64(2 + n), 0})
		s.wantTallies(elsewhere, [3]int64{0, int64(1 + n), 0})
		s.wantTallies(bob, [3]int64{1, int64(2 + n), 1})
		guess(here, elsewhere)
		s.wantTallies(here, [3]int64{1, int64(3 + n), 2})
	}
	for a, want := range map[user.Attempt]bool{here: true, elsewhere: false, bob: false} {
		if history, err := s.guesses().Lookup(t.Context(), a); err != nil || history.KnownClient != want {
			t.Errorf("%+v: known is %t (error %v), want %t", a, history.KnownClient, err, want)
		}
	}
	tomorrow := here
	tomorrow.At = at.Add(24 * time.Hour)
	guess(tomorrow)
	s.wantTallies(tomorrow, [3]int64{1, 1, 1})
	s.must(s.sessions().Start(t.Context(), annsSession, here))
	if err := s.resets().SetPassword(
		t.Context(), s.link(user.VerifyAddress, opened.Add(-time.Hour)), password.Stored("x"),
		resetAt(at.Add(time.Hour)), user.IdempotencyRecord{},
	); err == nil {
		t.Fatal("a link that has expired set a password")
	}
	s.wantTallies(elsewhere, [3]int64{1, 3, 2})
}

// Of many guesses at once twenty from a client may be right, and thirty at an address, which is busy then: after that
// one from each client. The reserve of each has twenty more looked at. An address that nobody has is no exception.
func TestManyGuessesAtOnce(t *testing.T) {
	s := open(t)
	passwords := &noHash{}
	logIn := &user.LogIn{Guesses: s.guesses(), Passwords: passwords, Now: func() time.Time { return opened }}
	var answered atomic.Int64
	guess := func(n int, client string) {
		var group sync.WaitGroup
		for range n {
			group.Go(func() {
				_, err := logIn.Do(t.Context(),
					user.Credentials{Address: "ann@example.com", Password: "wrong", ClientKey: client})
				var tooMany *user.TooManyGuessesError
				switch {
				case errors.Is(err, user.ErrInvalidCredentials):
					answered.Add(1)
				case !errors.As(err, &tooMany):
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
	want := func(free, looked int64) {
		t.Helper()
		if answered.Load() != free || passwords.looked.Load() != looked {
			t.Errorf("%d guesses were free and %d passwords were looked at, want %d and %d",
				answered.Load(), passwords.looked.Load(), free, looked)
		}
	}
	guess(100, "192.0.2.1")
	want(20, 40)
	guess(50, "192.0.2.2")
	guess(50, "192.0.2.3")
	guess(50, "192.0.2.4")
	want(32, 32+4*20) // 20 of the first client, 10 of the second, and 1 of each of the others
}

// TestKnownDevice: a browser is known for the address that it logged in to, and no other, until 400 days later; its
// guesses are counted apart, and a right password clears them, and the others of the address from there, and lessens
// none that it was not counted by.
func TestKnownDevice(t *testing.T) {
	s := open(t)
	a := attempt("ann@example.com", "192.0.2.7", opened)
	a.Device = "hash"
	bob, other := attempt("bob@example.com", "192.0.2.7", opened), a
	bob.Device, other.Device = "hash", "other"
	s.must(s.guesses().Count(t.Context(), a, upTo(1)))
	s.must(s.sessions().Start(t.Context(), annsSession, a))
	knows := func(a user.Attempt) bool {
		history, err := s.guesses().Lookup(t.Context(), a)
		s.must(err)
		return history.KnownDevice
	}
	late := a
	late.At = opened.Add(user.DeviceTTL)
	none := a
	none.Device = ""
	for what, c := range map[string]struct {
		user.Attempt
		want bool
	}{
		"it": {a, true}, "at another address": {bob, false}, "another": {other, false}, "after 400 days": {late, false},
		"none": {none, false},
	} {
		if got := knows(c.Attempt); got != c.want {
			t.Errorf("%s: known is %v, want %v", what, got, c.want)
		}
	}
	a.OnDevice = true
	free := user.Limits{user.PerDevice: {Free: 1}}
	s.must(s.guesses().Count(t.Context(), a, free))
	if err := s.guesses().Count(t.Context(), a, free); !errors.Is(err, user.ErrCountsChanged) {
		t.Errorf("got %v, want ErrCountsChanged", err)
	}
	s.wantTallies(a, [3]int64{})
	history, err := s.guesses().Lookup(t.Context(), a)
	s.must(err)
	if got, want := history.Tallies[user.PerDevice], (user.Tally{Guesses: 1, Last: opened}); got != want {
		t.Errorf("the browser has %+v, want %+v", got, want)
	}
	s.must(s.sessions().Start(t.Context(), annsSession, a))
	s.wantTallies(a, [3]int64{})
	s.must(s.guesses().Count(t.Context(), a, free))
}
