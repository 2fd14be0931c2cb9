package user

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// How log-in guesses are slowed (OWASP ASVS 5.0, 6.1.1 and 6.3.1). Each count has guesses that are free; after them each has to
// wait, five seconds at first and twice as long after each further guess, up to a quarter of an hour. A guess that comes too
// soon is counted, too, so who does not wait waits longer. A right password takes back what it was counted.
const (
	freeHere       = 20  // of one address from one source
	freeFromSource = 300 // from one source at whatever addresses: a source may be a whole office
	firstDelay     = 5 * time.Second
	maxDelay       = 15 * time.Minute
)

// An address that is guessed at from many sources must not be locked for its owner, who comes from yet another one. So after
// busyAt guesses from wherever each source has freeWhenBusy of its own. And after crowdedAt, sources that the owner was never
// seen at take turns, all of them together: one guess in each turn.
const (
	busyAt       = 30
	freeWhenBusy = 1
	crowdedAt    = 90
	turn         = 2 * time.Second
)

// knownFor is how long a source stays known for a right password.
const knownFor = 90 * 24 * time.Hour

// Count names what guesses are counted by.
type Count int

// The counts, in the order in which they refuse.
const (
	Here       Count = iota // of an address from a source
	FromSource              // from a source, at any address
	AtAddress               // of an address, from any source
	counts
)

// windows are how long each count goes on before it begins anew.
var windows = [counts]time.Duration{Here: 24 * time.Hour, FromSource: 15 * time.Minute, AtAddress: time.Hour}

// Attempt is one log-in attempt.
type Attempt struct {
	Email  string    // normalised
	Source string    // whoever tries, as the edge tells them apart: an IPv4 address, or the /64 of an IPv6 address
	At     time.Time // UTC
}

// Subject names what the count is of.
func (a Attempt) Subject(c Count) string {
	switch c {
	case FromSource:
		return "\x00" + a.Source
	case AtAddress:
		return a.Email + "\x00"
	}
	return a.Email + "\x00" + a.Source
}

// WindowEnd returns when the count begins anew: a whole second.
func (a Attempt) WindowEnd(c Count) time.Time { return a.At.Truncate(windows[c]).Add(windows[c]) }

// KnownUntil returns until when the source is known for the address, if the password is right.
func (a Attempt) KnownUntil() time.Time { return a.At.Add(knownFor) }

// Tally is what was counted in a window. The zero Tally is that of nothing.
type Tally struct {
	Guesses int64
	Last    time.Time // the latest guess
}

// Tallies holds the tally of each count.
type Tallies [counts]Tally

// Seen is what an attempt finds.
type Seen struct {
	Tallies Tallies
	Known   bool // the address's password was right from this source, less than 90 days ago
	Found   bool // somebody has the address:
	User    User
}

// Limit is what a tally must meet for one more guess: less than Free guesses, or none later than Idle; with the zero Idle, the
// first alone.
type Limit struct {
	Free int64
	Idle time.Time
}

// Limits holds the limit of each count.
type Limits [counts]Limit

// ErrOvertaken says that limits that held when they were looked at do so no more.
var ErrOvertaken = errors.New("overtaken by other guesses")

// TooManyGuessesError says that an attempt came too soon after others. It tells known and unknown addresses alike.
type TooManyGuessesError struct {
	RetryAfter time.Duration
}

// Error says how long to wait.
func (e *TooManyGuessesError) Error() string {
	return fmt.Sprintf("too many log-in attempts, try again in %s", e.RetryAfter)
}

// Guesses counts log-in attempts.
type Guesses interface {
	// Look returns what the attempt finds.
	Look(ctx context.Context, a Attempt) (Seen, error)
	// Count counts the attempt in each count, if each meets its limit at that moment. Else it counts nothing and returns
	// ErrOvertaken. All or nothing: of a thousand attempts at once no more are counted than one after the other.
	Count(ctx context.Context, a Attempt, limits Limits) error
	// CountRefused counts the attempt in one count, whatever its limit, and returns the tally.
	CountRefused(ctx context.Context, a Attempt, c Count) (Tally, error)
}

// limits returns what each count must meet, the counts being as they were seen.
func (a Attempt) limits(s Seen) Limits {
	l := Limits{Here: {Free: freeHere}, FromSource: {Free: freeFromSource}, AtAddress: {Free: busyAt}}
	switch {
	case s.Known:
		l[AtAddress].Free = math.MaxInt64
	case s.Tallies[AtAddress].Guesses >= busyAt || s.Tallies[Here].Guesses < freeWhenBusy:
		l[Here].Free = freeWhenBusy
		l[AtAddress] = Limit{Free: crowdedAt, Idle: a.At.Add(-turn)}
	}
	for _, c := range []Count{Here, FromSource} {
		// While guesses are free no idle time makes up for their being used up meanwhile.
		if over := s.Tallies[c].Guesses - l[c].Free; over >= 0 {
			l[c].Idle = a.At.Add(-delay(over))
		}
	}
	return l
}

// refusing returns the first count that does not meet its limit.
func (l Limits) refusing(t Tallies) (Count, bool) {
	for c := range counts {
		if t[c].Guesses >= l[c].Free && t[c].Last.After(l[c].Idle) {
			return c, true
		}
	}
	return 0, false
}

// delay returns how long to wait after so many guesses more than were free.
func delay(over int64) time.Duration {
	switch {
	case over < 0:
		return 0
	case over > 10: // beyond it the shift may overflow
		return maxDelay
	}
	return min(firstDelay<<over, maxDelay)
}

// admit counts the attempt before its password is looked at, and returns what it found. It returns *TooManyGuessesError.
func admit(ctx context.Context, guesses Guesses, a Attempt) (Seen, error) {
	for {
		seen, err := guesses.Look(ctx, a)
		if err != nil {
			return Seen{}, fmt.Errorf("looking for earlier log-in attempts: %w", err)
		}
		limits := a.limits(seen)
		if c, refused := limits.refusing(seen.Tallies); refused {
			return Seen{}, refuse(ctx, guesses, a, c, limits[c].Free)
		}
		if err = guesses.Count(ctx, a, limits); errors.Is(err, ErrOvertaken) {
			err = ctx.Err()
			if err == nil {
				continue
			}
		}
		if err != nil {
			return Seen{}, fmt.Errorf("counting a log-in attempt: %w", err)
		}
		return seen, nil
	}
}

// refuse says how long to wait. Turns are not counted: they are everyone's, and who waits for one has done nothing.
func refuse(ctx context.Context, guesses Guesses, a Attempt, c Count, free int64) error {
	if c == AtAddress {
		return &TooManyGuessesError{RetryAfter: turn}
	}
	t, err := guesses.CountRefused(ctx, a, c)
	if err != nil {
		return fmt.Errorf("counting a refused log-in attempt: %w", err)
	}
	return &TooManyGuessesError{RetryAfter: delay(t.Guesses - free)}
}
