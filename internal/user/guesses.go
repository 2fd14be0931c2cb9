package user

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// How log-in guesses are slowed (OWASP ASVS 5.0, 6.1.1 and 6.3.1). Each count has guesses that are free; after them
// each has to wait, five seconds at first and twice as long after each further guess, up to a quarter of an hour. An
// attempt that is refused before its password is checked is not counted, so it makes nobody wait longer. A right
// password takes back what it was counted.
const (
	freePerAddressAndSource = 20  // of one address from one source
	freeFromSource          = 300 // from one source at whatever addresses: a source may be a whole office
	firstDelay              = 5 * time.Second
	maxDelay                = 15 * time.Minute
)

// An address that is guessed at from many sources must not be locked for its owner, who comes from yet another one. So
// after busyAt guesses from wherever each source has freeWhenBusy of its own. And after crowdedAt, sources share time
// slots, all of them together: one guess in each slot.
const (
	busyAt       = 30
	freeWhenBusy = 1
	crowdedAt    = 90
	slot         = 2 * time.Second
)

// freePerDevice is how many guesses of one address from one known browser are free.
const freePerDevice = 20

// freeReserve is how many guesses of one address from one source are free in the count Reserve.
const freeReserve = 20

// knownFor is how long a source stays known for a right password.
const knownFor = 90 * 24 * time.Hour

// Count names what guesses are counted by.
type Count int

// The counts, in the order in which they refuse.
const (
	PerAddressAndSource Count = iota // of an address from a source
	FromSource                       // from a source, at any address
	AtAddress                        // of an address, from any source
	Reserve                          // of an address from a source: those guesses that one of the three above refuses
	PerDevice                        // of an address from a browser that is known for it, wherever that is
	counts
)

// shared are the counts that an attempt has to meet before it may be answered by its password alone.
var shared = []Count{PerAddressAndSource, FromSource, AtAddress}

// windows are how long each count goes on before it begins anew.
var windows = [counts]time.Duration{
	PerAddressAndSource: 24 * time.Hour, FromSource: 15 * time.Minute, AtAddress: time.Hour, Reserve: 24 * time.Hour,
	PerDevice: 24 * time.Hour,
}

// ResetMatters is how long after a password was reset the address's counts are told from those before: until the last
// window that had begun by then is over.
const ResetMatters = 24 * time.Hour

// Attempt is one log-in attempt.
type Attempt struct {
	Email  string    // normalised
	Source string    // whoever tries, as the edge tells them apart: an IPv4 address, or the /64 of an IPv6 address
	At     time.Time // UTC
	// ResetAt is when the address's password was last reset, UTC, in milliseconds; zero for never. It is what Seen
	// says.
	ResetAt time.Time
	// Reserved says that a count refuses the attempt, and that it is counted in Reserve alone.
	Reserved bool
	// Device is the hash of the token of the browser that the attempt is made in, or empty.
	Device string
	// OnDevice says that the browser is known for the address, and that the attempt is counted in PerDevice alone.
	OnDevice bool
}

// Counts returns what the attempt is counted by.
func (a Attempt) Counts() []Count {
	switch {
	case a.OnDevice:
		return []Count{PerDevice}
	case a.Reserved:
		return []Count{Reserve}
	}
	return shared
}

// Subject names what the count is of.
func (a Attempt) Subject(c Count) string {
	switch c {
	case FromSource:
		return "\x00" + a.Source
	case AtAddress:
		return a.Email + "\x00"
	case Reserve:
		return a.Email + "\x00" + a.Source + "\x00"
	case PerDevice:
		return a.Email + "\x00\x00" + a.Device
	}
	return a.Email + "\x00" + a.Source
}

// WindowEnd returns when the count begins anew: a whole second.
func (a Attempt) WindowEnd(c Count) time.Time { return a.At.Truncate(windows[c]).Add(windows[c]) }

// Epoch tells the count's tallies in one window apart: a reset begins another one for every count of its address, from
// whatever source, without a list of the sources. It is empty where the window has seen no reset, and for a count of no
// address.
func (a Attempt) Epoch(c Count) string {
	began := a.At.Truncate(windows[c])
	if c == FromSource || a.ResetAt.Before(began) {
		return ""
	}
	return strconv.FormatInt(a.ResetAt.UnixMilli(), 10)
}

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
	Tallies Tallies   // since ResetAt
	ResetAt time.Time // as Attempt has it
	Known   bool      // the address's password was right from this source, or reset there, less than 90 days ago
	// KnownDevice says that the address was logged in to with the attempt's Device less than DeviceLasts ago.
	KnownDevice bool
	Found       bool // somebody has the address:
	User        User
}

// Limit is what a tally must meet for one more guess: less than Free guesses, or none later than Idle; with the zero
// Idle, the first alone.
type Limit struct {
	Free int64
	Idle time.Time
}

// Limits holds the limit of each count that an attempt is counted by.
type Limits map[Count]Limit

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
	// Count counts the attempt in each of its counts, if each meets its limit at that moment. Else it counts nothing
	// and returns ErrOvertaken. All or nothing: of a thousand attempts at once no more are counted than one after the
	// other.
	Count(ctx context.Context, a Attempt, limits Limits) error
}

// limits returns what each count must meet, the counts being as they were seen. Whether the source is known has no part
// in it: that the limits are others there would tell who shares the source which addresses log in from it.
func (a Attempt) limits(t Tallies) Limits {
	l := Limits{
		PerAddressAndSource: {Free: freePerAddressAndSource},
		FromSource:          {Free: freeFromSource},
		AtAddress:           {Free: busyAt},
	}
	if t[AtAddress].Guesses >= busyAt || t[PerAddressAndSource].Guesses < freeWhenBusy {
		l[PerAddressAndSource] = Limit{Free: freeWhenBusy}
		l[AtAddress] = Limit{Free: crowdedAt, Idle: a.At.Add(-slot)}
	}
	l.slow(a, t, PerAddressAndSource)
	l.slow(a, t, FromSource)
	return l
}

// reserve returns what the count Reserve must meet.
func (a Attempt) reserve(t Tallies) Limits {
	l := Limits{Reserve: {Free: freeReserve}}
	l.slow(a, t, Reserve)
	return l
}

// device returns what the count PerDevice must meet.
func (a Attempt) device(t Tallies) Limits {
	l := Limits{PerDevice: {Free: freePerDevice}}
	l.slow(a, t, PerDevice)
	return l
}

// slow lets time make up for a count's being used up. While guesses are free no time makes up for their being used up
// meanwhile.
func (l Limits) slow(a Attempt, t Tallies, c Count) {
	free := l[c].Free
	if over := t[c].Guesses - free; over >= 0 {
		l[c] = Limit{Free: free, Idle: a.At.Add(-delay(over))}
	}
}

// refusal returns how long the attempt has to wait until every count meets its limit, or nil if all do.
func (l Limits) refusal(t Tallies) *TooManyGuessesError {
	for c := range counts {
		limit, counted := l[c]
		if counted && t[c].Guesses >= limit.Free && t[c].Last.After(limit.Idle) {
			return &TooManyGuessesError{RetryAfter: t[c].Last.Sub(limit.Idle)}
		}
	}
	return nil
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

// admission is what an attempt may do once it was counted.
type admission struct {
	Attempt
	Seen
	// refusal is the answer unless the password is right and the source known; nil where no shared count refuses.
	refusal *TooManyGuessesError
}

// admit counts the attempt before its password is checked, and returns what it found. It returns *TooManyGuessesError
// when the password is not to be looked at.
//
// An attempt that a shared count refuses is still counted, in the count Reserve, and its password is still checked,
// whether its source is known or not, and whether anybody has the address or not. So an owner gets in from a known
// source whatever others do, and who does not know the password sees the same refusals, after the same work, at every
// address.
//
// Guesses from a browser that is known for the address have a count of their own and no part in the others: so nobody
// at the same network, or anywhere, can keep its owner waiting, and who holds the browser has no more guesses than
// anyone from a source.
func admit(ctx context.Context, guesses Guesses, a Attempt) (admission, error) {
	for {
		seen, err := guesses.Look(ctx, a)
		if err != nil {
			return admission{}, fmt.Errorf("looking for earlier log-in attempts: %w", err)
		}
		a.ResetAt = seen.ResetAt
		limits, refusal, refused := a.judge(seen)
		if refused {
			return admission{}, refusal
		}
		if err = guesses.Count(ctx, a, limits); errors.Is(err, ErrOvertaken) {
			err = ctx.Err()
			if err == nil {
				continue
			}
		}
		if err != nil {
			return admission{}, fmt.Errorf("counting a log-in attempt: %w", err)
		}
		return admission{Attempt: a, Seen: seen, refusal: refusal}, nil
	}
}

// judge returns the limits that the attempt is counted by, which it notes in a, and the refusal of the shared counts,
// if they refuse it; refused says that its password is not to be looked at.
func (a *Attempt) judge(seen Seen) (limits Limits, refusal *TooManyGuessesError, refused bool) {
	if a.OnDevice, a.Reserved = a.Device != "" && seen.KnownDevice, false; a.OnDevice {
		limits = a.device(seen.Tallies)
		refusal = limits.refusal(seen.Tallies)
		return limits, refusal, refusal != nil
	}
	limits = a.limits(seen.Tallies)
	if refusal = limits.refusal(seen.Tallies); refusal == nil {
		return limits, nil, false
	}
	a.Reserved = true
	limits = a.reserve(seen.Tallies)
	return limits, refusal, limits.refusal(seen.Tallies) != nil
}
