package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"shop/test/faultproxy"
)

// violation is an invariant that a round broke.
type violation struct {
	invariant string
	detail    string
}

func (v violation) String() string { return v.invariant + ": " + v.detail }

// verdict is what the checker found.
type verdict struct {
	checks     int
	violations []violation
	tolerated  []violation // exceptions that the design allows
}

// tolerate notes an exception that the design allows.
func (v *verdict) tolerate(invariant, format string, args ...any) {
	v.tolerated = append(v.tolerated, violation{invariant, fmt.Sprintf(format, args...)})
}

// want checks one thing.
func (v *verdict) want(holds bool, invariant, format string, args ...any) {
	v.checks++
	if !holds {
		v.violations = append(v.violations, violation{invariant, fmt.Sprintf(format, args...)})
	}
}

// The invariants, by the promises of docs/design.md. docs/reliability.md has each in full.
const (
	invStock     = "never oversold"
	invMove      = "changes of stock are recorded as answered"
	invOnce      = "never twice"
	invKept      = "never lost"
	invNothing   = "a refusal leaves nothing"
	invSettled   = "a repeat gets a definite answer"
	invMoney     = "money adds up"
	invMail      = "every order has its mail"
	invMailOnce  = "one fault costs at most one more mail"
	invNoMail    = "no mail without an order"
	invEvent     = "no event without an order"
	invOwner     = "nobody sees another's order"
	invLists     = "lists are complete"
	invAnswer    = "answers keep the contract"
	invDead      = "no dead letters"
	invOurs      = "every order was asked for"
	invSaved     = "a save that was answered stays until a later one"
	invSavedOnce = "a save is made once"
	invActive    = "an inactive product is not sold"
	invPages     = "pages are complete while orders arrive"
	invRelay     = "the relay gets to every mail that is due"
	invUnknown   = "a mail of an unknown kind is kept"
	invSession   = "a session ends only by log-out, reset, role change, expiry or token reuse"
	invEnded     = "a session that was ended is over"
	invRole      = "a change of role holds at once"
	invRepeat    = "a repeat succeeds as the first request did"
	invMailMost  = "few calls to send a mail have no answer"
	invErased    = "a deleted account leaves no personal data"
	invTime      = "a checkout is answered in time"
	invReturned  = "the units of a cancelled order come back once"
	invReached   = "no mail of a status that was never reached"
	invTold      = "who waits for a product is told once for each return"
	invWaits     = "no wait for a product is lost"
	invSilence   = "who withdrew or left is not told"
	invLife      = "an order's status changes as allowed and as answered"
)

// checkInvariants holds a history against the invariants.
func checkInvariants(h *history) verdict {
	v := &verdict{}
	h.checkStock(v)
	h.checkChanges(v)
	h.checkRequests(v)
	h.checkOrders(v)
	h.checkMails(v)
	h.checkCalls(v)
	h.checkViewings(v)
	h.checkVisitor(v)
	h.checkEndings(v)
	h.checkUnknownMails(v)
	h.checkCutOff(v)
	h.checkSaves(v)
	h.checkSold(v)
	h.checkListReads(v)
	h.checkDeletion(v)
	h.checkRefreshes(v)
	h.checkRelay(v)
	h.checkTime(v)
	h.checkStatuses(v)
	h.checkWaits(v)
	v.want(h.dead == 0, invDead, "%d dead letters", h.dead)
	v.want(h.drainErr == nil, invMail, "%v", h.drainErr)
	return *v
}

// checkStock: all units that were stocked, or came back with orders, are in stock or sold.
func (h *history) checkStock(v *verdict) {
	sold := map[string]int64{}
	for _, o := range h.stored {
		for _, l := range o.lines {
			sold[l.ProductID] += l.Quantity
		}
	}
	for id, stock := range h.stock {
		var stocked int64
		for _, m := range h.moves[id] {
			stocked += m.after - m.before
			v.want(m.after >= 0 && m.before >= 0, invStock, "%s: a movement from %d to %d", id, m.before, m.after)
		}
		for _, m := range h.returned[id] {
			stocked += m.units
		}
		v.want(sold[id]+stock == stocked, invStock, "%s: %d sold and %d in stock, %d stocked", id, sold[id], stock,
			stocked)
		v.want(stock >= 0, invStock, "%s: the stock is %d", id, stock)
		h.checkCounters(v, id)
	}
}

// checkCounters: a stock has the counters that its product says, and none is below zero.
func (h *history) checkCounters(v *verdict, id string) {
	counters := h.counters[id]
	v.want(int64(len(counters)) == h.split[id], invStock, "%s: %d counters, and the product says %d", id, len(counters),
		h.split[id])
	for i, units := range counters {
		v.want(units >= 0, invStock, "%s: %d units on counter %d", id, units, i)
	}
}

func allowedChange(a reply) bool {
	switch a.status {
	case http.StatusOK, 0:
		return true
	case http.StatusConflict:
		return a.code == "stock_changed" || a.code == "insufficient_stock"
	}
	return unavailable(a)
}

// unavailable reports whether the store says, as the contract has it, that it cannot answer now, or API Gateway that
// the function did not.
func unavailable(a reply) bool {
	return a.status == http.StatusServiceUnavailable && a.code == "busy" && a.retry != "" || cutOff(a)
}

// cutOff reports whether API Gateway answers in the place of a function that ended without an answer.
func cutOff(a reply) bool { return a.status >= 500 && a.code == "" }

// checkRequests: the answers to each request, and to all requests under a key.
func (h *history) checkRequests(v *verdict) {
	fresh := map[string]int{}
	for _, group := range h.requests {
		id := h.orderID(group[0])
		stored, placed := h.stored[id]
		settled := false
		for _, a := range group {
			v.want(h.allowed(a), invAnswer, "%s, step %d: %s", a.key, a.step, a.reply)
			settled = settled || a.reply.definite()
			if a.reply.status == http.StatusCreated {
				h.checkAccepted(v, a, id, stored, placed)
				if !a.reply.replayed {
					fresh[id]++
				}
			}
		}
		v.want(settled, invSettled, "%s: no definite answer to %s", group[0].key, group[0].basket.what())
		h.checkEnd(v, group, stored, placed)
	}
	for id, n := range fresh {
		v.want(n <= 1, invOnce, "%s was answered as new %d times", id, n)
	}
}

// allowed reports whether the contract has such an answer to a checkout.
func (h *history) allowed(a attempt) bool {
	switch a.reply.status {
	case http.StatusCreated, 0:
		return true
	case http.StatusConflict:
		return a.reply.code == "out_of_stock" || a.reply.code == "price_changed"
	case http.StatusNotFound:
		return a.reply.code == "product_not_found" && h.mayBeHidden(a)
	case http.StatusUnprocessableEntity:
		return a.reply.code == "idempotency_key_reused"
	}
	return unavailable(a.reply)
}

func (h *history) checkAccepted(v *verdict, a attempt, id string, stored storedOrder, placed bool) {
	v.want(a.order.OrderID == id, invOnce, "%s was answered as %s, want %s", a.key, a.order.OrderID, id)
	v.want(placed, invKept, "%s was answered 201 and is not stored", id)
	if placed {
		v.want(slices.Equal(a.order.Items, stored.lines) && a.order.Total.Amount == stored.total, invKept,
			"%s was answered as %v for %d, and is stored as %v for %d", id, a.order.Items, a.order.Total.Amount,
			stored.lines, stored.total)
	}
	v.want(maps.Equal(a.basket.units(), unitsOf(a.order.Items)), invKept, "%s: %v was asked for, %v was answered", id,
		a.basket.Items, a.order.Items)
	if a.basket.ExpectedTotal != nil {
		v.want(*a.basket.ExpectedTotal == a.order.Total, invMoney, "%s: agreed to %v, costs %v", id,
			*a.basket.ExpectedTotal, a.order.Total)
	}
}

func unitsOf(lines []line) map[string]int64 {
	units := map[string]int64{}
	for _, l := range lines {
		units[l.ProductID] += l.Quantity
	}
	return units
}

// checkEnd: the last definite answer to a request says what is stored under its key in the end.
func (h *history) checkEnd(v *verdict, group []attempt, stored storedOrder, placed bool) {
	last := -1
	for i, a := range group {
		if a.reply.definite() && (last < 0 || a.begin.After(group[last].end)) {
			last = i
		}
	}
	if last < 0 {
		return
	}
	a := group[last]
	same := placed && maps.Equal(a.basket.units(), unitsOf(stored.lines))
	switch a.reply.status {
	case http.StatusUnprocessableEntity:
		v.want(placed && (!same || a.basket.ExpectedTotal != nil), invOnce,
			"%s was answered 422, and its key has no other order", a.key)
	case http.StatusConflict, http.StatusNotFound:
		left := same && !repeatedAfter(group, a)
		late := left && h.committedLate(h.orderID(a), a)
		if late {
			v.tolerate(invNothing,
				"%s was answered %s, and is stored as %s: another attempt of the same request was under way",
				a.key, a.reply, h.orderID(a))
		}
		v.want(!left || late, invNothing, "%s was answered %s, and is stored as %s", a.key, a.reply, h.orderID(a))
	}
}

// repeatedAfter reports whether the request was sent again after the answer to a, and had no definite answer then: it
// is that one's order.
func repeatedAfter(group []attempt, a attempt) bool {
	return slices.ContainsFunc(group, func(b attempt) bool { return b.begin.After(a.end) })
}

// committedLate reports whether the order was committed after a, which was refused, had looked for it: by an attempt of
// the same request that was under way beside it, or that hung before, as docs/checkout.md says may be. It is
// counted as tolerated. One that was committed before is a violation, because the search had to find it.
func (h *history) committedLate(id string, a attempt) bool {
	return slices.ContainsFunc(h.calls, func(look call) bool {
		return look.name == "TransactGetItems" && look.carried && slices.Contains(look.orders, id) &&
			!look.begin.Before(a.begin) && !look.end.After(a.end) && h.committedAfter(id, look.begin)
	})
}

func (h *history) committedAfter(id string, at time.Time) bool {
	return slices.ContainsFunc(h.calls, func(c call) bool {
		return c.name == placeOrder && c.carried && slices.Contains(c.orders, id) && c.end.After(at)
	})
}

// checkOrders: what is stored was asked for by its customer, and adds up.
func (h *history) checkOrders(v *verdict) {
	asked := map[string][]attempt{}
	for _, group := range h.requests {
		asked[h.orderID(group[0])] = append(asked[h.orderID(group[0])], group[0])
	}
	for id, o := range h.stored {
		v.want(slices.ContainsFunc(asked[id], func(a attempt) bool {
			return h.round.buyers[a.buyer].UserID == o.userID && maps.Equal(a.basket.units(), unitsOf(o.lines))
		}), invOurs, "%s of %s, %v", id, o.userID, o.lines)
		var total int64
		for _, l := range o.lines {
			total += l.UnitPrice.Amount * l.Quantity
			v.want(h.wasPrice(l), invMoney, "%s: %s was never sold at %d", id, l.ProductID, l.UnitPrice.Amount)
		}
		v.want(total == o.total, invMoney, "%s: the lines cost %d, the order %d", id, total, o.total)
		v.want(h.mine[id] == 1, invLists, "%s stands in its customer's list %d times", id, h.mine[id])
		v.want(h.feed[id] == 1, invLists, "%s stands in the history %d times", id, h.feed[id])
	}
}

func (h *history) wasPrice(l line) bool {
	for good, prices := range h.round.prices {
		if h.round.productID(good) == l.ProductID {
			return prices[l.UnitPrice.Amount]
		}
	}
	return false
}

// maxUnanswered is after how many calls to send a mail whose answer never came the mail fails.
const maxUnanswered = 3

// unanswered reports whether the call is one to send a mail whose answer never came to a function that lived on.
func (c call) unanswered() bool {
	answered := c.fault == faultproxy.Refused || c.fault == faultproxy.Throttled || c.fault == faultproxy.RateLimited
	return c.name == "SendEmail" && c.faulty() && !c.killed && !answered
}

// checkMails: each order has a mail, to its customer, and one more only for a fault between SES's answer and the mark.
func (h *history) checkMails(v *verdict) {
	sent, marks := map[string][]call{}, map[string][]call{}
	unanswered := map[string]int{}
	for _, c := range h.calls {
		for _, id := range c.orders {
			if c.unanswered() {
				unanswered[id]++
			}
			switch {
			case c.name == "SendEmail" && c.carried:
				sent[id] = append(sent[id], c)
			case c.name == markSent:
				marks[id] = append(marks[id], c)
			}
		}
	}
	for id, o := range h.stored {
		want := "sent"
		if unanswered[id] >= maxUnanswered && h.mails[id] == "failed" {
			want = "failed" // after three calls without an answer
		}
		v.want(len(sent[id]) > 0 || want == "failed", invMail, "%s has no mail; its state is %q", id, h.mails[id])
		v.want(h.mails[id] == want, invMail, "%s: the state of its mail is %q", id, h.mails[id])
		if status, asked := h.statuses[id]; asked {
			v.want(status == want, invMail, "%s: its customer is told %q", id, status)
		}
		v.want(unanswered[id] <= maxUnanswered, invMailMost, "%s: %d calls to send its mail had no answer", id,
			unanswered[id])
		for i, c := range sent[id] {
			v.want(c.to == o.email, invOwner, "%s: its mail went to someone else", id)
			if i > 0 {
				v.want(h.excused(sent[id][i-1], c, marks[id]), invMailOnce,
					"%s: mail %d of %d, with no fault since the one before", id, i+1, len(sent[id]))
			}
		}
	}
	for id := range sent {
		if strings.HasPrefix(id, backInStock) {
			continue
		}
		orderID := id[strings.Index(id, "#")+1:]
		_, placed := h.stored[orderID]
		v.want(placed || h.ofDeletedAccount(orderID), invNoMail, "%s was mailed and is not stored", id)
	}
}

// excused reports whether a fault stands between two mails of an order: the first one's answer was lost or its process
// killed, or a mark was hit after it, or the emulator went away.
func (h *history) excused(first, second call, marks []call) bool {
	if first.faulty() {
		return true
	}
	for _, m := range marks {
		if m.faulty() && m.end.After(first.begin) && m.begin.Before(second.end) {
			return true
		}
	}
	return slices.ContainsFunc(h.round.restarts, func(s span) bool {
		return s.to.After(first.begin) &&
			s.from.Before(second.end)
	})
}

// checkCalls: an event that was sent speaks of an order.
func (h *history) checkCalls(v *verdict) {
	for _, c := range h.calls {
		if c.name != "SendMessage" && c.name != "SendMessageBatch" {
			continue
		}
		for _, id := range c.orders {
			_, placed := h.stored[id]
			v.want(placed || !h.known()[id], invEvent, "an event speaks of %s, which is not stored", id)
			v.want(!isUnknownMail(id), invUnknown, "an event speaks of %s", id)
		}
	}
}

// checkViewings: whoever was told of an order can see it, and nobody else.
func (h *history) checkViewings(v *verdict) {
	for _, view := range h.round.viewings {
		placedBy := h.round.plan.Steps[view.of].Buyer
		own := view.own || len(h.round.buyers) == 1
		v.want(own ||
			view.reply.status != http.StatusOK, invOwner, "an order of buyer %d was shown to another", placedBy)
		v.want(slices.Contains([]int{0, 200, 404}, view.reply.status) || unavailable(view.reply), invAnswer,
			"viewing an order: %s", view.reply)
		if own && h.answeredBefore(view) {
			v.want(view.reply.status != http.StatusNotFound, invKept, "%s was answered 201 and then not found",
				h.round.key(view.of))
		}
	}
}

// answeredBefore reports whether the order was answered before somebody looked.
func (h *history) answeredBefore(view viewing) bool {
	return slices.ContainsFunc(h.round.attempts, func(a attempt) bool {
		return a.key == h.round.key(view.of) && a.reply.status == http.StatusCreated && a.end.Before(view.begin)
	})
}

// checkCutOff: API Gateway answered in a function's place only where we killed one, or took the emulator away.
func (h *history) checkCutOff(v *verdict) {
	if len(h.round.restarts) > 0 {
		return
	}
	kills, lost := 0, 0
	for _, c := range h.calls {
		if c.killed {
			kills++
		}
	}
	for _, a := range h.replies() {
		if a.status == 0 || cutOff(a) {
			lost++
		}
	}
	v.want(lost <= kills, invAnswer, "%d requests were cut off, %d processes killed", lost, kills)
}

func (h *history) replies() []reply {
	var all []reply
	for _, a := range h.round.attempts {
		all = append(all, a.reply)
	}
	for _, c := range h.round.changes {
		all = append(all, c.reply)
	}
	for _, view := range h.round.viewings {
		all = append(all, view.reply)
	}
	for _, n := range h.round.refreshes {
		all = append(all, n.replies...)
	}
	for _, s := range h.round.statusSteps {
		all = append(all, s.replies...)
	}
	for _, w := range h.round.waits {
		all = append(all, w.replies...)
	}
	for _, g := range h.round.endings {
		all = append(all, g.replies()...)
	}
	if done := h.round.verification; done != nil {
		all = append(append(all, done.replies...), done.logIns...)
	}
	if h.round.deletion != nil {
		all = append(all, h.round.deletion.replies...)
	}
	all = append(append(all, h.visits()...), h.round.lookUps...)
	for _, l := range h.round.listReads {
		if l.failed.status != 0 {
			all = append(all, l.failed)
		}
	}
	return all
}

// tally counts what was done to which call.
func (h *history) tally() map[string]int {
	counts := map[string]int{}
	for _, c := range h.calls {
		killed := c.fault == faultproxy.KilledBefore || c.fault == faultproxy.KilledAfter
		if c.fault != "" && (c.killed || !killed) {
			counts[c.name+"|"+string(c.fault)]++
		}
	}
	counts["emulator|restarted"] = len(h.round.restarts)
	counts["any write|met a transaction"] = h.met
	return counts
}

// kills counts the processes that were killed.
func (h *history) kills() int {
	n := 0
	for _, c := range h.calls {
		if c.killed {
			n++
		}
	}
	return n
}

// trace tells what is known of a violation's order or product, for whoever looks for the cause.
func (h *history) trace(detail string) string {
	lines := h.traceWait(detail)
	for _, id := range orderID.FindAllString(detail, 1) {
		for _, a := range h.round.attempts {
			if h.orderID(a) == id {
				lines = append(lines, fmt.Sprintf("  %s–%s step %d %v: %s replayed=%v", a.begin.Format(clockFormat),
					a.end.Format(clockFormat), a.step, a.basket.Items, a.reply, a.reply.replayed))
			}
		}
		for _, c := range h.calls {
			if slices.Contains(c.orders, id) {
				lines = append(lines, fmt.Sprintf("  %s–%s %s fault=%q carried=%v lost=%v killed=%v",
					c.begin.Format(clockFormat),
					c.end.Format(clockFormat), c.name, c.fault, c.carried, c.lost, c.killed))
			}
		}
	}
	return strings.Join(lines, "\n")
}

const clockFormat = "15:04:05.000"

// answered counts the checkouts that were answered so.
func (h *history) answered(status int) int {
	n := 0
	for _, a := range h.round.attempts {
		if a.reply.status == status {
			n++
		}
	}
	return n
}
