package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"shop/internal/notification"
	"shop/test/faultproxy"
)

var epoch = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }

// validHistory is a history that keeps every invariant: two orders of one customer, the first with a mail too many for
// which there is an excuse, a refused checkout, an adjustment and looks.
func validHistory() *history {
	r := &round{
		id: "r", plan: plan{Goods: []good{{Stock: 10, Price: 100}}, Steps: buys(3)},
		buyers: []*customer{{person: person{Email: "ada@example.com"}, UserID: "usr_ada"},
			{person: person{Email: "eve@example.com"}, UserID: "usr_eve"}},
		prices: []map[int64]bool{{100: true, 200: true}},
	}
	first, second := orderOf("usr_ada", "r-0"), orderOf("usr_ada", "r-1")
	third := orderOf("usr_ada", "r-3")
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
	r.end = at(60_000)
	r.changes = append(r.changes,
		savedAt(8, reprice, 200, 40, 50), savedAt(9, hide, 200, 60, 70), savedAt(10, show, 200, 80, 90))
	r.listReads = []listRead{
		{buyer: -1, begin: at(55), end: at(56), ids: []string{third, second, first}, until: at(20)},
		{buyer: 1, begin: at(55)},
	}
	r.refreshes = []refreshed{{step: 3, begin: at(0), end: at(200),
		replies: []reply{{status: 503, code: "busy", retry: "1"}, {status: 200}}}}
	r.deletion = &deletion{customer: &customer{UserID: "usr_gone"}, orders: []string{orderOf("usr_gone", "k")},
		gone: true, replies: []reply{{}, {status: 204}}}
	busy := reply{status: 503, code: "busy", retry: "1"}
	r.visitor = &visitor{
		signUps: []reply{busy, {status: 201}}, logIns: []reply{{status: 201}}, logOuts: []reply{busy, {status: 204}},
		goesOn:   []reply{{status: 401}},
		accounts: map[string]bool{"usr_new": true},
	}
	r.endings = []ending{
		ended(byReset, []reply{busy, {status: 204}}, nil), ended(byGrant, nil, []reply{{status: 200}}),
		ended(byRevoke, nil, []reply{{status: 403}}), ended(byReuse, []reply{{status: 401}}, nil),
	}
	r.verification = &verification{replies: []reply{busy, {status: 204}}, logIns: []reply{{status: 201}}}
	r.unknown = []unknownMail{{id: "later-release#later_r-0", state: string(notification.Pending), attempts: 1}}
	r.plan.Steps = buys(4)
	r.attempts = append(r.attempts, bought(3, 0, 10, 1, 100))
	r.statusSteps = []statusStep{
		{step: 11, kind: cancelOwn, order: third, replies: []reply{busy, {status: 200}}},
		{step: 12, kind: pack, order: third, replies: []reply{tooLate("cancelled")}},
		{step: 13, kind: pack, order: first, replies: []reply{{status: 200}}},
	}
	h := &history{
		round: r, requests: r.requests(), goods: map[string]savedProduct{"r.0": {price: 200, active: true, version: 4}},
		relays: []relayRun{{span: span{at(12), at(13)}, due: []string{first}},
			{span: span{at(500), at(600)}, due: []string{"later_r-0"}, faults: true}},
		stored: map[string]storedOrder{
			first:  stored(2, 200, statusChange{"placed", "packed"}),
			second: stored(3, 300),
			third:  stored(1, 100, statusChange{"placed", "cancelling"}, statusChange{"cancelling", "cancelled"}),
		},
		returned: map[string][]returned{"r.0": {{third, 1}}},
		told:     map[string]string{statusMail("cancelled", third): "sent"},
		mails:    map[string]string{first: "sent", second: "sent", third: "sent"},
		stock:    map[string]int64{"r.0": 9},
		counters: map[string][]int64{"r.0": {4, 5}}, split: map[string]int64{"r.0": 2},
		moves: map[string][]movement{"r.0": {{0, 10, "initial stock"}, {8, 12, "r-7"}}},
		mine:  map[string]int{first: 1, second: 1, third: 1}, feed: map[string]int{first: 1, second: 1, third: 1},
		statuses: map[string]string{first: "sent"},
	}
	h.calls = []call{
		{begin: at(5), end: at(6), name: "SendMessage", carried: true, orders: []string{first}},
		mailed(first, 10), mailed(second, 11),
		{begin: at(12), end: at(13), name: markSent, carried: true, lost: true, fault: faultproxy.Lost,
			orders: []string{first}},
		mailed(first, 20),
		{begin: at(21), end: at(22), name: placeOrder, fault: faultproxy.KilledAfter, killed: true, carried: true,
			lost: true},
		{begin: at(510), end: at(511), name: rescheduleMail, fault: faultproxy.Refused, orders: []string{"later_r-0"}},
		mailed(third, 25), mailed(statusMail("cancelled", third), 45),
	}
	h.addWaits()
	return h
}

const evesWait, otherWait, goneWait = "r.0#usr_eve", "r.2#usr_eve", "r.1#usr_gone"

// addWaits has Eve be told of a product, and twice of another that she asked for twice, ask once more and withdraw
// that; and has somebody who waited leave.
func (h *history) addWaits() {
	busy := reply{status: 503, code: "busy", retry: "1"}
	h.round.deletion.end = at(400)
	h.round.waits = []waitStep{
		{step: 14, wait: evesWait, begin: at(100), end: at(110), replies: []reply{busy, {status: 200}}},
		{step: 15, wait: evesWait, begin: at(200), end: at(210), replies: []reply{{status: 200}}},
		{step: 16, wait: evesWait, begin: at(250), end: at(251), replies: []reply{{status: 409, code: "in_stock"}}},
		{step: 17, wait: evesWait, begin: at(300), end: at(310), replies: []reply{{status: 200}}},
		{step: 18, wait: evesWait, withdraws: true, begin: at(310), end: at(320), replies: []reply{{status: 204}}},
	}
	h.back = map[string]string{}
	h.calls = append(h.calls, ofWait(askWait, evesWait, 101), ofWait(askWait, evesWait, 201),
		ofWait(askWait, evesWait, 301), ofWait(withdrawWait, evesWait, 311), ofWait(askWait, goneWait, 1),
		ofWait(withdrawWait, goneWait, 399), ofWait(askWait, otherWait, 101))
	h.tell(otherWait, "0", 120)
	h.tell(evesWait, "1", 120)
	h.tell(evesWait, "2", 220)
}

func ofWait(name, wait string, ms int) call {
	return call{begin: at(ms), end: at(ms + 1), name: name, carried: true, wait: wait}
}

// tell has a mail of a wait made, and the wait looked up and the mail sent after 5 and 10 ms.
func (h *history) tell(wait, id string, ms int) {
	id = backInStock + id
	made, sent := ofWait(makeStockMail, wait, ms), mailed(id, ms+10)
	made.orders, sent.to = []string{id}, h.addressOf(wait)
	h.calls = append(h.calls, made, ofWait(readWait, wait, ms+5), sent)
	h.back[id] = "sent"
}

// untell takes away that a mail of a wait was sent.
func (h *history) untell(id string) {
	h.calls = slices.DeleteFunc(h.calls, func(c call) bool {
		return c.name == "SendEmail" && slices.Contains(c.orders, backInStock+id)
	})
}

// ended is a session that was ended, and the one after it.
func ended(by string, end, admin []reply) ending {
	open := refreshed{
		begin: at(0), end: at(100), replies: []reply{{status: 503, code: "busy", retry: "1"}, {status: 200}},
	}
	return ending{
		by: by, before: open, end: end, ended: true, after: []reply{{status: 401}}, logIns: []reply{{status: 201}},
		next: open, admin: admin,
	}
}

func bought(step, begin, end int, quantity, total int64) attempt {
	return attempt{
		step: step, key: (&round{id: "r"}).key(step),
		basket: basket{Items: []item{{ProductID: "r.0", Quantity: quantity}}}, begin: at(begin), end: at(end),
		reply: reply{status: http.StatusCreated},
		order: order{OrderID: orderOf("usr_ada",
			(&round{id: "r"}).key(step)), Items: lines(quantity), Total: pounds(total)},
	}
}

func refused(step, begin, end int, quantity int64) attempt {
	a := bought(step, begin, end, quantity, 0)
	a.reply, a.order = reply{status: http.StatusConflict, code: "out_of_stock"}, order{}
	return a
}

func lines(quantity int64) []line {
	return []line{{ProductID: "r.0", UnitPrice: pounds(100), Quantity: quantity, LineTotal: pounds(100 * quantity)}}
}

func stored(quantity, total int64, changes ...statusChange) storedOrder {
	o := storedOrder{
		userID: "usr_ada", email: "ada@example.com", lines: lines(quantity), total: total, placed: at(5),
		status: "placed", changes: changes,
	}
	for _, c := range changes {
		o.status = c.to
	}
	return o
}

// tooLate refuses a change of a status for what the order is.
func tooLate(status string) reply {
	return reply{status: http.StatusConflict, code: "status_changed", body: []byte(`{"order_status":"` + status + `"}`)}
}

func savedAt(step int, kind string, price int64, begin, end int) change {
	return change{step: step, kind: kind, price: price, active: kind != hide, begin: at(begin), end: at(end),
		reply: reply{status: http.StatusOK}}
}

// buyAt is the fixture's second order, placed at other times.
func buyAt(h *history, begin, end int) {
	h.round.attempts[2].begin, h.round.attempts[2].end = at(begin), at(end)
}

func mailed(id string, ms int) call {
	return call{begin: at(ms), end: at(ms + 1), name: "SendEmail", carried: true, orders: []string{id},
		to: "ada@example.com"}
}

func TestValidHistory(t *testing.T) {
	if v := checkInvariants(validHistory()); len(v.violations) > 0 || v.checks < 40 {
		t.Errorf("violations = %v in %d checks, want none in 40 or more", v.violations, v.checks)
	}
}

// giveUp has an order's mail given up after so many calls whose answer never came.
func giveUp(h *history, id string, unanswered int) {
	h.calls = slices.DeleteFunc(h.calls, func(c call) bool { return c.name == "SendEmail" && c.orders[0] == id })
	for i := range unanswered {
		c := mailed(id, 100+i)
		c.carried, c.lost, c.fault = false, true, faultproxy.Hung
		h.calls = append(h.calls, c)
	}
	h.mails[id], h.statuses[id] = "failed", "failed"
}

// TestFailedUnanswered: a mail fails, and its customer sees it, after three calls whose answer never came.
func TestFailedUnanswered(t *testing.T) {
	h := validHistory()
	giveUp(h, orderOf("usr_ada", "r-1"), 3)
	if v := checkInvariants(h); len(v.violations) > 0 {
		t.Errorf("violations = %v, want none", v.violations)
	}
}

// TestBrokenInvariants: each invariant is broken by something, and named.
func TestBrokenInvariants(t *testing.T) {
	first, second := orderOf("usr_ada", "r-0"), orderOf("usr_ada", "r-1")
	third := orderOf("usr_ada", "r-3")
	for name, c := range map[string]struct {
		invariant string
		spoil     func(*history)
	}{
		"a unit is missing":             {invStock, func(h *history) { h.stock["r.0"]-- }},
		"a unit is sold that never was": {invStock, func(h *history) { h.stock["r.0"]++ }},
		"a counter below zero":          {invStock, func(h *history) { h.counters["r.0"] = []int64{10, -1} }},
		"a counter left behind":         {invStock, func(h *history) { h.split["r.0"] = 1 }},
		"a stock below zero": {invStock, func(h *history) {
			h.stock["r.0"], h.moves["r.0"] = -1,
				[]movement{{0, 4, ""}}
		}},
		"an adjustment that got lost": {invMove, func(h *history) { h.moves["r.0"][1].reason = "" }},
		"an adjustment made twice": {invMove,
			func(h *history) { h.moves["r.0"] = append(h.moves["r.0"], movement{5, 5, "r-7"}) }},
		"a refused adjustment that was made": {invMove,
			func(h *history) { h.round.changes[0].reply = reply{status: 409, code: "stock_changed"} }},
		"an order answered as new twice": {invOnce, func(h *history) {
			h.round.attempts[1].reply.replayed = false
			h.round.attempts[0] = bought(0, 0, 10, 2, 200)
		}},
		"another order for the same key": {invOnce, func(h *history) {
			h.round.attempts[1].order.OrderID = second
		}},
		"an answered order that is gone":     {invKept, func(h *history) { delete(h.stored, second) }},
		"an answered order stored otherwise": {invKept, func(h *history) { h.stored[second] = stored(4, 400) }},
		"an order of something else": {invKept, func(h *history) {
			h.round.attempts[2].order.Items = lines(4)
		}},
		"a refused order that is stored": {invNothing,
			func(h *history) { h.stored[orderOf("usr_ada", "r-2")] = stored(9, 900) }},
		"a repeat that settles nothing": {invSettled,
			func(h *history) { h.round.attempts[3].reply = reply{status: 503, code: "busy", retry: "1"} }},
		"a total that does not add up": {invMoney, func(h *history) { o := stored(3, 301); h.stored[second] = o }},
		"another total than agreed to": {invMoney,
			func(h *history) { m := pounds(299); h.round.attempts[2].basket.ExpectedTotal = &m }},
		"a price that never was":     {invMoney, func(h *history) { h.round.prices[0] = map[int64]bool{200: true} }},
		"an order without a mail":    {invMail, func(h *history) { h.calls = slices.Delete(h.calls, 2, 3) }},
		"a mail that was never sent": {invMail, func(h *history) { h.calls[2].carried = false }},
		"a mail still pending":       {invMail, func(h *history) { h.mails[second] = string(notification.Pending) }},
		"a mail given up for nothing": {invMail, func(h *history) {
			h.mails[second], h.statuses[second] = "failed",
				"failed"
		}},
		"a mail given up after two":        {invMail, func(h *history) { giveUp(h, second, 2) }},
		"mails that could not be sent":     {invMail, func(h *history) { h.drainErr = errPending }},
		"a customer who is told otherwise": {invMail, func(h *history) { h.statuses[first] = "pending" }},
		"a second mail without a fault": {invMailOnce, func(h *history) {
			h.calls[3].fault, h.calls[3].lost = "",
				false
		}},
		"a second mail, the fault after it": {invMailOnce, func(h *history) {
			h.calls[3].begin, h.calls[3].end = at(30),
				at(31)
		}},
		"a mail for no order": {invNoMail,
			func(h *history) { h.calls = append(h.calls, mailed(orderOf("usr_ada", "r-2"), 40)) }},
		"a mail to someone else": {invOwner, func(h *history) { h.calls[2].to = "eve@example.com" }},
		"an order shown to someone else": {invOwner, func(h *history) {
			h.round.viewings[1].reply = reply{status: 200}
		}},
		"an order told of and not found": {invKept,
			func(h *history) { h.round.viewings[0].reply = reply{status: 404, code: "order_not_found"} }},
		"an event for no order": {invEvent,
			func(h *history) { h.calls[0].orders = []string{orderOf("usr_ada", "r-2")} }},
		"an order nobody asked for": {invOurs,
			func(h *history) { h.stored[orderOf("usr_ada", "r-9")] = stored(1, 100) }},
		"an order missing in its list":  {invLists, func(h *history) { h.mine[first] = 0 }},
		"an order twice in the history": {invLists, func(h *history) { h.feed[first] = 2 }},
		"an internal error": {invAnswer,
			func(h *history) { h.round.attempts[0].reply = reply{status: 500, code: "internal"} }},
		"busy without Retry-After": {invAnswer, func(h *history) { h.round.attempts[0].reply.retry = "" }},
		"not found though it is for sale": {invAnswer,
			func(h *history) { h.round.attempts[3].reply = reply{status: 404, code: "product_not_found"} }},
		"cut off, and nobody was killed": {invAnswer,
			func(h *history) { h.round.attempts[0].reply = reply{status: 500}; h.calls[5].killed = false }},
		"a price that a save had replaced": {invSaved, func(h *history) { buyAt(h, 51, 59) }},
		"a save that did not stay": {invSaved, func(h *history) {
			h.goods["r.0"] = savedProduct{100, true, 4}
		}},
		"a product hidden by nobody": {invSaved, func(h *history) { h.goods["r.0"] = savedProduct{200, false, 4} }},
		"a save made twice": {invSavedOnce,
			func(h *history) { h.goods["r.0"] = savedProduct{200, true, 5} }},
		"an answered save that was not made": {invSavedOnce,
			func(h *history) { h.goods["r.0"] = savedProduct{200, true, 3} }},
		"an inactive product that is sold": {invActive, func(h *history) {
			buyAt(h, 71, 79)
			h.stored[second] = storedOrder{userID: "usr_ada", email: "ada@example.com",
				lines: []line{{ProductID: "r.0", UnitPrice: pounds(200), Quantity: 3, LineTotal: pounds(600)}},
				total: 600}
		}},
		"not found though it is for sale again": {invAnswer, func(h *history) {
			h.round.attempts[3].begin, h.round.attempts[3].end = at(91), at(95)
			h.round.attempts[3].reply = reply{status: 404, code: "product_not_found"}
		}},
		"an order on two pages": {invPages, func(h *history) {
			h.round.listReads[0].ids = []string{first, second, first}
		}},
		"an order on no page": {invPages, func(h *history) { h.round.listReads[0].ids = []string{first} }},
		"an order missing though all is told": {invPages, func(h *history) {
			h.stored[orderOf("usr_ada", "r-9")] = stored(1, 100)
		}},
		"a list that is an internal error": {invAnswer,
			func(h *history) { h.round.listReads[1].failed = reply{status: 500, code: "internal"} }},
		"a mail that the relay leaves": {invRelay, func(h *history) { h.relays[0].due = []string{second} }},
		"a sign-up refused by its own first": {invRepeat,
			func(h *history) { h.round.visitor.signUps[1] = reply{status: 409, code: "email_taken"} }},
		"a sign-up that opens two accounts": {invRepeat, func(h *history) {
			h.round.visitor.accounts["usr_other"] = true
		}},
		"a log-out that cannot be repeated": {invRepeat,
			func(h *history) { h.round.visitor.logOuts[1] = reply{status: 401} }},
		"a session after its log-out": {invEnded,
			func(h *history) { h.round.visitor.goesOn[0] = reply{status: 200} }},
		"a sign-up without a definite answer": {invSettled,
			func(h *history) { h.round.visitor.signUps = h.round.visitor.signUps[:1] }},
		"a log-in without a definite answer": {invSettled, func(h *history) { h.round.visitor.logIns[0] = reply{} }},
		"a log-out without a definite answer": {invSettled,
			func(h *history) { h.round.visitor.logOuts = h.round.visitor.logOuts[:1] }},
		"a session that goes on unanswered": {invSettled, func(h *history) { h.round.visitor.goesOn[0] = reply{} }},
		"a session after a reset": {invEnded,
			func(h *history) { h.round.endings[0].after[0] = reply{status: 200} }},
		"a session after a grant": {invEnded,
			func(h *history) { h.round.endings[1].after[0] = reply{status: 200} }},
		"a session after a revocation": {invEnded,
			func(h *history) { h.round.endings[2].after[0] = reply{status: 200} }},
		"a session after a reuse": {invEnded,
			func(h *history) { h.round.endings[3].after[0] = reply{status: 200} }},
		"a reset refused by its own first": {invRepeat, func(h *history) {
			h.round.endings[0].end[1], h.round.endings[0].ended = reply{status: 400, code: "invalid_request"}, false
		}},
		"a reset without a definite answer": {invSettled,
			func(h *history) { h.round.endings[0].end = h.round.endings[0].end[:1] }},
		"a role that is not confirmed": {invSettled, func(h *history) { h.round.endings[1].ended = false }},
		"a right that comes late": {invRole, func(h *history) {
			h.round.endings[1].admin[0] = reply{status: 403}
		}},
		"a right that outlives its role": {invRole, func(h *history) {
			h.round.endings[2].admin[0] = reply{status: 200}
		}},
		"no log-in with a new password": {invRepeat,
			func(h *history) { h.round.endings[0].logIns[0] = reply{status: 401} }},
		"a next session that is over": {invSession,
			func(h *history) { h.round.endings[0].next.replies[1] = reply{status: 401} }},
		"a session over before its end": {invSession,
			func(h *history) { h.round.endings[3].before.replies[1] = reply{status: 401} }},
		"a verification refused by its own first": {invRepeat, func(h *history) {
			h.round.verification.replies[1] = reply{status: 400, code: "invalid_request"}
		}},
		"a verified address that cannot log in": {invRepeat,
			func(h *history) { h.round.verification.logIns[0] = reply{status: 401} }},
		"a busy change that was made": {invMove,
			func(h *history) { h.round.changes[0].reply = reply{status: 503, code: "busy", retry: "1"} }},
		"a change made twice for one unknown": {invMove, func(h *history) {
			h.round.changes[0].reply = reply{}
			h.moves["r.0"] = append(h.moves["r.0"], movement{5, 5, "r-7"})
		}},
		"an adjustment with a key that was made twice": {invMove, func(h *history) {
			h.round.changes = append(h.round.changes, h.round.changes[0])
			h.round.changes[0].keyed, h.round.changes[len(h.round.changes)-1].keyed = true, true
			h.moves["r.0"] = append(h.moves["r.0"], movement{5, 5, "r-7"})
		}},
		"a change among the movements that is gone": {invMove, func(h *history) {
			h.round.changes[0].reply, h.round.changes[0].found, h.moves["r.0"][1].reason = reply{}, true, ""
		}},
		"a change without a definite answer": {invSettled, func(h *history) { h.round.changes[0].reply = reply{} }},
		"a save without a definite answer":   {invSettled, func(h *history) { h.round.changes[1].reply = reply{} }},
		"movements that are an internal error": {invAnswer,
			func(h *history) { h.round.lookUps = []reply{{status: 500, code: "internal"}} }},
		"a mail that the relay leaves under faults": {invRelay, func(h *history) {
			h.relays[1].due = []string{second}
		}},
		"a mail of an unknown kind that is dropped": {invUnknown, func(h *history) { h.round.unknown[0].state = "" }},
		"an event for an unknown kind": {invUnknown,
			func(h *history) { h.calls[0].orders = []string{"later_r-0"} }},
		"a visitor's internal error": {invAnswer, func(h *history) {
			h.round.visitor.signUps[0] = reply{status: 500, code: "internal"}
		}},
		"a deleted account that is there": {invErased, func(h *history) { h.round.deletion.gone = false }},
		"an address that outlives its owner": {invErased,
			func(h *history) { h.round.deletion.traces = []string{"the address of an order"} }},
		"a removal that nobody answers": {invSettled, func(h *history) { h.round.deletion.replies = []reply{{}} }},
		"a removal that is an internal error": {invAnswer, func(h *history) {
			h.round.deletion.replies[0] = reply{status: 500, code: "internal"}
		}},
		"a session that a lost answer ended": {invSession, func(h *history) {
			h.round.refreshes[0].replies[1] = reply{status: 401, code: "session_over"}
		}},
		"a session that ended by itself": {invSession, func(h *history) {
			h.round.refreshes[0].replies = []reply{{status: 401, code: "session_over"}}
		}},
		"a refresh that is an internal error": {invAnswer, func(h *history) {
			h.round.refreshes[0].replies[0] = reply{status: 500, code: "internal"}
		}},
		"a mail sent into the void four times": {invMailMost, func(h *history) { giveUp(h, second, 4) }},
		"a checkout that takes too long":       {invTime, func(h *history) { buyAt(h, 0, 15_001) }},
		"a dead letter":                        {invDead, func(h *history) { h.dead = 1 }},
		"units that came back twice": {invReturned, func(h *history) {
			h.returned["r.0"] = append(h.returned["r.0"], returned{third, 1})
			h.stock["r.0"]++
		}},
		"units that never came back": {invReturned, func(h *history) { h.returned["r.0"] = nil; h.stock["r.0"]-- }},
		"more units than were sold": {invReturned, func(h *history) {
			h.returned["r.0"][0].units++
			h.stock["r.0"]++
		}},
		"units back of an order that is not cancelled": {invReturned, func(h *history) {
			h.returned["r.0"] = append(h.returned["r.0"], returned{second, 3})
			h.stock["r.0"] += 3
		}},
		"units back without a movement": {invStock, func(h *history) { h.stock["r.0"] += 3 }},
		"a cancellation that never ended": {invReturned, func(h *history) {
			h.stored[third] = stored(1, 100, statusChange{"placed", "cancelling"})
		}},
		"a mail that an order is shipped, which is not": {invReached,
			func(h *history) { h.told[statusMail("shipped", first)] = "pending" }},
		"a mail sent that an order is cancelled, which is not": {invReached,
			func(h *history) { h.calls = append(h.calls, mailed(statusMail("cancelled", second), 50)) }},
		"a cancelled order without its mail": {invMail, func(h *history) { clear(h.told) }},
		"a mail of a status twice without a fault": {invMailOnce,
			func(h *history) { h.calls = append(h.calls, mailed(statusMail("cancelled", third), 50)) }},
		"a mail of a status to someone else": {invOwner, func(h *history) {
			h.calls[slices.IndexFunc(h.calls, func(c call) bool {
				return slices.Contains(c.orders, statusMail("cancelled", third))
			})].to = "eve@example.com"
		}},
		"a mail of a status of no order": {invNoMail, func(h *history) {
			h.calls = append(h.calls, mailed(statusMail("cancelled", orderOf("usr_ada", "r-2")), 50))
		}},
		"packed and cancelled at once": {invLife, func(h *history) {
			h.stored[third] = stored(1, 100, statusChange{"placed", "packed"}, statusChange{"placed", "cancelled"})
		}},
		"a status without its change": {invLife, func(h *history) {
			o := h.stored[first]
			o.status = "shipped"
			h.stored[first] = o
		}},
		"shipped after it was cancelled": {invLife, func(h *history) {
			h.stored[third] = stored(1, 100, statusChange{"placed", "cancelled"}, statusChange{"cancelled", "shipped"})
		}},
		"a cancellation that was answered and is not": {invLife,
			func(h *history) { h.round.statusSteps[0].order = second }},
		"both who raced were answered": {invLife,
			func(h *history) { h.round.statusSteps[1].replies[0] = reply{status: 200} }},
		"refused for a status that it never was of": {invLife,
			func(h *history) { h.round.statusSteps[1].replies[0] = tooLate("packed") }},
		"a status without a definite answer": {invSettled,
			func(h *history) { h.round.statusSteps[0].replies = h.round.statusSteps[0].replies[:1] }},
		"told twice for one return": {invTold, func(h *history) { h.tell(evesWait, "3", 240) }},
		"told, and never asked":     {invTold, func(h *history) { h.tell("r.0#usr_ada", "3", 240) }},
		"told twice by one mail": {invTold, func(h *history) {
			h.calls = append(h.calls, h.calls[len(h.calls)-1])
		}},
		"told though withdrawn": {invSilence, func(h *history) { h.tell(evesWait, "3", 330) }},
		"told though gone":      {invSilence, func(h *history) { h.tell(goneWait, "3", 430) }},
		"asked and never told":  {invWaits, func(h *history) { h.untell("0") }},
		"told before, and not since": {invWaits, func(h *history) {
			h.calls = append(h.calls, ofWait(askWait, otherWait, 150))
		}},
		"a mail of a wait that failed": {invWaits, func(h *history) { h.back[backInStock+"0"] = "failed" }},
		"an answer that nothing backs": {invWaits, func(h *history) { h.round.waits[1].wait = otherWait }},
		"somebody else is told": {invOwner, func(h *history) {
			h.calls[len(h.calls)-1].to = "ada@example.com"
		}},
		"a wait without definite answer": {invSettled, func(h *history) { h.round.waits[4].replies[0] = reply{} }},
		"a wait that is an internal error": {invAnswer, func(h *history) {
			h.round.waits[0].replies[0] = reply{status: 500, code: "internal"}
		}},
		"a status that is an internal error": {invAnswer,
			func(h *history) { h.round.statusSteps[0].replies[0] = reply{status: 500, code: "internal"} }},
	} {
		t.Run(name, func(t *testing.T) {
			h := validHistory()
			c.spoil(h)
			h.requests = h.round.requests()
			found := checkInvariants(h).violations
			if !slices.ContainsFunc(found, func(v violation) bool { return v.invariant == c.invariant }) {
				t.Errorf("violations = %v, want %s", found, c.invariant)
			}
		})
	}
}

// TestToldInTheEnd: a wait ends by a mail, after three calls to send it whose answer never came, or by a withdrawal
// that comes late; a mail that was being sent when the customer withdrew breaks nothing, nor does one more for a fault.
func TestToldInTheEnd(t *testing.T) {
	for name, spoil := range map[string]func(*history){
		"given up": func(h *history) {
			h.untell("0")
			for ms := range 3 {
				c := mailed(backInStock+"0", 130+ms)
				c.carried, c.lost, c.fault = false, true, faultproxy.Hung
				h.calls = append(h.calls, c)
			}
			h.back[backInStock+"0"] = "failed"
		},
		"a late withdrawal": func(h *history) {
			h.untell("0")
			h.calls = append(h.calls, ofWait(withdrawWait, otherWait, 105))
		},
		"under way": func(h *history) { h.tell(evesWait, "3", 312) },
		"asked anew": func(h *history) {
			h.tell(evesWait, "3", 330)
			h.calls = append(h.calls, ofWait(askWait, evesWait, 325))
		},
		"the answer was lost": func(h *history) {
			h.calls[len(h.calls)-1].lost = true
			h.tell(evesWait, "3", 240)
		},
	} {
		h := validHistory()
		spoil(h)
		if v := checkInvariants(h); len(v.violations) > 0 {
			t.Errorf("%s: violations = %v, want none", name, v.violations)
		}
	}
}

// TestHeldSaves: which saves may hold while an order is placed.
func TestHeldSaves(t *testing.T) {
	first := saved{price: 1, active: true, answered: true}
	second := saved{price: 2, active: true, answered: true, begin: at(10), end: at(20)}
	open := saved{price: 3, active: true, begin: at(30), end: at(30).Add(latest)}
	third := saved{price: 4, active: true, answered: true, begin: at(40), end: at(50)}
	all := []saved{first, second, open, third}
	for name, c := range map[string]struct {
		begin, end int
		want       []int64
	}{
		"before any":                     {1, 9, []int64{1}},
		"while the second is made":       {15, 16, []int64{1, 2}},
		"after it":                       {21, 29, []int64{2}},
		"since before it, until after":   {5, 25, []int64{1, 2}},
		"after one without an answer":    {31, 39, []int64{2, 3}},
		"after the third, the open one":  {51, 60, []int64{3, 4}},
		"while the third is made":        {45, 46, []int64{2, 3, 4}},
		"ended before the open one came": {22, 29, []int64{2}},
	} {
		var got []int64
		for _, s := range inForce(all, at(c.begin), at(c.end)) {
			got = append(got, s.price)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// TestToleratedRefusal: a refusal whose own request is carried out afterwards is named where an attempt was under way,
// and a violation where none was. A repeat that had no answer is nobody's fault.
func TestToleratedRefusal(t *testing.T) {
	id := orderOf("usr_ada", "r-2")
	h := validHistory()
	h.stored[id], h.mine[id], h.feed[id], h.mails[id] = stored(9, 900), 1, 1, "sent"
	h.stock["r.0"] -= 9
	h.calls = append(h.calls, call{begin: at(2), end: at(3), name: "TransactGetItems", carried: true,
		orders: []string{id}},
		call{begin: at(5), end: at(15), name: placeOrder, carried: true, orders: []string{id}}, mailed(id, 30))
	h.round.listReads = nil
	h.requests = h.round.requests()
	if found := checkInvariants(h); len(found.violations) > 0 || len(found.tolerated) != 1 ||
		found.tolerated[0].invariant != invNothing {
		t.Errorf("under way beside it: violations %v, named %v, want one named", found.violations, found.tolerated)
	}
	h.calls[len(h.calls)-2].begin, h.calls[len(h.calls)-2].end = at(1), at(2)
	if found := checkInvariants(h); len(found.violations) != 1 || found.violations[0].invariant != invNothing ||
		len(found.tolerated) != 0 {
		t.Errorf("committed before it looked: violations %v, named %v, want one violation",
			found.violations, found.tolerated)
	}
	again := refused(2, 20, 30, 9)
	again.reply = reply{}
	h.round.attempts = append(h.round.attempts, again)
	h.requests = h.round.requests()
	h.calls = append(h.calls, call{begin: at(21), end: at(22), name: placeOrder, killed: true})
	if found := checkInvariants(h); len(found.violations) > 0 || len(found.tolerated) != 0 {
		t.Errorf("repeated afterwards: violations %v, named %v, want none", found.violations, found.tolerated)
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
		"nothing": {first: first},
		"a mark that was made": {
			first: first, marks: []call{{begin: at(12), end: at(13), name: markSent, carried: true}},
		},
		"a mark that was slow": {first: first,
			marks: []call{{begin: at(12), end: at(13), name: markSent, carried: true, fault: faultproxy.Slow}}},
		"a lost answer":        {first: lost, want: true},
		"a kill":               {first: killed, want: true},
		"a refused mark":       {first: first, marks: []call{mark}, want: true},
		"a restart between":    {first: first, restarts: []span{{at(15), at(17)}}, want: true},
		"a restart afterwards": {first: first, restarts: []span{{at(25), at(27)}}},
		"a restart before":     {first: first, restarts: []span{{at(1), at(2)}}},
		"a refused mark before": {first: first,
			marks: []call{{begin: at(1), end: at(2), name: markSent, fault: faultproxy.Refused}}},
	} {
		h := &history{round: &round{restarts: c.restarts}}
		if got := h.excused(c.first, second, c.marks); got != c.want {
			t.Errorf("%s: excused = %v, want %v", name, got, c.want)
		}
	}
}

// TestOrderOf: the id that docs/checkout.md derives, worked out by another program: python3 -c "import
// hashlib,base64;print('ord_'+base64.b32encode(hashlib.sha256(b'usr_1\0key').digest()).decode().lower()[:26])"
func TestOrderOf(t *testing.T) {
	if got, want := orderOf("usr_1", "key"), "ord_mtigfb2qk444f22eynnqfqodnl"; got != want {
		t.Errorf("orderOf = %s, want %s", got, want)
	}
}

// TestName: what only one of the store's calls says.
func TestName(t *testing.T) {
	for _, c := range []struct{ operation, body, want string }{
		{"TransactWriteItems", `attribute_not_exists(order_id)`, placeOrder},
		{"TransactWriteItems", `stock = :before`, moveStock},
		{"UpdateItem", `SET lease_id = :lease, lease_until = :until`, claimMail},
		{"UpdateItem", `SET #state = :state, settled_at = :now, message_id = :message `, markSent},
		{"UpdateItem", `SET #state = :state, settled_at = :now REMOVE due_shard`, markFailed},
		{"UpdateItem", `SET due_at = :next, attempt = :attempts`, rescheduleMail},
		{"UpdateItem", `SET secret_hash = :hash`, renew},
		{"UpdateItem", `REMOVE lease_id, lease_until`, releaseMail},
		{"TransactWriteItems", `attribute_not_exists(#last) OR #guesses < :free`, countGuess},
		{"TransactWriteItems", `{"secret_hash":{"B":"q="}}`, beginSession},
		{"TransactWriteItems", `SET password_hash = :hash REMOVE unverified, expires_at`, setPassword},
		{"TransactWriteItems", `REMOVE unverified, expires_at`, verifyAddress},
		{"UpdateItem", `SET #role = :role, role_changed_at = :at`, setRole},
		{"TransactWriteItems", `{"password_hash":{"S":"x"}}`, signUp},
		{"PutItem", `{"password_hash":{"S":"x"}}`, signUp},
		{"TransactWriteItems", `{"deleted_at":{"S":"x"}}`, closeAccount},
		{"TransactWriteItems", `version = :seen`, saveProduct},
		{"DeleteItem", `{"session_id":{"S":"ses_x"}}`, endSession},
		{"DeleteItem", `{"user_id":{"S":"usr_x"}}`, "DeleteItem"},
		{"TransactGetItems", `{"session_id":{"S":"done#x"}}`, findRepeat},
		{"TransactGetItems", `{"order_id":{"S":"ord_x"}}`, "TransactGetItems"},
		{"UpdateItem", `requested_at = if_not_exists(requested_at, :now), waiting = :waiting`, askWait},
		{"TransactWriteItems", `attribute_exists(waiting_key)`, makeStockMail},
		{"UpdateItem", `SET waiting = :waiting, waiting_key = :key REMOVE mail_id`, waitAgain},
		{"DeleteItem", `mail_id = :mail {"recipient":{"S":"usr_x"}}`, fulfilWait},
		{"DeleteItem", `{"recipient":{"S":"usr_x"}}`, withdrawWait},
		{"GetItem", `{"recipient":{"S":"usr_x"}}`, readWait},
		{"UpdateItem", `else`, "UpdateItem"},
	} {
		if got := name(&faultproxy.Call{Operation: c.operation, Body: []byte(c.body)}); got != c.want {
			t.Errorf("name(%s %s) = %q, want %q", c.operation, c.body, got, c.want)
		}
	}
}
