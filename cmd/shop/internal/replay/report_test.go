package replay

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		samples []time.Duration
		p       int
		want    time.Duration
	}{
		{nil, 50, 0},
		{[]time.Duration{7}, 1, 7},
		{[]time.Duration{7}, 99, 7},
		{[]time.Duration{1, 2}, 50, 1},
		{[]time.Duration{1, 2}, 51, 2},
		{[]time.Duration{1, 2, 3}, 50, 2},
		{[]time.Duration{15, 20, 35, 40, 50}, 30, 20},
		{[]time.Duration{15, 20, 35, 40, 50}, 40, 20},
		{[]time.Duration{15, 20, 35, 40, 50}, 100, 50},
		{hundred, 50, 50},
		{hundred, 95, 95},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred[:10], 99, 10},
	} {
		if got := percentile(c.samples, c.p); got != c.want {
			t.Errorf("percentile(%d samples, %d) = %d, want %d", len(c.samples), c.p, got, c.want)
		}
	}
}

// TestPercentileIsTheNearestRank: the smallest sample that at least p percent do not exceed.
func TestPercentileIsTheNearestRank(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		samples := make([]time.Duration, 1+random.IntN(50))
		for i := range samples {
			samples[i] = time.Duration(random.IntN(20))
		}
		slices.Sort(samples)
		p := 1 + random.IntN(100)
		got := percentile(samples, p)
		if 100*atMost(samples, got) < p*len(samples) || 100*atMost(samples, got-1) >= p*len(samples) {
			t.Fatalf("percentile(%v, %d) = %d", samples, p, got)
		}
	}
}

func atMost(samples []time.Duration, limit time.Duration) int {
	n := 0
	for _, s := range samples {
		if s <= limit {
			n++
		}
	}
	return n
}

func TestWriteText(t *testing.T) {
	r := Report{
		Invoices: 10, Malformed: 1, Customers: 4, NewCustomers: 3, Accepted: 6, Earlier: 1, Replayed: 2, Repeats: 5,
		Unanswered: 1,
		Refused:    map[string]int{"product_not_found": 1, "out_of_stock": 2}, Units: 99,
		Duration: 1500 * time.Millisecond, Rate: 4,
		P50: 8250 * time.Microsecond, P95: 20 * time.Millisecond, P99: 30 * time.Millisecond,
		Max:    31 * time.Millisecond,
		Checks: []Check{{"stock fell", true, "3 products"}, {"mails sent", false, "1 wrong"}},
	}
	want := `invoices                    10
malformed lines             1
customers                   4 (3 new)
orders accepted             6 (99 units)
accepted earlier            1
replayed answers            2
requests repeated           5
unanswered                  1
refused: out_of_stock       2
refused: product_not_found  1
duration                    1.5 s
orders a second             4.0
p50                         8.2 ms
p95                         20.0 ms
p99                         30.0 ms
slowest                     31.0 ms
stock fell                  ok, 3 products
mails sent                  FAILED, 1 wrong
`
	var got bytes.Buffer
	if err := r.WriteText(&got); err != nil || got.String() != want {
		t.Errorf("got\n%s%v\nwant\n%s", got.String(), err, want)
	}
}

func TestWriteTextWithoutChecks(t *testing.T) {
	var got bytes.Buffer
	if err := (Report{}).WriteText(&got); err != nil || !strings.Contains(got.String(), "none were made") {
		t.Errorf("got %s, %v, want it to say that no checks were made", got.String(), err)
	}
}

type closed struct{}

var errClosed = errors.New("closed")

func (closed) Write([]byte) (int, error) { return 0, errClosed }

func TestWriteTextFails(t *testing.T) {
	if err := (Report{}).WriteText(closed{}); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want the writer's error", err)
	}
}
