package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// runner carries out one round after another on an env, and adds up what came of them.
type runner struct {
	env    *env
	out    io.Writer
	size   size
	id     string // of the run, in the names of all that it makes
	buyers []*customer
	admin  *customer
	begun  int // rounds
	total  totals
}

// totals is what all rounds together came to.
type totals struct {
	rounds, checkouts, orders, mails, kills int
	verdict                                 verdict
	injected                                map[string]int // fault → how often
	broken                                  map[string]int // fault → violations in rounds that had it
	saw                                     map[string]int // what else happened → how often
}

// newRunner signs the buyers up.
func newRunner(ctx context.Context, e *env, out io.Writer, s size) (*runner, error) {
	r := &runner{env: e, out: out, size: s, id: strings.ToLower(rand.Text()[:10]), admin: &customer{person: e.admin}}
	r.total = totals{injected: map[string]int{}, broken: map[string]int{}, saw: map[string]int{}}
	if err := e.client.logIn(ctx, r.admin); err != nil {
		return nil, err
	}
	for i := range s.buyers {
		// The mailbox simulator's address, in case that a run ever goes to AWS.
		who := person{fmt.Sprintf("success+chaos-%s-%d@simulator.amazonses.com", r.id, i), "a password of chaos"}
		c, err := e.client.signUp(ctx, who)
		if err != nil {
			return nil, err
		}
		r.buyers = append(r.buyers, c)
	}
	return r, nil
}

// maxTokenAge is when tokens are renewed, between rounds: a token lives for 15 minutes, and a round lasts for a few.
const maxTokenAge = 5 * time.Minute

func (r *runner) renewTokens(ctx context.Context) error {
	for _, c := range append([]*customer{r.admin}, r.buyers...) {
		if time.Since(c.since) < maxTokenAge {
			continue
		}
		if err := r.env.client.logIn(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// round carries a plan out and checks what came of it.
func (r *runner) round(ctx context.Context, p plan) (*history, verdict, error) {
	if err := r.renewTokens(ctx); err != nil {
		return nil, verdict{}, err
	}
	r.begun++
	now := &round{
		env: r.env, id: fmt.Sprintf("chaos-%s-%d", r.id, r.begun), plan: p, buyers: r.buyers, admin: r.admin,
		begin: time.Now(),
	}
	r.env.calls.take()
	if err := now.stockUp(ctx); err != nil {
		return nil, verdict{}, err
	}
	if err := now.run(ctx); err != nil {
		return nil, verdict{}, err
	}
	now.repeatOpenCheckouts(ctx)
	if err := now.bringBack(ctx); err != nil {
		return nil, verdict{}, err
	}
	drainErr := now.drain(ctx)
	now.end = time.Now()
	if drainErr != nil && !errors.Is(drainErr, errPending) {
		return nil, verdict{}, drainErr
	}
	h, err := now.record(ctx, drainErr)
	if err != nil {
		return nil, verdict{}, err
	}
	return h, checkInvariants(h), nil
}

var errBroken = errors.New("the store broke a promise")

// rounds carries out the rounds of seed and those after it while there are to be more, prints what they came to, and
// returns errBroken if an invariant was broken.
func (r *runner) rounds(ctx context.Context, seed uint64, more func() bool) error {
	failed := r.seed(ctx, seed)
	for failed == nil && more() {
		seed++
		failed = r.seed(ctx, seed)
	}
	r.total.write(r.out)
	if failed == nil && len(r.total.verdict.violations) > 0 {
		failed = errBroken
	}
	return failed
}

// seed carries out the round that a seed draws. If it breaks an invariant, rapid looks for a smaller round that does
// so, too.
func (r *runner) seed(ctx context.Context, seed uint64) error {
	for name, value := range map[string]string{
		"rapid.seed": strconv.FormatUint(max(1, seed), 10), "rapid.checks": "1", "rapid.nofailfile": "true",
		"rapid.shrinktime": "2m",
	} {
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
	}
	first := true
	var failed error
	var smallest plan
	tb := &reporter{out: r.out}
	tb.checkProperty(func(t *rapid.T) {
		if failed != nil {
			return
		}
		p := draw(t, r.size)
		h, found, err := r.round(ctx, p)
		if err != nil {
			failed = err
			return
		}
		if first {
			r.add(seed, p, h, found)
			first = false
		}
		if len(found.violations) > 0 {
			smallest = p
			t.Fatalf("%s", found.violations[0])
		}
	})
	if tb.failed {
		r.describe(smallest)
	}
	return failed
}

// describe shows the smallest round that broke an invariant.
func (r *runner) describe(p plan) {
	fmt.Fprintf(r.out, "the smallest round found that breaks an invariant: %s\n", p)
	for i, st := range p.Steps[:min(40, len(p.Steps))] {
		fmt.Fprintf(r.out, "  step %d: %+v\n", i, st)
	}
}

// add counts a round and says what came of it.
func (r *runner) add(seed uint64, p plan, h *history, found verdict) {
	t := &r.total
	t.rounds++
	t.checkouts += len(h.round.attempts)
	t.orders += len(h.stored)
	t.kills += h.kills()
	for _, c := range h.calls {
		if c.name == "SendEmail" && c.carried {
			t.mails++
		}
	}
	t.verdict.checks += found.checks
	t.verdict.violations = append(t.verdict.violations, found.violations...)
	t.verdict.tolerated = append(t.verdict.tolerated, found.tolerated...)
	for fault, n := range h.tally() {
		t.injected[fault] += n
		if n > 0 {
			t.broken[fault] += len(found.violations)
		}
	}
	for what, n := range h.occurrences() {
		t.saw[what] += n
	}
	fmt.Fprintf(r.out, "seed %d: %s: %d checkouts, %d orders, %d killed, %.0f s, %d checks, %d violations\n", seed, p,
		len(h.round.attempts), len(h.stored), h.kills(), time.Since(h.round.begin).Seconds(), found.checks,
		len(found.violations))
	for _, v := range found.tolerated {
		fmt.Fprintf(r.out, "  TOLERATED %s\n%s\n", v, h.trace(v.detail))
	}
	for _, v := range found.violations[:min(10, len(found.violations))] {
		fmt.Fprintf(r.out, "  VIOLATION %s\n%s\n", v, h.trace(v.detail))
	}
}

// reporter is a rapid.TB outside a test: it writes what a test would log, and remembers that it failed.
type reporter struct {
	out    io.Writer
	failed bool
}

type stop struct{}

// checkProperty runs a property once, and shrinks it if it fails.
func (t *reporter) checkProperty(property func(*rapid.T)) {
	defer func() {
		if fault := recover(); fault != nil {
			if _, ok := fault.(stop); !ok {
				panic(fault)
			}
		}
	}()
	rapid.Check(t, property)
}

func (t *reporter) Helper()                       {}
func (t *reporter) Name() string                  { return "chaos" }
func (t *reporter) Logf(format string, a ...any)  { t.write(fmt.Sprintf(format, a...)) }
func (t *reporter) Log(a ...any)                  { t.write(fmt.Sprintln(a...)) }
func (t *reporter) Skipf(format string, a ...any) { t.Logf(format, a...); t.SkipNow() }
func (t *reporter) Skip(a ...any)                 { t.Log(a...); t.SkipNow() }
func (t *reporter) SkipNow()                      { panic(stop{}) }
func (t *reporter) Errorf(format string, a ...any) {
	t.Logf(format, a...)
	t.Fail()
}
func (t *reporter) Error(a ...any)                 { t.Log(a...); t.Fail() }
func (t *reporter) Fatalf(format string, a ...any) { t.Errorf(format, a...); t.FailNow() }
func (t *reporter) Fatal(a ...any)                 { t.Error(a...); t.FailNow() }
func (t *reporter) FailNow()                       { t.Fail(); panic(stop{}) }
func (t *reporter) Fail()                          { t.failed = true }
func (t *reporter) Failed() bool                   { return t.failed }

// write passes on what rapid says of a failure. That a round went well, and what was drawn, is said elsewhere.
func (t *reporter) write(text string) {
	if !strings.HasPrefix(text, "[rapid] OK") && !strings.HasPrefix(text, "[rapid] draw") {
		fmt.Fprintln(t.out, strings.TrimRight(text, "\n"))
	}
}
