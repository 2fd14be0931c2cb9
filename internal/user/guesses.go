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
	freePerAddressAndClient = 20  // of one address from one client
	freePerClient           = 300 // from one client at whatever addresses: a client may be a whole office
	firstDelay              = 5 * time.Second
	maxDelay                = 15 * time.Minute
)

// An address that is guessed at from many clients must not be locked for its owner, who comes from yet another one. So
// after busyAt guesses from wherever each client has freeWhenBusy of its own. And after crowdedAt, clients share time
// slots, all of them together: one guess in each slot.
const (
	busyAt       = 30
	freeWhenBusy = 1
	crowdedAt    = 90
	slot         = 2 * time.Second
)

// freePerDevice is how many guesses of one address from one known browser are free.
const freePerDevice = 20

// freeReserve is how many guesses of one address from one client are free in the count Reserve.
const freeReserve = 20

// knownClientTTL is how long a client stays known for a right password.
const knownClientTTL = 90 * 24 * time.Hour

// Count names what guesses are counted by.
type Count int

// The counts, in the order in which they refuse.
const (
	PerAddressAndClient Count = iota // of an address from a client
	PerClient                        // from a client, at any address
	PerAddress                       // of an address, from any client
	Reserve                          // of an address from a client: those guesses that one of the three above refuses
	PerDevice                        // of an address from a browser that is known for it, wherever that is
	counts
)

// shared are the counts that other clients add to, too: if one of them refuses, even the right password needs a known
// client.
var shared = []Count{PerAddressAndClient, PerClient, PerAddress}

// windows is how long each count runs before it begins anew.
var windows = [counts]time.Duration{
	PerAddressAndClient: 24 * time.Hour, PerClient: 15 * time.Minute, PerAddress: time.Hour, Reserve: 24 * time.Hour,
	PerDevice: 24 * time.Hour,
}

// ResetEpochTTL is how long after a password was reset the address's counts are told from those before: until the last
// window that had begun by then is over.
const ResetEpochTTL = 24 * time.Hour

// Attempt is one log-in attempt.
type Attempt struct {
	Email     string    // normalised
	ClientKey string    // the client: an IPv4 address, or the /64 of an IPv6 address
	At        time.Time // UTC
	// ResetAt is when the address's password was last reset, UTC, in milliseconds; zero for never. Lookup
	// tells.
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
	case PerClient:
		return "\x00" + a.ClientKey
	case PerAddress:
		return a.Email + "\x00"
	case Reserve:
		return a.Email + "\x00" + a.ClientKey + "\x00"
	case PerDevice:
		return a.Email + "\x00\x00" + a.Device
	}
	return a.Email + "\x00" + a.ClientKey
}

// WindowEnd returns when the count begins anew: a whole second.
func (a Attempt) WindowEnd(c Count) time.Time { return a.At.Truncate(windows[c]).Add(windows[c]) }

// Epoch tells the count's tallies in one window apart: a reset begins another one for every count of its address, from
// whatever client, without a list of clients. It is empty where the window has seen no reset, and for a count of no
// address.
func (a Attempt) Epoch(c Count) string {
	began := a.At.Truncate(windows[c])
	if c == PerClient || a.ResetAt.Before(began) {
		return ""
	}
	return strconv.FormatInt(a.ResetAt.UnixMilli(), 10)
}

// KnownUntil returns until when the client is known for the address, if the password is right.
func (a Attempt) KnownUntil() time.Time { return a.At.Add(knownClientTTL) }

// Tally is what was counted in a window. The zero Tally is that of nothing.
type Tally struct {
	Guesses int64
	Last    time.Time // the latest guess
}

// Tallies holds the tally of each count.
type Tallies [counts]Tally

// AttemptHistory is what is stored of earlier attempts, and the user who is tried.
type AttemptHistory struct {
	Tallies     Tallies   // since ResetAt
	ResetAt     time.Time // as Attempt has it
	KnownClient bool      // the address's password was right from this client, or reset there, less than 90 days ago
	// KnownDevice says that the address was logged in to with the attempt's Device less than DeviceTTL ago.
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

// ErrCountsChanged says that a limit that held when it was read does not hold any more.
var ErrCountsChanged = errors.New("overtaken by other guesses")

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
	// Lookup returns the history of the attempt's counts, and the user with its address.
	Lookup(ctx context.Context, a Attempt) (AttemptHistory, error)
	// Count counts the attempt in each of its counts, if each meets its limit at that moment. Else it counts nothing
	// and returns ErrCountsChanged. All or nothing: of a thousand attempts at once no more are counted than one after
	// the other.
	Count(ctx context.Context, a Attempt, limits Limits) error
}

// limits returns what each count must meet, the counts being as they were seen. Whether the client is known has no part
// in it: other limits there would tell others behind the same IP address which addresses log in from it.
func (a Attempt) limits(t Tallies) Limits {
	l := Limits{
		PerAddressAndClient: {Free: freePerAddressAndClient},
		PerClient:           {Free: freePerClient},
		PerAddress:          {Free: busyAt},
	}
	if t[PerAddress].Guesses >= busyAt || t[PerAddressAndClient].Guesses < freeWhenBusy {
		l[PerAddressAndClient] = Limit{Free: freeWhenBusy}
		l[PerAddress] = Limit{Free: crowdedAt, Idle: a.At.Add(-slot)}
	}
	l.slow(a, t, PerAddressAndClient)
	l.slow(a, t, PerClient)
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

// slow makes the next guess wait if the free guesses of a count are used up. A count with free guesses keeps its
// limit, which no waiting lifts.
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

// countedAttempt is an attempt that was counted, and may have its password checked.
type countedAttempt struct {
	Attempt
	AttemptHistory
	// refusal is the answer unless the password is right and the client known; nil where no shared count refuses.
	refusal *TooManyGuessesError
}

// countAttempt counts the attempt before its password is checked, and returns it with its history. It returns
// *TooManyGuessesError when the password is not to be checked.
//
// An attempt that a shared count refuses is still counted, in the count Reserve, and its password is still checked,
// whether its client is known or not, and whether anybody has the address or not. So an owner gets in from a known
// client whatever others do, and who does not know the password sees the same refusals, after the same work, at every
// address.
//
// Guesses from a browser that is known for the address have a count of their own and no part in the others: so nobody
// at the same network, or anywhere, can keep its owner waiting, and who holds the browser has no more guesses than
// anyone from a client.
func countAttempt(ctx context.Context, guesses Guesses, a Attempt) (countedAttempt, error) {
	for {
		history, err := guesses.Lookup(ctx, a)
		if err != nil {
			return countedAttempt{}, fmt.Errorf("looking for earlier log-in attempts: %w", err)
		}
		a.ResetAt = history.ResetAt
		limits, refusal, refused := a.applyLimits(history)
		if refused {
			return countedAttempt{}, refusal
		}
		if err = guesses.Count(ctx, a, limits); errors.Is(err, ErrCountsChanged) {
			err = ctx.Err()
			if err == nil {
				continue
			}
		}
		if err != nil {
			return countedAttempt{}, fmt.Errorf("counting a log-in attempt: %w", err)
		}
		return countedAttempt{Attempt: a, AttemptHistory: history, refusal: refusal}, nil
	}
}

// applyLimits returns the limits that the attempt is counted by, which it notes in a, and the refusal of the shared
// counts, if they refuse it; refused says that its password is not to be checked.
func (a *Attempt) applyLimits(history AttemptHistory) (limits Limits, refusal *TooManyGuessesError, refused bool) {
	if a.OnDevice, a.Reserved = a.Device != "" && history.KnownDevice, false; a.OnDevice {
		limits = a.device(history.Tallies)
		refusal = limits.refusal(history.Tallies)
		return limits, refusal, refusal != nil
	}
	limits = a.limits(history.Tallies)
	if refusal = limits.refusal(history.Tallies); refusal == nil {
		return limits, nil, false
	}
	a.Reserved = true
	limits = a.reserve(history.Tallies)
	return limits, refusal, limits.refusal(history.Tallies) != nil
}
