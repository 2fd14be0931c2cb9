package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"shop/test/faultproxy"
	"shop/test/project"
	"shop/test/testenv"
)

// testSize is that of a round in the tests.
var testSize = size{steps: 150, workers: 12, buyers: 4}

// shared is the world of all tests here; `go test` runs them one after the other.
var shared struct {
	once   sync.Once
	folder string
	runner *runner
	err    error
}

// TestMain ends the store, which is a session of its own, also after Ctrl-C.
func TestMain(m *testing.M) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ended
		os.Exit(endStore(1))
	}()
	os.Exit(endStore(m.Run()))
}

// endStore returns the code, or 1 if the store could not be ended.
func endStore(code int) int {
	if shared.runner == nil {
		return code
	}
	if err := shared.runner.env.close(); err != nil {
		fmt.Println(err)
		code = 1
	}
	os.RemoveAll(shared.folder)
	return code
}

// theRunner starts a store, once, with the tools that `make test` set up.
func theRunner(t *testing.T) *runner {
	t.Helper()
	testenv.Env(t, "SHOP_TOOLS")
	shared.once.Do(func() {
		shared.runner, shared.err = startRunner()
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.runner
}

func startRunner() (r *runner, err error) {
	if shared.folder, err = os.MkdirTemp("", "shop-chaos-test-"); err != nil {
		return nil, err
	}
	e, err := newEnv(context.Background(), shared.folder)
	if err != nil {
		return nil, err
	}
	return newRunner(context.Background(), e, os.Stdout, testSize)
}

// TestRounds: rounds of fixed seeds keep every invariant, and the run says so in its table and its last line. What an
// injected fault prevents in one run of a seed happens in the next: more rounds follow until each kind has happened.
func TestRounds(t *testing.T) {
	const least, most = 5, 20
	r := theRunner(t)
	var out bytes.Buffer
	r.out = &out
	n := 0
	more := func() bool {
		n++
		return n < least || n < most && len(notSeen(r.total)) > 0
	}
	if err := r.rounds(t.Context(), 1, more); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	t.Log(out.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if last := lines[len(lines)-1]; !regexp.MustCompile(`^\d{4,} checks, 0 violations$`).MatchString(last) {
		t.Errorf("the last line is %q", last)
	}
	if strings.Count(out.String(), "\n| ") < 10 {
		t.Error("the tables have less than 10 rows")
	}
	for _, what := range notSeen(r.total) {
		t.Errorf("in %d rounds there were no %s", n, what)
	}
}

// notSeen are the kinds of steps and faults that each run of the test has to have, and this one has not had so far.
func notSeen(total totals) []string {
	var none []string
	for _, what := range []string{
		sawVisits, sawVerifications, sawDeletions, sawRefreshes, sawListReads, sawChanges, sawUnknownMails,
		sawRelayRuns, sawFaultyRuns, sawCancelled, sawCancelling, sawPacked, sawTooLate, sawSplits,
		sawAsked, sawWithdrawn, sawTold,
		sawEnds + byReset, sawEnds + byGrant, sawEnds + byRevoke, sawEnds + byReuse,
	} {
		if total.saw[what] == 0 {
			none = append(none, what)
		}
	}
	accounts := 0
	for injected, n := range total.injected {
		call, _, _ := strings.Cut(injected, "|")
		if slices.Contains(accountCalls, call) || call == setRole {
			accounts += n
		}
	}
	if accounts == 0 {
		none = append(none, "faults that met an account or a session")
	}
	if total.kills == 0 {
		none = append(none, "processes killed")
	}
	if len(total.injected) < 10 {
		none = append(none, "10 kinds of fault")
	}
	return none
}

// TestBrokenRounds: a run that broke an invariant fails, says which and how often, and which seed.
func TestBrokenRounds(t *testing.T) {
	var out bytes.Buffer
	r := &runner{out: &out, total: totals{injected: map[string]int{}, broken: map[string]int{}, saw: map[string]int{}}}
	h := validHistory()
	h.stock["r.0"]--
	h.requests = h.round.requests()
	r.add(42, h.round.plan, h, checkInvariants(h))
	r.total.write(&out)
	for _, want := range []string{"seed 42: ", "VIOLATION " + invStock, "| place order | killed after | 1 | 1 |",
		"broken 1 times: " + invStock, "checks, 1 violations\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the run does not say %q:\n%s", want, &out)
		}
	}
}

// carryOut runs a plan and wants the invariants kept.
func carryOut(t *testing.T, p plan) *history {
	t.Helper()
	h, found, err := theRunner(t).round(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found.violations {
		t.Errorf("%s\n%s", v, h.trace(v.detail))
	}
	return h
}

// TestRepeats: on each route that says so, a request whose first attempt was carried out and cut off is repeated with
// success. What comes first in a round is chance, so that some kind may wait for the next round.
func TestRepeats(t *testing.T) {
	p := plan{Goods: []good{{Stock: 1000, Price: 100}}, Workers: 4, Steps: append(buys(4),
		step{Kind: adjust, Amount: 5}, step{Kind: set, Amount: 50}, step{Kind: adjust, Amount: 3},
		step{Kind: reprice, Amount: 99},
		step{Kind: visit}, step{Kind: endByReset}, step{Kind: endByRole}, step{Kind: endByReuse}, step{Kind: verify},
		step{Kind: deleteAccount}, step{Kind: refresh}, step{Kind: idle})}
	for _, call := range []string{
		saveProduct, signUp, beginSession, renew, setPassword, verifyAddress, closeAccount,
	} {
		p.Rules = append(p.Rules, faultproxy.Rule{Operation: call, Fault: faultproxy.KilledAfter, Share: 1, Times: 1})
	}
	// A reuse of a refresh token ends a session, too, and may come first: twice, with its repeat.
	p.Rules = append(p.Rules, faultproxy.Rule{Operation: endSession, Fault: faultproxy.KilledAfter, Share: 1, Times: 3})
	p.Rules = append(p.Rules, faultproxy.Rule{Operation: moveStock, Fault: faultproxy.KilledAfter, Share: 1, Times: 3},
		faultproxy.Rule{Operation: moveStock, Fault: faultproxy.Conflict, Share: 1, Times: 60},
		faultproxy.Rule{Operation: setRole, Fault: faultproxy.Refused, Share: 1, Times: 4})
	missing := []string{
		"sign-up", "log-in", "log-out", "refresh", "reset", "verification", "account deletion", "an admin's change",
		"an adjustment with a key",
	}
	for n := 0; n < mostRounds && len(missing) > 0 && !t.Failed(); n++ {
		saw := carryOut(t, p).occurrences()
		missing = slices.DeleteFunc(missing, func(who string) bool { return saw[sawRepeats+who] > 0 })
	}
	if len(missing) > 0 {
		t.Errorf("in %d rounds there was no repeat of %v", mostRounds, missing)
	}
}

// TestRestart: the emulator goes away in the middle of it, and comes back.
func TestRestart(t *testing.T) {
	p := plan{Goods: []good{{Stock: 1000, Price: 100}}, Steps: buys(80), Workers: 8, Restart: 40}
	if h := carryOut(t, p); len(h.stored) != 80 || len(h.round.restarts) != 1 {
		t.Errorf("%d orders and %d restarts, want 80 and 1", len(h.stored), len(h.round.restarts))
	}
}

// TestOutages: while SES or SQS is away, every checkout is accepted at its first attempt, and every mail is sent
// afterwards.
func TestOutages(t *testing.T) {
	for name, rule := range map[string]faultproxy.Rule{
		"SES refuses":         {Operation: "SendEmail", Fault: faultproxy.Refused, Share: 1},
		"SES throttles":       {Operation: "SendEmail", Fault: faultproxy.Throttled, Share: 1},
		"SES does not answer": {Operation: "SendEmail", Fault: faultproxy.Hung, Share: 1},
		"SQS refuses":         {Operation: "SendMessage", Fault: faultproxy.Refused, Share: 1},
		"SQS does not answer": {Operation: "SendMessage", Fault: faultproxy.Hung, Share: 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := carryOut(t, plan{Goods: []good{{Stock: 1000, Price: 100}}, Steps: append(buys(24), step{Kind: idle}),
				Workers: 8, Rules: []faultproxy.Rule{rule}})
			if n := h.answered(http.StatusCreated); n < 24 {
				t.Errorf("%d checkouts were accepted, want all 24", n)
			}
			if h.tally()[rule.Operation+"|"+string(rule.Fault)] == 0 {
				t.Error("no fault was injected")
			}
		})
	}
}

// moreDrains is how many tries more than the right store a wrong one has to get done what is pending.
const moreDrains = 2

// mostRounds is how many rounds a defect has to show itself. The store's schedule, which runs every minute, may do in
// between what a round leaves to a step of its own. A round that shows none costs time alone.
const mostRounds = 10

// TestDefects: the checker catches each store that is wrong on purpose, and passes the same round without the defect.
func TestDefects(t *testing.T) {
	for _, x := range defects {
		t.Run(x.name, func(t *testing.T) {
			r := theRunner(t)
			p := x.plan
			p.Drains = carryOut(t, p).round.drains + moreDrains
			binary, err := x.build(t.Context(), r.env.root, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.env.push(t.Context(), x.function, binary); err != nil {
				t.Fatal(err)
			}
			defer r.putRight(t, x)
			var seen []violation
			for range mostRounds {
				_, found, err := r.round(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				if slices.ContainsFunc(found.violations, func(v violation) bool { return v.invariant == x.invariant }) {
					return
				}
				seen = append(seen, found.violations...)
			}
			t.Errorf("violations = %v, want %s", seen, x.invariant)
		})
	}
}

// putRight brings the function back, and does what the defect left undone.
func (r *runner) putRight(t *testing.T, x defect) {
	if err := r.env.push(context.Background(), x.function, r.env.built(x.function)); err != nil {
		t.Error(err)
	}
	if _, err := r.env.invoke(context.Background(), "WatchStockFunction", "{}"); err != nil {
		t.Error(err)
	}
	if err := (&round{env: r.env}).drain(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestDefectsApply: a defect is put into a text that stands in today's sources.
func TestDefectsApply(t *testing.T) {
	root, err := project.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range defects {
		content, err := os.ReadFile(root + "/" + x.file)
		if err != nil || strings.Count(string(content), x.from) != 1 {
			t.Errorf("%s: %q does not stand in %s once: %v", x.name, x.from, x.file, err)
		}
	}
}
