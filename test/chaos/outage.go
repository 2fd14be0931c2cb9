package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"shop/test/faultproxy"
)

const (
	between      = 250 * time.Millisecond // from one order to the next, whatever became of the ones before
	normal       = 3 * time.Minute        // without an outage, before it
	queueOutage  = time.Minute
	mostDraining = 30 * time.Minute
	relayBreak   = 20 * time.Second // the relay runs every minute: calls further apart are of different runs
)

// outage sends orders at a steady rate: without faults, while SES does not answer, while SES refuses, and while SQS
// does not answer. Then it waits, in real time, until all mails are sent, and prints the latencies.
func outage(ctx context.Context, e *env, out io.Writer, long time.Duration) error {
	r, err := newRunner(ctx, e, out, size{buyers: 8})
	if err != nil {
		return err
	}
	o := &outageRun{runner: r, now: &round{
		env: e, id: "outage-" + r.id, plan: plan{Goods: []good{{Stock: 1_000_000, Price: 100}}, Steps: buys(1)},
		buyers: r.buyers, admin: r.admin, begin: time.Now(),
	}}
	e.calls.take()
	if err := o.now.stockUp(ctx); err != nil {
		return err
	}
	h, err := o.run(ctx, long)
	if err != nil {
		return err
	}
	found := checkInvariants(h)
	o.judge(&found, h)
	for _, v := range found.violations[:min(20, len(found.violations))] {
		fmt.Fprintf(out, "  VIOLATION %s\n%s\n", v, h.trace(v.detail))
	}
	fmt.Fprintf(out, "%d checks, %d violations\n", found.checks, len(found.violations))
	if len(found.violations) > 0 {
		return errBroken
	}
	return nil
}

// outageRun is an outage under way.
type outageRun struct {
	*runner
	now    *round
	steps  int
	phases []phase
}

// phase is a part of the run.
type phase struct {
	name  string
	rules []faultproxy.Rule
	span
	first, last int // steps
}

// run goes through the phases, and returns when nothing is pending any more.
func (o *outageRun) run(ctx context.Context, long time.Duration) (*history, error) {
	down := func(call string, kind faultproxy.Kind) []faultproxy.Rule {
		return []faultproxy.Rule{{Operation: call, Fault: kind, Share: 1}}
	}
	warm := phase{name: "warming up"}
	for _, p := range []struct {
		phase
		long time.Duration
	}{
		{warm, 15 * time.Second},
		{phase{name: "nothing is wrong"}, normal},
		{phase{name: "SES does not answer", rules: down("SendEmail", faultproxy.Hung)}, long / 2},
		{phase{name: "SES refuses", rules: down("SendEmail", faultproxy.Refused)}, long / 2},
		{phase{name: "SQS does not answer", rules: down("SendMessage", faultproxy.Hung)}, queueOutage},
		{phase{name: "nothing is wrong again"}, normal / 3},
	} {
		if err := o.phase(ctx, p.phase, p.long); err != nil {
			return nil, err
		}
	}
	drainErr := o.wait(ctx)
	return o.now.record(ctx, drainErr)
}

// phase has orders arrive for so long.
func (o *outageRun) phase(ctx context.Context, p phase, long time.Duration) error {
	if err := o.renewTokens(ctx); err != nil {
		return err
	}
	o.env.proxy.Plan(1, p.rules...)
	defer o.env.proxy.Plan(0)
	p.from, p.first = time.Now(), o.steps
	ticks := time.NewTicker(between)
	defer ticks.Stop()
	var underway sync.WaitGroup
	for end := p.from.Add(long); time.Now().Before(end); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks.C:
		}
		if err := o.renewTokens(ctx); err != nil {
			return err
		}
		i := o.steps
		o.steps++
		underway.Go(func() { o.now.checkout(ctx, i, i%len(o.buyers), o.now.key(i), o.now.basket(buys(1)[0])) })
	}
	underway.Wait()
	p.to, p.last = time.Now(), o.steps
	o.phases = append(o.phases, p)
	fmt.Fprintf(o.out, "%s: %.0f s, %d orders sent\n", p.name, p.to.Sub(p.from).Seconds(), p.last-p.first)
	return nil
}

// wait waits until nothing is pending. Due times are not changed: the relay runs every minute by itself.
func (o *outageRun) wait(ctx context.Context) error {
	began := time.Now()
	for time.Since(began) < mostDraining {
		pending, err := o.env.pendingMails(ctx)
		if err != nil {
			return err
		}
		if len(pending) == 0 {
			fmt.Fprintf(o.out, "all mails are sent %.0f s after the last order\n", time.Since(began).Seconds())
			return errors.Join(o.renewTokens(ctx), o.env.proxy.Quiet(ctx, quiet, quietWithin))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
	return errPending
}

// The invariants that an outage could break beside the others.
const (
	invWaiting = "never waiting" // an outage of SES or SQS fails no checkout
	// the relay waits 2, 4, 8, 16, 32 and then 60 minutes between two events
	invBackOff = "one event per attempt"
	invOldest  = "the oldest due comes first"   // in each run of the relay
	invAtOnce  = "SES is called by few at once" // as many as the event source's MaximumConcurrency
)

// concurrency is MailWorkers, NotifyFunction's MaximumConcurrency; template.yaml has it.
const concurrency = 5

// judge checks the invariants of an outage, and prints the latencies.
func (o *outageRun) judge(v *verdict, h *history) {
	for _, a := range h.round.attempts {
		v.want(a.reply.status == http.StatusCreated, invWaiting, "%s was answered %s", a.key, a.reply)
	}
	o.judgeRelay(v, h)
	most := atOnce(h.calls)
	v.want(most <= concurrency, invAtOnce, "%d calls of SendEmail were under way at once", most)
	o.write(h, most)
}

// judgeRelay checks how often each mail's event was relayed, and in which order.
func (o *outageRun) judgeRelay(v *verdict, h *history) {
	relayed := map[string]int{}
	var before call
	for _, c := range sorted(h.calls, rescheduleMail) {
		if c.begin.Sub(before.end) < relayBreak {
			v.want(before.due <= c.due, invOldest, "a mail due at %s after one due at %s", c.due, before.due)
		}
		before = c
	}
	placed := map[string]time.Time{}
	for _, c := range sorted(h.calls, placeOrder) {
		placed[c.orders[0]] = c.end
	}
	for _, c := range sorted(h.calls, "SendMessageBatch") {
		for _, id := range c.orders {
			relayed[id]++
			v.want(relayed[id] <= steps(c.begin.Sub(placed[id])), invBackOff, "%s was relayed %d times within %s", id,
				relayed[id], c.begin.Sub(placed[id]))
		}
	}
}

// steps is how often a mail of that age may have been relayed: the first time after two minutes, then after 4, 8, 16,
// 32, 60.
func steps(age time.Duration) int {
	n := 0
	for wait := 2 * time.Minute; age >= wait-time.Second; n++ {
		age -= wait
		wait = min(2*wait, time.Hour)
	}
	return n
}

// sorted returns the calls of a name in the order in which they began.
func sorted(calls []call, name string) []call {
	found := slices.DeleteFunc(slices.Clone(calls), func(c call) bool { return c.name != name || len(c.orders) == 0 })
	slices.SortFunc(found, func(a, b call) int { return a.begin.Compare(b.begin) })
	return found
}

// atOnce is how many calls of SendEmail were under way at the same time, at the most.
func atOnce(calls []call) int {
	most := 0
	sends := sorted(calls, "SendEmail")
	for _, c := range sends {
		n := 0
		for _, other := range sends {
			if !other.begin.After(c.begin) && other.end.After(c.begin) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// write prints the phases' latencies, as ratios to that without an outage.
func (o *outageRun) write(h *history, most int) {
	fmt.Fprintln(o.out, "\n| phase | checkouts | p50 | p99 | p99 to p99 without an outage |")
	fmt.Fprintln(o.out, "| --- | ---: | ---: | ---: | ---: |")
	var usual time.Duration
	for _, p := range o.phases[1:] {
		took := h.took(p)
		if len(took) == 0 {
			continue
		}
		p50, p99 := took[len(took)/2], took[len(took)*99/100]
		if usual == 0 {
			usual = p99
		}
		fmt.Fprintf(o.out, "| %s | %d | %d ms | %d ms | %.2f |\n", p.name, len(took), p50.Milliseconds(),
			p99.Milliseconds(), float64(p99)/float64(usual))
	}
	relayed := map[string]int{}
	for _, c := range sorted(h.calls, "SendMessageBatch") {
		for _, id := range c.orders {
			relayed[id]++
		}
	}
	mostRelayed := 0
	for _, n := range relayed {
		mostRelayed = max(mostRelayed, n)
	}
	fmt.Fprintf(o.out, "\n%d mails were relayed, one of them at most %d times; "+
		"at most %d calls to SES at once; %d dead letters\n\n",
		len(relayed), mostRelayed, most, h.dead)
}

// took returns the times of a phase's checkouts, shortest first.
func (h *history) took(p phase) []time.Duration {
	var took []time.Duration
	for _, a := range h.round.attempts {
		if a.step >= p.first && a.step < p.last {
			took = append(took, a.end.Sub(a.begin))
		}
	}
	slices.Sort(took)
	return took
}
