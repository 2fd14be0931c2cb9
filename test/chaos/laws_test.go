package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"shop/test/faultproxy"
)

var epoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// kept is a history that keeps every law: two orders of one customer, the first with a mail too many for which there is an
// excuse, a refused checkout, an adjustment and looks.
func kept() *history {
	r := &round{
		id: "r", plan: plan{Goods: []good{{Stock: 10, Price: 100}}, Steps: buys(3)},
		buyers: []*customer{{person: person{Email: "ada@example.com"}, UserID: "usr_ada"}, {person: person{Email: "eve@example.com"}, UserID: "usr_eve"}},
		prices: []map[int64]bool{{100: true, 200: true}},
	}
	first, second := orderOf("usr_ada", "r-0"), orderOf("usr_ada", "r-1")
	r.attempts = []attempt{
		bought(0, 0, 10, 2, 200), // of it the answer was lost
		bought(0, 20, 30, 2, 200),
		bought(1, 0, 10, 3, 300),
		refused(2, 0, 10, 9),
	}
	r.attempts[0].reply, r.attempts[0].order = reply{status: 503, code: "busy", retry: "1"}, order{}
	r.attempts[1].reply.replayed = true
	r.changes = []change{{step: 7, good: 0, kind: adjust, reason: "r-7", reply: reply{status: 200}}}
	r.viewings = []viewing{
		{of: 0, own: true, begin: at(50), reply: reply{status: 200}},
		{of: 0, begin: at(50), reply: reply{status: 404, code: "order_not_found"}},
	}
	h := &history{
		round: r, requests: r.requests(),
		stored: map[string]storedOrder{first: stored(2, 200), second: stored(3, 300)},
		mails:  map[string]string{first: "sent", second: "sent"},
		stock:  map[string]int64{"r.0": 9}, moves: map[string][]movement{"r.0": {{0, 10, "initial stock"}, {8, 12, "r-7"}}},
		mine: map[string]int{first: 1, second: 1}, feed: map[string]int{first: 1, second: 1}, statuses: map[string]string{first: "sent"},
	}
	h.calls = []call{
		{begin: at(5), end: at(6), name: "SendMessage", carried: true, orders: []string{first}},
		mailed(first, 10), mailed(second, 11),
		{begin: at(12), end: at(13), name: markSent, carried: true, lost: true, fault: faultproxy.Lost, orders: []string{first}},
		mailed(first, 20),
		{begin: at(21), end: at(22), name: placeOrder, fault: faultproxy.KilledAfter, killed: true, carried: true, lost: true},
	}
	return h
}

func bought(step, begin, end int, quantity, total int64) attempt {
	return attempt{
		step: step, key: (&round{id: "r"}).key(step), basket: basket{Items: []item{{"r.0", quantity}}}, begin: at(begin), end: at(end),
		reply: reply{status: http.StatusCreated},
		order: order{OrderID: orderOf("usr_ada", (&round{id: "r"}).key(step)), Items: lines(quantity), Total: pounds(total)},
	}
}

func refused(step, begin, end int, quantity int64) attempt {
	a := bought(step, begin, end, quantity, 0)
	a.reply, a.order = reply{status: http.StatusConflict, code: "out_of_stock"}, order{}
	return a
}

func lines(quantity int64) []line {
	return []line{{"r.0", pounds(100), quantity, pounds(100 * quantity)}}
}

func stored(quantity, total int64) storedOrder {
	return storedOrder{userID: "usr_ada", email: "ada@example.com", lines: lines(quantity), total: total}
}

func mailed(id string, ms int) call {
	return call{begin: at(ms), end: at(ms + 1), name: "SendEmail", carried: true, orders: []string{id}, to: "ada@example.com"}
}

func TestKeptLaws(t *testing.T) {
	if v := check(kept()); len(v.violations) > 0 || v.checks < 40 {
		t.Errorf("violations = %v in %d checks, want none in 40 or more", v.violations, v.checks)
	}
}

// TestBrokenLaws: each law is broken by something, and named.
func TestBrokenLaws(t *testing.T) {
	first, second := orderOf("usr_ada", "r-0"), orderOf("usr_ada", "r-1")
	for name, c := range map[string]struct {
		law   string
		spoil func(*history)
	}{
		"a unit is missing":                  {lawStock, func(h *history) { h.stock["r.0"]-- }},
		"a unit is sold that never was":      {lawStock, func(h *history) { h.stock["r.0"]++ }},
		"a stock below zero":                 {lawStock, func(h *history) { h.stock["r.0"], h.moves["r.0"] = -1, []movement{{0, 4, ""}} }},
		"an adjustment that got lost":        {lawMove, func(h *history) { h.moves["r.0"][1].reason = "" }},
		"an adjustment made twice":           {lawMove, func(h *history) { h.moves["r.0"] = append(h.moves["r.0"], movement{5, 5, "r-7"}) }},
		"a refused adjustment that was made": {lawMove, func(h *history) { h.round.changes[0].reply = reply{status: 409, code: "stock_changed"} }},
		"an order answered as new twice": {lawOnce, func(h *history) {
			h.round.attempts[1].reply.replayed = false
			h.round.attempts[0] = bought(0, 0, 10, 2, 200)
		}},
		"another order for the same key":     {lawOnce, func(h *history) { h.round.attempts[1].order.OrderID = second }},
		"an answered order that is gone":     {lawKept, func(h *history) { delete(h.stored, second) }},
		"an answered order stored otherwise": {lawKept, func(h *history) { h.stored[second] = stored(4, 400) }},
		"an order of something else":         {lawKept, func(h *history) { h.round.attempts[2].order.Items = lines(4) }},
		"a refused order that is stored":     {lawNothing, func(h *history) { h.stored[orderOf("usr_ada", "r-2")] = stored(9, 900) }},
		"a repeat that settles nothing":      {lawSettled, func(h *history) { h.round.attempts[3].reply = reply{status: 503, code: "busy", retry: "1"} }},
		"a total that does not add up":       {lawMoney, func(h *history) { o := stored(3, 301); h.stored[second] = o }},
		"another total than agreed to":       {lawMoney, func(h *history) { m := pounds(299); h.round.attempts[2].basket.ExpectedTotal = &m }},
		"a price that never was":             {lawMoney, func(h *history) { h.round.prices[0] = map[int64]bool{200: true} }},
		"an order without a mail":            {lawMail, func(h *history) { h.calls = slices.Delete(h.calls, 2, 3) }},
		"a mail that was never sent":         {lawMail, func(h *history) { h.calls[2].carried = false }},
		"a mail still owed":                  {lawMail, func(h *history) { h.mails[second] = "owed" }},
		"mails that could not be sent":       {lawMail, func(h *history) { h.undone = errOwed }},
		"a customer who is told otherwise":   {lawMail, func(h *history) { h.statuses[first] = "pending" }},
		"a second mail without a fault":      {lawMailOnce, func(h *history) { h.calls[3].fault, h.calls[3].lost = "", false }},
		"a second mail, the fault after it":  {lawMailOnce, func(h *history) { h.calls[3].begin, h.calls[3].end = at(30), at(31) }},
		"a mail for no order":                {lawNoMail, func(h *history) { h.calls = append(h.calls, mailed(orderOf("usr_ada", "r-2"), 40)) }},
		"a mail to someone else":             {lawOwner, func(h *history) { h.calls[2].to = "eve@example.com" }},
		"an order shown to someone else":     {lawOwner, func(h *history) { h.round.viewings[1].reply = reply{status: 200} }},
		"an order told of and not found":     {lawKept, func(h *history) { h.round.viewings[0].reply = reply{status: 404, code: "order_not_found"} }},
		"an event for no order":              {lawEvent, func(h *history) { h.calls[0].orders = []string{orderOf("usr_ada", "r-2")} }},
		"an order nobody asked for":          {lawOurs, func(h *history) { h.stored[orderOf("usr_ada", "r-9")] = stored(1, 100) }},
		"an order missing in its list":       {lawLists, func(h *history) { h.mine[first] = 0 }},
		"an order twice in the history":      {lawLists, func(h *history) { h.feed[first] = 2 }},
		"an internal error":                  {lawAnswer, func(h *history) { h.round.attempts[0].reply = reply{status: 500, code: "internal"} }},
		"busy without Retry-After":           {lawAnswer, func(h *history) { h.round.attempts[0].reply.retry = "" }},
		"not found though it is for sale":    {lawAnswer, func(h *history) { h.round.attempts[3].reply = reply{status: 404, code: "product_not_found"} }},
		"cut off, and nobody was killed":     {lawAnswer, func(h *history) { h.round.attempts[0].reply = reply{status: 500}; h.calls[5].killed = false }},
		"a dead letter":                      {lawDead, func(h *history) { h.dead = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			h := kept()
			c.spoil(h)
			h.requests = h.round.requests()
			found := check(h).violations
			if !slices.ContainsFunc(found, func(v violation) bool { return v.law == c.law }) {
				t.Errorf("violations = %v, want %s", found, c.law)
			}
		})
	}
}

// TestExcuses: each fault between SES's yes and our mark excuses one mail more.
func TestExcuses(t *testing.T) {
	first, second := mailed("ord", 10), mailed("ord", 20)
	lost, killed := first, first
	lost.lost, lost.fault = true, faultproxy.Lost
	killed.killed, killed.fault = true, faultproxy.KilledAfter
	mark := call{begin: at(12), end: at(13), name: markSent, fault: faultproxy.Refused}
	for name, c := range map[string]struct {
		first    call
		marks    []call
		restarts []span
		want     bool
	}{
		"nothing":               {first: first},
		"a mark that was made":  {first: first, marks: []call{{begin: at(12), end: at(13), name: markSent, carried: true}}},
		"a mark that was slow":  {first: first, marks: []call{{begin: at(12), end: at(13), name: markSent, carried: true, fault: faultproxy.Slow}}},
		"a lost answer":         {first: lost, want: true},
		"a kill":                {first: killed, want: true},
		"a refused mark":        {first: first, marks: []call{mark}, want: true},
		"a restart between":     {first: first, restarts: []span{{at(15), at(17)}}, want: true},
		"a restart afterwards":  {first: first, restarts: []span{{at(25), at(27)}}},
		"a restart before":      {first: first, restarts: []span{{at(1), at(2)}}},
		"a refused mark before": {first: first, marks: []call{{begin: at(1), end: at(2), name: markSent, fault: faultproxy.Refused}}},
	} {
		h := &history{round: &round{restarts: c.restarts}}
		if got := h.excused(c.first, second, c.marks); got != c.want {
			t.Errorf("%s: excused = %v, want %v", name, got, c.want)
		}
	}
}

// TestOrderOf: the id that docs/design.md derives, worked out by another program:
// python3 -c "import hashlib,base64;print('ord_'+base64.b32encode(hashlib.sha256(b'usr_1\0key').digest()).decode().lower()[:26])"
func TestOrderOf(t *testing.T) {
	if got, want := orderOf("usr_1", "key"), "ord_mtigfb2qk444f22eynnqfqodnl"; got != want {
		t.Errorf("orderOf = %s, want %s", got, want)
	}
}

// TestName: what only one of the store's updates says.
func TestName(t *testing.T) {
	for body, want := range map[string]string{
		`attribute_not_exists(order_id)`:                                 placeOrder,
		`stock = :before`:                                                moveStock,
		`SET lease_id = :lease, lease_until = :until`:                    claimMail,
		`SET #state = :state, settled_at = :now, message_id = :message `: markSent,
		`SET #state = :state, settled_at = :now REMOVE due_shard`:        markFailed,
		`SET due_at = :next, step = :steps`:                              putOffMail,
		`REMOVE lease_id, lease_until`:                                   releaseMail,
		`else`:                                                           "UpdateItem",
	} {
		if got := name(&faultproxy.Call{Operation: "UpdateItem", Body: []byte(body)}); got != want {
			t.Errorf("name(%s) = %q, want %q", body, got, want)
		}
	}
	if got := name(&faultproxy.Call{Operation: "TransactWriteItems"}); got != saveProduct {
		t.Errorf("name of another transaction = %q, want %q", got, saveProduct)
	}
}
