package simulate

import (
	"testing"
	"time"

	"shop/internal/contention"
)

// rush is what the goals are held to: the store's own policies, the checkout's other calls as docs/benchmarks.md has
// them, and buyers at a share of the limit, which is one order a hold and counter.
func rush(share float64, hold time.Duration, counters int) Model {
	m := Today(hold, counters)
	m.Rate, m.Duration = share*float64(counters)/hold.Seconds(), 20*time.Second
	return m
}

// TestGoals: nobody is refused below the limit, and at twice the limit the product sells nearly as much as it bears, to
// customers who do not wait long.
func TestGoals(t *testing.T) {
	for _, hold := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
		limit := 1 / hold.Seconds()
		for _, share := range []float64{0.5, 0.8, 0.9} {
			if r := Run(rush(share, hold, 1)); r.Busy > 0 {
				t.Errorf("%s, %.1f of the limit: %d of %d were refused", hold, share, r.Busy, r.Busy+r.Orders)
			}
		}
		r := Run(rush(2, hold, 1))
		if sold := float64(r.Orders) / 20; sold < 0.9*limit || r.Latency(0.99) > 3*time.Second {
			t.Errorf("%s, twice the limit: %.1f a second, p99 %s", hold, sold, r.Latency(0.99))
		}
	}
}

// TestGoalsOfCounters: 16 counters sell at least eight times what one sells.
func TestGoalsOfCounters(t *testing.T) {
	one, many := rush(2, 20*time.Millisecond, 1), rush(2, 20*time.Millisecond, 16)
	one.Duration, many.Duration = 5*time.Second, 5*time.Second
	if one, many := Run(one), Run(many); many.Orders < 8*one.Orders {
		t.Errorf("16 counters sold %d, and one %d", many.Orders, one.Orders)
	}
}

// TestBackoff: below the limit customers would be refused under a cap of 400 ms, which everything else in the store
// has, and if those who have waited long did not try more often.
func TestBackoff(t *testing.T) {
	m := rush(0.9, 10*time.Millisecond, 1)
	m.Policy.Final = 0
	if same := Run(m); same.Busy == 0 {
		t.Error("nobody was refused when all tried as often")
	}
	m.Policy.Most = 400 * time.Millisecond
	if long := Run(m); long.Refused() < 0.05 {
		t.Errorf("%.4f were refused with a cap of 400 ms", long.Refused())
	}
}

// TestAdjustmentsInARush: all of an admin's adjustments are made at what a product bears, and at twice that.
func TestAdjustmentsInARush(t *testing.T) {
	for _, hold := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
		for _, share := range []float64{1, 2} {
			m := rush(share, hold, 1)
			m.Duration, m.Adjustments, m.Adjusting = time.Minute, 60, contention.Adjusting
			if r := Run(m); r.Adjusted != 60 {
				t.Errorf("%s, %.0f times the limit: %d of 60 adjustments were made", hold, share, r.Adjusted)
			}
		}
	}
}
