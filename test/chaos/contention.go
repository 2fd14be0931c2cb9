package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"shop/test/faultproxy"
)

// concurrentBuyers is how many buyers there are, all at once.
const concurrentBuyers = 64

// scenario is who wants what at once.
type scenario struct {
	name  string
	goods int
	admin bool // an admin adjusts the stock meanwhile, one step in eight
}

var scenarios = []scenario{
	{name: "one product", goods: 1},
	{name: "ten products, in any order", goods: 10},
	{name: "one product, an admin adjusts it", goods: 1, admin: true},
}

// contention has 64 buyers buy the same goods at once, while a share of the transactions meets a conflict, and prints
// how many checkouts a second come through and how many are told to come back. Emulators never raise a conflict by
// themselves.
func contention(ctx context.Context, e *env, out io.Writer) error {
	r, err := newRunner(ctx, e, out, size{buyers: concurrentBuyers})
	if err != nil {
		return err
	}
	fmt.Fprintln(out,
		"| 64 buyers at once of | conflicts injected | checkouts | a second | ratio to no conflicts | 503 "+
			"| p50 | p99 |")
	fmt.Fprintln(out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, c := range scenarios {
		if err := r.runContention(ctx, c); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\n%d checks, %d violations\n", r.total.verdict.checks, len(r.total.verdict.violations))
	if len(r.total.verdict.violations) > 0 {
		return errBroken
	}
	return nil
}

// measureScenario measures one scenario. The first round warms the processes up and is not shown.
func (r *runner) runContention(ctx context.Context, c scenario) error {
	var alone float64
	for i, share := range []float64{0, 0, 0.1, 0.5} {
		h, found, err := r.round(ctx, c.plan(share))
		if err != nil {
			return err
		}
		r.add(0, h.round.plan, h, found)
		if i == 0 {
			continue
		}
		m := measure(h)
		if share == 0 {
			alone = m.rate
		}
		fmt.Fprintf(r.out, "| %s | %.0f %% | %d | %.1f | %.2f | %.1f %% | %d ms | %d ms |\n", c.name, 100*share,
			m.checkouts, m.rate, m.rate/alone,
			100*m.busy, m.p50.Milliseconds(), m.p99.Milliseconds())
	}
	return nil
}

// plan has each buyer buy ten times.
func (c scenario) plan(conflicts float64) plan {
	p := plan{Workers: concurrentBuyers, Rules: []faultproxy.Rule{
		{Operation: placeOrder, Fault: faultproxy.Conflict, Share: conflicts},
		{Operation: moveStock, Fault: faultproxy.Conflict, Share: conflicts},
	}}
	for range c.goods {
		p.Goods = append(p.Goods, good{Stock: 1_000_000, Price: 100})
	}
	for i := range 10 * concurrentBuyers {
		st := step{Kind: buy, Buyer: i % concurrentBuyers, Expect: "none"}
		for _, g := range rand.Perm(c.goods) {
			st.Items = append(st.Items, want{g, 1})
		}
		if c.admin && i%8 == 0 {
			st = step{Kind: adjust, Amount: 1}
		}
		p.Steps = append(p.Steps, st)
	}
	return p
}

// measurement is what a round's checkouts took at their first attempt, when it was under way.
type measurement struct {
	checkouts int
	rate      float64 // accepted checkouts a second
	busy      float64 // the share answered 503
	p50, p99  time.Duration
}

func measure(h *history) measurement {
	var m measurement
	var took []time.Duration
	var begin, end time.Time
	accepted, busy := 0, 0
	seen := map[string]bool{}
	for _, a := range h.round.attempts {
		if seen[a.key] {
			continue // the repeat of one that was told to come back, when all was over
		}
		seen[a.key] = true
		took = append(took, a.end.Sub(a.begin))
		if begin.IsZero() || a.begin.Before(begin) {
			begin = a.begin
		}
		if a.end.After(end) {
			end = a.end
		}
		switch a.reply.status {
		case http.StatusCreated:
			accepted++
		case http.StatusServiceUnavailable:
			busy++
		}
	}
	if len(took) == 0 {
		return m
	}
	slices.Sort(took)
	m.checkouts, m.rate, m.busy = len(took), float64(accepted)/end.Sub(begin).Seconds(),
		float64(busy)/float64(len(took))
	m.p50, m.p99 = took[len(took)/2], took[len(took)*99/100]
	return m
}
