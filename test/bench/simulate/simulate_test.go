package simulate

import (
	"math"
	"reflect"
	"testing"
	"time"

	"shop/internal/contention"
)

// never is a policy that does not repeat, persistent one that always does.
var (
	never      = contention.Once
	persistent = contention.Policy{First: 5 * time.Millisecond, Most: 5 * time.Millisecond, Limit: time.Hour}
)

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.Abs(got-want) > by*want {
		t.Errorf("%s: got %.4g, want %.4g within %.0f %%", what, got, want, 100*by)
	}
}

// TestErlang: of buyers who do not repeat, those who meet another are lost, which is Erlang's loss formula for one
// server: ρ/(1+ρ), whatever the distribution of the hold. A random counter of several has its share of the buyers.
func TestErlang(t *testing.T) {
	for _, counters := range []int{1, 4} {
		for _, load := range []float64{0.1, 0.5, 1, 3} {
			r := Run(Model{Seed: 1, Rate: 100 * load * float64(counters), Duration: time.Duration(60e9 / load),
				Hold: 10 * time.Millisecond, Counters: counters, Policy: never})
			near(t, "refused", r.Refused(), load/(1+load), 0.05)
		}
	}
}

// TestAlone: who meets nobody takes the read, the way and the hold.
func TestAlone(t *testing.T) {
	r := Run(Model{Seed: 1, Rate: 0.01, Duration: time.Hour, Hold: 10 * time.Millisecond, Counters: 1,
		Read: 5 * time.Millisecond, Way: 4 * time.Millisecond, Policy: never})
	const want = 19 * time.Millisecond
	if r.Busy != 0 || r.Latency(0) != want || r.Latency(1) != want || r.PerOrder() != 1 || r.InFlight != 1 {
		t.Errorf("got %d busy, %s to %s, %.1f attempts, %d in flight", r.Busy, r.Latency(0), r.Latency(1),
			r.PerOrder(), r.InFlight)
	}
}

// TestLimit: buyers who never give up sell nearly one a hold and counter, and no more.
func TestLimit(t *testing.T) {
	for _, counters := range []int{1, 4} {
		r := Run(Model{Seed: 1, AtOnce: 300 * counters, Hold: 10 * time.Millisecond, Counters: counters,
			Policy: persistent})
		limit := 100 * float64(counters)
		if r.Goodput() > limit || r.Goodput() < 0.9*limit || r.Orders != 300*counters {
			t.Errorf("%d counters: %d orders, %.1f a second, want nearly %.0f", counters, r.Orders, r.Goodput(), limit)
		}
	}
}

// TestBuyers: buyers in turn who meet nobody order once in the time that a checkout takes.
func TestBuyers(t *testing.T) {
	r := Run(Model{Seed: 1, Buyers: 1, Duration: 10 * time.Second, Hold: 80 * time.Millisecond,
		Read: 12 * time.Millisecond, Way: 8 * time.Millisecond, Policy: never})
	if r.Orders != 100 || r.Busy != 0 {
		t.Errorf("%d orders and %d busy, want 100 and none", r.Orders, r.Busy)
	}
}

// TestThrottled: an item bears its units and no more, though holds are short.
func TestThrottled(t *testing.T) {
	r := Run(Model{Seed: 1, Rate: 2000, Duration: 20 * time.Second, Hold: time.Microsecond, Counters: 1, Units: 1000,
		Policy: never})
	near(t, "orders a second", r.Goodput(), 500, 0.06) // of the first second's units, too
}

// TestProcesses: Erlang's loss formula again, with as many servers as there may be executions of 10 ms.
func TestProcesses(t *testing.T) {
	const servers, load = 8, 6.0
	r := Run(Model{Seed: 1, Rate: 100 * load, Duration: 5 * time.Minute, Read: 10 * time.Millisecond,
		Counters: 1, Processes: servers, Policy: never})
	term, sum := 1.0, 1.0
	for n := 1; n <= servers; n++ {
		term *= load / float64(n)
		sum += term
	}
	near(t, "refused", r.Refused(), term/sum, 0.05)
	if r.InFlight != servers {
		t.Errorf("%d in flight, want %d", r.InFlight, servers)
	}
}

// TestAdjustments: one that holds the stock that it saw mostly fails while others sell; one that does not, always.
func TestAdjustments(t *testing.T) {
	m := Model{Seed: 1, Rate: 90, Duration: 2 * time.Minute, Hold: 10 * time.Millisecond, Counters: 1,
		Policy: contention.Policy{First: 20 * time.Millisecond, Most: 400 * time.Millisecond, Limit: 2 * time.Second},
		Way:    4 * time.Millisecond, Adjustments: 60, Adjusting: contention.Adjusting}
	if r := Run(m); r.Adjusted != 60 {
		t.Errorf("%d of 60 adjustments were made", r.Adjusted)
	}
	m.Exact, m.Adjusting = true, m.Policy
	if r := Run(m); r.Adjusted > 30 {
		t.Errorf("%d of 60 exact adjustments were made", r.Adjusted)
	}
}

// TestSeed: a seed gives the same run again, and another one another.
func TestSeed(t *testing.T) {
	m := Model{Seed: 1, Rate: 90, Duration: 10 * time.Second, Hold: 10 * time.Millisecond, Counters: 2,
		Policy: persistent}
	first := Run(m)
	if !reflect.DeepEqual(first, Run(m)) {
		t.Error("the same seed gave another run")
	}
	if m.Seed = 2; reflect.DeepEqual(first, Run(m)) {
		t.Error("another seed gave the same run")
	}
}
