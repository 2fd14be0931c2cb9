package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"shop/test/faultproxy"
)

// plan is what a round does: its steps and its faults. A seed draws it.
type plan struct {
	Goods   []good
	Steps   []step
	Workers int // how many steps are under way at once
	Seed    uint64
	Rules   []faultproxy.Rule
	Restart int // before which step the emulator is restarted; 0 means never

	// Hold is how long a transaction holds its items, so that other writes conflict with it; 0 means none do.
	Hold time.Duration

	// Drains is how often what is pending is drained at the most; 0 means drainTries.
	Drains int
}

// good is a product that a round makes.
type good struct {
	Stock, Price int64
}

// The kinds of steps.
const (
	buy           = "buy"            // a checkout with a key of its own
	again         = "again"          // the same request as an earlier step's, with its key
	other         = "other"          // another request with an earlier step's key
	adjust        = "adjust"         // an admin changes a stock by a difference
	set           = "set"            // an admin sets a stock, compared with what was seen
	split         = "split"          // the operator splits a stock into counters, or puts it together
	reprice       = "reprice"        // an admin saves a product with another price
	hide          = "hide"           // an admin saves it as not for sale
	show          = "show"           // an admin saves it as for sale
	refresh       = "refresh"        // a customer's session is refreshed
	deleteAccount = "delete account" // a customer of the round deletes the account
	visit         = "visit"          // somebody signs up, logs in and logs out
	endByReset    = "end a session by a reset"
	endByRole     = "end sessions by changes of role" // an operator grants and revokes it
	endByReuse    = "end a session by reuse"          // of a refresh token
	verify        = "verify an address"
	readList      = "read"             // a customer or the admin reads a list of orders, page by page
	relay         = "relay"            // time passes for what is pending, and the relay runs
	idle          = "idle"             // no new requests; what is under way goes on under faults
	view          = "view"             // a customer looks at an earlier step's order
	viewAsOther   = "viewAsOther"      // another customer does
	cancelOwn     = "cancel"           // a customer cancels an earlier step's order
	pack          = "pack"             // an admin packs it
	ship          = "ship"             // an admin ships it
	cancelPlaced  = "cancel as placed" // an admin cancels it
	cancelPacked  = "cancel as packed"
	await         = "await"       // a customer asks to be told when a product is back
	withdraw      = "withdraw"    // a customer withdraws that
	watch         = "watch stock" // who waits for what is back is mailed
)

// step is one thing that somebody does.
type step struct {
	Kind   string
	Buyer  int
	Items  []want
	Expect string // the total agreed to: none, right (as far as is known), or wrong
	Of     int    // the earlier step, of again, other and the looks
	Good   int    // of an admin's change
	Amount int64  // of an admin's change: a difference, a stock or a price
}

// want is how many of which good.
type want struct {
	Good     int
	Quantity int64
}

// size bounds a round.
type size struct {
	steps, workers, buyers int
	restarts               bool
}

var (
	prices   = []int64{0, 1, 99, 339, 12_345_600}
	someGood = rapid.Custom(func(t *rapid.T) good {
		return good{drawStock(t),
			rapid.SampledFrom(prices).Draw(t, "price")}
	})
	kindsOfAll = slices.Concat(slices.Repeat([]string{buy}, 26), slices.Repeat([]string{again}, 8),
		slices.Repeat([]string{adjust}, 4),
		slices.Repeat([]string{cancelOwn}, 4), slices.Repeat([]string{pack}, 4),
		[]string{other, other, set, set, split, split, reprice, hide, show, show, refresh, refresh, readList, readList,
			relay, relay, view, view, view, viewAsOther, viewAsOther, ship, ship, cancelPlaced, cancelPacked,
			await, await, await, await, withdraw, watch, watch, watch})
)

// drawStock draws a stock that is never sold out, one that lasts, or one that is sold out soon.
func drawStock(t *rapid.T) int64 {
	const plenty = 1_000_000
	lasting := rapid.Just(int64(plenty))
	return rapid.OneOf(lasting, lasting, lasting, lasting, lasting, rapid.Int64Range(20, 100),
		rapid.Int64Range(0, 12)).Draw(t, "stock")
}

// manyGoods are as many as an order has that is cancelled in two halves.
const manyGoods = 51

// drawGoods draws a few products, the last of them sold out at once; and, for one round of three, many that never are.
func drawGoods(t *rapid.T) []good {
	goods := rapid.SliceOfN(someGood, 1, 6).Draw(t, "goods")
	goods = append(goods, good{Stock: rapid.Int64Range(0, 2).Draw(t, "awaited"), Price: 99})
	if rapid.IntRange(0, 2).Draw(t, "many goods") > 0 {
		return goods
	}
	for range manyGoods {
		goods = append(goods, good{Stock: 1_000_000, Price: 99})
	}
	return goods
}

// draw draws a round of a size.
func draw(t *rapid.T, s size) plan {
	p := plan{
		Goods:   drawGoods(t),
		Workers: rapid.IntRange(min(4, s.workers), s.workers).Draw(t, "workers"),
		Seed:    rapid.Uint64().Draw(t, "seed of shares"),
		Rules:   drawRules(t),
		Hold:    time.Duration(rapid.SampledFrom([]int{0, 5, 30}).Draw(t, "hold in ms")) * time.Millisecond,
	}
	buyers := rapid.IntRange(1, s.buyers).Draw(t, "buyers")
	for i := range s.steps {
		st := drawStep(t, p, i, buyers)
		if once, ok := p.once(i, s.steps); ok {
			st = once
		}
		p.Steps = append(p.Steps, st)
	}
	p.Steps = append(p.Steps, step{Kind: idle})
	if s.restarts && p.Seed%4 == 0 {
		p.Restart = s.steps / 2
	}
	return p
}

// once is the step at i where it is one of those that each round has once, in the midst of it. Where there are many
// goods, one order has one of each, and is cancelled.
func (p plan) once(i, steps int) (step, bool) {
	once := map[int]step{
		steps / 3: {Kind: visit}, steps / 2: {Kind: deleteAccount}, steps / 5: {Kind: endByReset},
		2 * steps / 5: {Kind: endByRole}, 3 * steps / 5: {Kind: endByReuse}, 4 * steps / 5: {Kind: verify},
	}
	if goods, large := len(p.Goods), steps/6; goods > manyGoods {
		cancelled := large + p.Workers + 1
		if _, taken := once[cancelled]; taken {
			cancelled++
		}
		once[large] = step{Kind: buy, Items: oneOfEach(goods-manyGoods, goods), Expect: "none"}
		once[cancelled] = step{Kind: cancelOwn, Of: large}
	}
	st, ok := once[i]
	return st, ok
}

func drawStep(t *rapid.T, p plan, i, buyers int) step {
	st := step{
		Kind: buy, Buyer: rapid.IntRange(0, buyers-1).Draw(t, "buyer"), Items: drawItems(t, len(p.Goods)),
		Expect: rapid.SampledFrom([]string{"none", "none", "none", "none", "right", "right", "wrong"}).
			Draw(t, "expected"),
	}
	if i == 0 {
		return st
	}
	st.Kind = rapid.SampledFrom(kindsOfAll).Draw(t, "kind")
	switch st.Kind {
	case cancelOwn, pack, ship, cancelPlaced, cancelPacked:
		// So many steps ago that the order is mostly there, and so few that several come to one order at once.
		st.Of = earlier(p, max(0, i-p.Workers-rapid.IntRange(0, p.Workers/2).Draw(t, "back")))
	case again, other, view, viewAsOther:
		st.Of = earlier(p, max(0, i-1-rapid.IntRange(0, 2*p.Workers).Draw(t, "back")))
	case adjust:
		st.Amount = rapid.OneOf(rapid.Int64Range(-5, -1), rapid.Int64Range(1, 20)).Draw(t, "delta")
	case set:
		st.Amount = rapid.Int64Range(0, 50).Draw(t, "quantity")
	case split:
		st.Amount = rapid.SampledFrom([]int64{8, 8, 8, 3, 1}).Draw(t, "counters")
	case reprice:
		st.Amount = rapid.SampledFrom(prices).Draw(t, "price")
	}
	changed := len(p.Goods)
	if changed > manyGoods { // the many stay for sale: one that is hidden would refuse every order of all of them
		changed -= manyGoods
	}
	st.Good = rapid.IntRange(0, changed-1).Draw(t, "good")
	if st.Kind == await || st.Kind == withdraw { // mostly for what is sold out
		st.Good = rapid.SampledFrom([]int{changed - 1, changed - 1, changed - 1, st.Good}).Draw(t, "awaited")
	}
	if st.Good == changed-1 && (st.Kind == adjust || st.Kind == set) { // few units come back, and are soon gone
		st.Amount = 1 + max(st.Amount, -st.Amount)%3
	}
	return st
}

// earlier is the last checkout at or before a step. The first step is one.
func earlier(p plan, i int) int {
	for ; i > 0; i-- {
		if p.Steps[i].Kind == buy {
			return i
		}
	}
	return 0
}

// drawItems draws lines, the same good in several of them now and then. Where there are many goods, one order of eight
// has one of each of the many.
func drawItems(t *rapid.T, goods int) []want {
	if goods > manyGoods && rapid.IntRange(0, 7).Draw(t, "one of each") == 0 {
		return oneOfEach(goods-manyGoods, goods)
	}
	one := rapid.Custom(func(t *rapid.T) want {
		return want{rapid.IntRange(0, goods-1).Draw(t, "good"), rapid.Int64Range(1, 3).Draw(t, "quantity")}
	})
	return rapid.SliceOfN(one, 1, 3).Draw(t, "items")
}

// oneOfEach is an order of one unit of each good from first to before end.
func oneOfEach(first, end int) []want {
	var items []want
	for i := first; i < end; i++ {
		items = append(items, want{i, 1})
	}
	return items
}

// Calls by who makes them.
var (
	transactions = []string{placeOrder, moveStock, saveProduct, changeStatus, endCancelling}
	reads        = []string{"BatchGetItem", "TransactGetItems", "GetItem", "Query"}
	mailUpdates  = []string{claimMail, markSent, releaseMail, rescheduleMail}
	waits        = []string{askWait, withdrawWait, readWait, makeStockMail, waitAgain, fulfilWait}
	sends        = []string{"SendMessage", "SendMessageBatch", "SendEmail"}
	accountCalls = []string{signUp, countGuess, beginSession, renew, endSession, findRepeat, setPassword, verifyAddress,
		closeAccount}
)

// kindsOfFault are what can be done to calls, and to what share of them at the most.
type kindsOfFault struct {
	calls []string
	kinds []faultproxy.Kind
	share float64
	then  []faultproxy.Kind // done to the SDK's next attempts
}

// faults are what can be done to which calls, and to what share of them at the most.
var faults = []kindsOfFault{
	{[]string{placeOrder}, []faultproxy.Kind{faultproxy.MixedConflict, faultproxy.Conflict}, 0.5, nil},
	{
		transactions, []faultproxy.Kind{faultproxy.Lost}, 0.2,
		[]faultproxy.Kind{faultproxy.Throttled, faultproxy.Throttled},
	},
	{[]string{"SendMessage", "SendMessageBatch"}, []faultproxy.Kind{faultproxy.Doubled}, 0.5, nil},
	{slices.Concat(transactions, mailUpdates, []string{"TransactGetItems"}), []faultproxy.Kind{faultproxy.Conflict},
		0.5, nil},
	{slices.Concat(transactions, reads, mailUpdates, sends),
		[]faultproxy.Kind{faultproxy.Refused, faultproxy.Throttled, faultproxy.RateLimited, faultproxy.Reset,
			faultproxy.Lost, faultproxy.Half}, 0.3, nil},
	{slices.Concat(transactions, mailUpdates, sends), []faultproxy.Kind{faultproxy.Slow, faultproxy.Late}, 0.2, nil},
	{[]string{placeOrder, "SendMessage", moveStock, changeStatus, endCancelling},
		[]faultproxy.Kind{faultproxy.KilledBefore, faultproxy.KilledAfter}, 0.15, nil},
	{slices.Concat(mailUpdates, sends), []faultproxy.Kind{faultproxy.KilledBefore, faultproxy.KilledAfter}, 0.25, nil},
}

// accountFaults are what can be done to the calls of accounts and sessions, which are few: each round has one of them
// at least.
var accountFaults = []kindsOfFault{
	{accountCalls, []faultproxy.Kind{
		faultproxy.Refused, faultproxy.Throttled, faultproxy.Reset, faultproxy.Lost, faultproxy.Half, faultproxy.Late,
		faultproxy.KilledBefore, faultproxy.KilledAfter,
	}, 0.6, nil},
	{[]string{signUp, beginSession, setPassword, verifyAddress}, []faultproxy.Kind{faultproxy.Lost}, 0.6,
		[]faultproxy.Kind{faultproxy.Throttled, faultproxy.Throttled}},
	// The operator's tool is no function, and nobody kills it.
	{[]string{setRole}, []faultproxy.Kind{
		faultproxy.Refused, faultproxy.Throttled, faultproxy.Reset, faultproxy.Lost, faultproxy.Half, faultproxy.Late,
	}, 0.6, nil},
}

// waitFaults are what can be done to the calls about customers who wait for a product. They are few, too.
var waitFaults = []kindsOfFault{
	{waits, []faultproxy.Kind{
		faultproxy.Refused, faultproxy.Throttled, faultproxy.Conflict, faultproxy.Reset, faultproxy.Lost,
		faultproxy.Half, faultproxy.Late, faultproxy.Slow, faultproxy.KilledBefore, faultproxy.KilledAfter,
	}, 0.6, nil},
}

// drawRules draws two to seven faults, one to three of accounts, and one or two of customers who wait, at most one of a
// kind for a call.
func drawRules(t *rapid.T) []faultproxy.Rule {
	named := func(r faultproxy.Rule) string { return r.Operation + string(r.Fault) }
	rules := rapid.SliceOfNDistinct(ruleOf(faults), 2, 7, named).Draw(t, "faults")
	rules = append(rules, rapid.SliceOfNDistinct(ruleOf(accountFaults), 1, 3, named).Draw(t, "faults of accounts")...)
	rules = append(rules, rapid.SliceOfNDistinct(ruleOf(waitFaults), 1, 2, named).Draw(t, "faults of waits")...)
	return append(rules, giveWork(rules)...)
}

// ruleOf draws one of the faults.
func ruleOf(faults []kindsOfFault) *rapid.Generator[faultproxy.Rule] {
	return rapid.Custom(func(t *rapid.T) faultproxy.Rule {
		f := rapid.SampledFrom(faults).Draw(t, "fault")
		return faultproxy.Rule{
			Operation: rapid.SampledFrom(f.calls).Draw(t, "call"),
			Fault:     rapid.SampledFrom(f.kinds).Draw(t, "kind"),
			Share:     f.share * float64(10-rapid.IntRange(0, 9).Draw(t, "tenths less")) / 10,
			Delay:     time.Duration(rapid.IntRange(50, 4000).Draw(t, "delay in ms")) * time.Millisecond,
			Then:      f.then,
		}
	})
}

// giveWork makes some mails and events fail where a rule is about calls that only failures lead to.
func giveWork(rules []faultproxy.Rule) []faultproxy.Rule {
	for _, r := range rules {
		if slices.Contains([]string{releaseMail, rescheduleMail, "SendMessageBatch", "Query"}, r.Operation) {
			return []faultproxy.Rule{
				{Operation: "SendEmail", Fault: faultproxy.Refused, Share: 0.3},
				{Operation: "SendMessage", Fault: faultproxy.Refused, Share: 0.3},
			}
		}
	}
	return nil
}

// String lists the faults of a round.
func (p plan) String() string {
	parts := []string{fmt.Sprintf("%d steps, %d at once", len(p.Steps), p.Workers)}
	for _, r := range p.Rules {
		parts = append(parts, fmt.Sprintf("%s %s %.0f %%", r.Operation, r.Fault, 100*r.Share))
	}
	if p.Hold > 0 {
		parts = append(parts, fmt.Sprintf("transactions hold their items for %s", p.Hold))
	}
	if p.Restart > 0 {
		parts = append(parts, "restart")
	}
	return strings.Join(parts, ", ")
}
