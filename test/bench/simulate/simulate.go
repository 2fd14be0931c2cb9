package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"shop/internal/contention"
)

// Model is what is simulated.
type Model struct {
	Seed uint64
	// Rate is how many buyers come a second, independently of each other, for the Duration. With AtOnce that many come
	// in the first second instead.
	// Or there are Buyers, of whom each orders again and again for the Duration.
	Rate     float64
	Duration time.Duration
	AtOnce   int
	Buyers   int

	Hold     time.Duration // how long a transaction holds an item
	Counters int           // the stock is split into so many items
	// Read is what a checkout does before its first transaction, Way what a transaction takes beside Hold: half of it
	// before the items are held, or found held, and half after.
	Read, Way time.Duration
	// Units is how many write units a second an item allows; a transaction takes two, a refused one RefusedUnits.
	// 0: without limit.
	Units, RefusedUnits float64
	// Processes is how many executions the function may have; what comes above is answered 503. 0: without limit.
	Processes int
	Policy    contention.Policy

	// Adjustments is how many an admin makes in the same time, one after the other, by the policy Adjusting.
	Adjustments int
	Adjusting   contention.Policy
	// Exact has an adjustment hold the stock that it saw, which no sale may change meanwhile.
	Exact bool
}

// Today is a model of the store as it is, without buyers. The read and the way are what single calls of DynamoDB take
// in the region of the caller, by its own word "single-digit milliseconds". Each counter bears 1,000 write units a
// second, which is the limit of a partition:
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
func Today(hold time.Duration, counters int) Model {
	return Model{
		Seed: 1, Hold: hold, Counters: counters, Read: 5 * time.Millisecond, Way: 4 * time.Millisecond, Units: 1000,
		Policy: contention.Checkout,
	}
}

// Result is what came of it.
type Result struct {
	Orders    int             // that were accepted
	Busy      int             // that were answered 503
	Latencies []time.Duration // of the orders, ascending
	Attempts  int             // transactions of buyers
	Span      time.Duration   // from the first arrival to the last order
	InFlight  int             // executions at once, at most
	Adjusted  int
}

// unitsOfWrite is what a transaction takes of a write: one unit to prepare and one to commit.
const unitsOfWrite = 2

// Run simulates.
func Run(m Model) Result {
	s := &simulation{
		Model: m, random: rand.New(rand.NewPCG(m.Seed, 1)), items: make([]item, max(1, m.Counters)),
	}
	for i := range s.items {
		s.items[i].units = m.Units
	}
	s.arrivals()
	if m.Adjustments > 0 {
		s.after(0, func() { s.adjust(1) })
	}
	s.run()
	slices.Sort(s.result.Latencies)
	return s.result
}

type simulation struct {
	Model
	world
	random   *rand.Rand
	items    []item
	inFlight int
	result   Result
}

// item is one counter of the stock.
type item struct {
	held    bool
	version int           // how often it was changed
	units   float64       // that are left of this second's
	filled  time.Duration // when they were
}

// jitter is the random part of a wait.
func (s *simulation) jitter(most time.Duration) time.Duration {
	return time.Duration(s.random.Int64N(int64(max(1, most))))
}

// arrivals plans those of all buyers: exponential times between them, or all in one second.
func (s *simulation) arrivals() {
	for range s.Buyers {
		s.after(0, s.buy)
	}
	for range s.AtOnce {
		s.after(s.jitter(time.Second), func() { s.arrive(func() {}) })
	}
	if s.AtOnce > 0 || s.Rate <= 0 {
		return
	}
	for at := s.gap(); at < s.Duration; at += s.gap() {
		s.after(at, func() { s.arrive(func() {}) })
	}
}

// buy makes one checkout after the other.
func (s *simulation) buy() {
	if s.now < s.Duration {
		s.arrive(s.buy)
	}
}

func (s *simulation) gap() time.Duration {
	return time.Duration(s.random.ExpFloat64() / s.Rate * float64(time.Second))
}

// arrive begins the checkout of a buyer, and tells when it is over.
func (s *simulation) arrive(over func()) {
	if s.Processes > 0 && s.inFlight >= s.Processes {
		s.result.Busy++
		over()
		return
	}
	s.inFlight++
	s.result.InFlight = max(s.result.InFlight, s.inFlight)
	arrived := s.now
	s.after(s.Read, func() {
		s.transact(s.Policy, nil, func() { s.result.Attempts++ }, func(placed bool) {
			defer over()
			s.inFlight--
			if !placed {
				s.result.Busy++
				return
			}
			s.result.Orders++
			s.result.Latencies = append(s.result.Latencies, s.now-arrived)
			s.result.Span = s.now
		})
	})
}

// transact makes a transaction of one item, and again as the policy says while it meets others, and tells the end. It
// tells of each attempt. With a condition an item that does not meet it is left as it is, and ends the transaction.
func (s *simulation) transact(p contention.Policy, condition func(*item) bool, attempt func(), end func(done bool)) {
	began := s.now
	var try func(n int)
	try = func(n int) {
		attempt()
		one := &s.items[s.random.IntN(len(s.items))]
		s.after(s.Way/2, func() {
			if !s.take(one) {
				s.after(s.Way/2, func() {
					wait, again := p.Wait(n, s.now-began, s.jitter)
					if !again {
						end(false)
						return
					}
					s.after(wait, func() { try(n + 1) })
				})
				return
			}
			one.held = true
			s.after(s.Hold, func() {
				one.held = false
				done := condition == nil || condition(one)
				if done {
					one.version++
				}
				s.after(s.Way/2, func() { end(done) })
			})
		})
	}
	try(1)
}

// take takes the units of a write, and reports whether the item is neither throttled nor held.
func (s *simulation) take(one *item) bool {
	need := float64(unitsOfWrite)
	if one.held {
		need = s.RefusedUnits
	}
	if s.Units == 0 {
		return !one.held
	}
	one.units = min(s.Units, one.units+(s.now-one.filled).Seconds()*s.Units)
	one.filled = s.now
	if one.units < need {
		return false
	}
	one.units -= need
	return !one.held
}

// adjust makes an adjustment, the nth of those of an admin, and plans the next: they are spread over the time in which
// buyers come, after a first tenth.
func (s *simulation) adjust(n int) {
	if n > s.Adjustments {
		return
	}
	began := s.now
	end := func(done bool) {
		if done {
			s.result.Adjusted++
		}
		s.after(max(0, s.Duration*9/10/time.Duration(s.Adjustments)-(s.now-began)), func() { s.adjust(n + 1) })
	}
	if !s.Exact {
		s.transact(s.Adjusting, nil, func() {}, end)
		return
	}
	s.adjustExactly(began, 1, s.items[0].version, end)
}

// exactAttempts is how many stocks an exact adjustment tries to hold, and exactPause the longest pause before the next.
const (
	exactAttempts = 30
	exactPause    = 60 * time.Millisecond
)

// adjustExactly requires the stock that it saw, and tries again with the one that the failed condition returns, while
// there is time. It works with one counter only.
func (s *simulation) adjustExactly(began time.Duration, n, seen int, end func(bool)) {
	s.transact(s.Adjusting, func(one *item) bool { return one.version == seen }, func() {}, func(done bool) {
		if done || n == exactAttempts || s.now-began > s.Adjusting.Limit {
			end(done)
			return
		}
		told := s.items[0].version
		s.after(s.jitter(exactPause), func() { s.adjustExactly(began, n+1, told, end) })
	})
}

// Goodput is how many orders a second were accepted.
func (r Result) Goodput() float64 {
	return float64(r.Orders) / max(r.Span.Seconds(), math.SmallestNonzeroFloat64)
}

// Refused is the share of the buyers who were answered 503.
func (r Result) Refused() float64 { return float64(r.Busy) / float64(max(1, r.Orders+r.Busy)) }

// PerOrder is how many transactions an order took.
func (r Result) PerOrder() float64 { return float64(r.Attempts) / float64(max(1, r.Orders)) }

// Latency returns the quantile of the accepted orders' latencies, by nearest rank.
func (r Result) Latency(q float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	rank := int(math.Ceil(q * float64(len(r.Latencies))))
	return r.Latencies[min(max(rank, 1), len(r.Latencies))-1]
}
