package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// waitStep is a request to be told that a product is back, or that withdraws one, sent until it had a definite answer.
type waitStep struct {
	step       int
	wait       string // product#user
	withdraws  bool
	begin, end time.Time
	replies    []reply
}

// waitOf names a customer who waits for a product.
func waitOf(productID, userID string) string { return productID + "#" + userID }

// backInStock begins the ids of the mails that tell that a product is back.
const backInStock = "back-in-stock#"

// await has a customer ask to be told when a product is back, or withdraw that.
func (r *round) await(ctx context.Context, i int, st step) {
	c, product := r.buyers[st.Buyer], r.productID(st.Good)
	w := waitStep{step: i, wait: waitOf(product, c.UserID), withdraws: st.Kind == withdraw, begin: time.Now()}
	w.replies = r.sendUntilDefinite(ctx, awaiting(product, c, w.withdraws))
	w.end = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, w)
}

func awaiting(product string, c *customer, withdraws bool) request {
	q := request{Method: http.MethodPut, Path: "/products/" + product + "/back-in-stock", Token: c.token}
	if withdraws {
		q.Method = http.MethodDelete
	}
	return q
}

// returning is how many units of a product come back when the faults are over: more than anybody still takes.
const returning = 1000

// bringBack puts on sale again what customers asked for, without faults, and has them told. Its changes are numbered
// after the plan's steps.
func (r *round) bringBack(ctx context.Context) error {
	if len(r.waits) == 0 && r.deletion == nil {
		return nil
	}
	if err := r.env.proxy.Quiet(ctx, quiet, quietWithin); err != nil {
		return err
	}
	next := len(r.plan.Steps)
	for good := range r.plan.Goods {
		id := r.productID(good) + "#"
		if !slices.ContainsFunc(r.waits, func(w waitStep) bool { return strings.HasPrefix(w.wait, id) }) {
			continue
		}
		r.change(ctx, next, step{Kind: show, Good: good})
		r.change(ctx, next+1, step{Kind: adjust, Good: good, Amount: returning})
		next += 2
	}
	if r.deletion != nil {
		a := r.env.client.send(ctx, request{
			Method: http.MethodPost, Path: "/admin/products/" + r.productID(len(r.plan.Goods)) + "/stock/adjustments",
			Token: r.admin.token, Body: map[string]any{"delta": returning, "reason": r.key(next)},
		})
		if a.status != http.StatusOK {
			return fmt.Errorf("bringing the leaver's product back: %s", a)
		}
	}
	if out, err := r.env.invoke(ctx, "WatchStockFunction", "{}"); err != nil || strings.Contains(out, "errorMessage") {
		return fmt.Errorf("watching stocks failed: %s %w", out, err)
	}
	return nil
}

// readWaits reads what became of the mails that products are back.
func (h *history) readWaits(ctx context.Context) error {
	for id := range h.stockMails() {
		it, err := h.round.env.item(ctx, "MailsTable", "mail_id", id)
		if err != nil {
			return err
		}
		h.back[id] = text(it["state"])
	}
	return nil
}

// isAwaited reports whether the leaver's request to be told of a product is still there.
func (e *env) isAwaited(ctx context.Context, userID, productID string) (bool, error) {
	out, err := e.dynamo.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(e.outputs["StockAlertsTable"]), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{
			"recipient":  &types.AttributeValueMemberS{Value: userID},
			"product_id": &types.AttributeValueMemberS{Value: productID},
		},
	})
	return err == nil && len(out.Item) > 0, err
}

var (
	recipient = regexp.MustCompile(`"recipient":\{"S":"(usr_[^"]+)"\}`)
	productID = regexp.MustCompile(`"product_id":\{"S":"([^"]+)"\}`)
)

// waitIn finds in a call whose wait it is about; empty where there is none.
func waitIn(body string) string {
	who, what := recipient.FindStringSubmatch(body), productID.FindStringSubmatch(body)
	if who == nil || what == nil {
		return ""
	}
	return waitOf(what[1], who[1])
}

// stockMail is a mail that a product is back.
type stockMail struct {
	wait       string
	begin, end time.Time // the first and the last attempt to make it
}

// stockMails are those that were made, by their ids.
func (h *history) stockMails() map[string]stockMail {
	all := map[string]stockMail{}
	for _, c := range h.calls {
		if c.name != makeStockMail {
			continue
		}
		for _, id := range c.orders {
			m, again := all[id]
			if !again || c.begin.Before(m.begin) {
				m.begin = c.begin
			}
			if c.end.After(m.end) {
				m.end = c.end
			}
			m.wait = c.wait
			all[id] = m
		}
	}
	return all
}

// done reports whether the call was carried out, or may have been: the emulator went away meanwhile.
func (c call) done() bool { return c.carried || c.lost }

// ofWait returns the calls of one name about a wait that were carried out, or may have been.
func (h *history) ofWait(name, wait string) []call {
	var found []call
	for _, c := range h.calls {
		if c.name == name && c.wait == wait && c.done() {
			found = append(found, c)
		}
	}
	return found
}

// checkWaits: who asked to be told that a product is back is told once for each time that it comes back, at least once
// in the end, and not after withdrawing or leaving.
func (h *history) checkWaits(v *verdict) {
	made, told := h.stockMails(), map[string][]call{} // by wait
	for _, c := range h.calls {
		if c.name != "SendEmail" || !c.carried {
			continue
		}
		for _, id := range c.orders {
			if strings.HasPrefix(id, backInStock) {
				told[made[id].wait] = append(told[made[id].wait], c)
			}
		}
	}
	for wait, sent := range told {
		slices.SortFunc(sent, func(a, b call) int { return a.begin.Compare(b.begin) })
		h.checkTold(v, wait, sent, made)
	}
	for _, w := range h.round.waits {
		h.checkWaitStep(v, w, told[w.wait])
	}
	h.checkLeaver(v, told)
	for _, c := range h.calls {
		if c.name == askWait && c.carried {
			h.checkKept(v, c, made)
		}
	}
}

// checkTold: between two mails the customer asked anew, or lies a fault; each went to a customer who had asked.
func (h *history) checkTold(v *verdict, wait string, sent []call, made map[string]stockMail) {
	asked := h.ofWait(askWait, wait)
	for i, c := range sent {
		id := c.orders[0]
		v.want(slices.ContainsFunc(asked, func(a call) bool { return a.begin.Before(made[id].end) }), invTold,
			"%s: mailed, and never asked for it", wait)
		v.want(c.to == h.addressOf(wait), invOwner, "%s: the mail that it is back went to someone else", wait)
		if i == 0 || h.excused(sent[i-1], c, h.marksOf(sent[i-1].orders[0])) {
			continue
		}
		seen := h.lastRead(wait, sent[i-1].begin)
		v.want(id != sent[i-1].orders[0] && slices.ContainsFunc(asked, func(a call) bool {
			return a.begin.Before(made[id].end) && a.end.After(seen)
		}), invTold, "%s: mail %d of %d, asked for once", wait, i+1, len(sent))
	}
}

func (h *history) addressOf(wait string) string {
	people := h.round.buyers
	if h.round.deletion != nil {
		people = append(slices.Clone(people), h.round.deletion.customer)
	}
	for _, c := range people {
		if strings.HasSuffix(wait, "#"+c.UserID) {
			return c.Email
		}
	}
	return ""
}

func (h *history) marksOf(mailID string) []call {
	_, marks, _ := h.mailCalls(mailID)
	return marks
}

// lastRead is when a wait was last looked up before a mail of it was sent. Whoever sends a mail looks it up first.
func (h *history) lastRead(wait string, sent time.Time) time.Time {
	var last time.Time
	for _, c := range h.ofWait(readWait, wait) {
		if c.begin.Before(sent) && c.begin.After(last) {
			last = c.begin
		}
	}
	return last
}

// checkWaitStep: the answers are the contract's, and after a withdrawal that was answered nobody is told, unless the
// customer asked anew or the mail was being sent by then.
func (h *history) checkWaitStep(v *verdict, w waitStep, told []call) {
	for _, a := range w.replies {
		v.want(allowedWait(a, w.withdraws), invAnswer, "step %d, waiting for a product: %s", w.step, a)
	}
	end := last(w.replies)
	v.want(end.definite(), invSettled, "step %d, waiting for a product, %d times: %s", w.step, len(w.replies), end)
	if !w.withdraws && end.status == http.StatusOK {
		asked := h.ofWait(askWait, w.wait)
		v.want(slices.ContainsFunc(asked, func(c call) bool { return c.begin.After(w.begin) && c.begin.Before(w.end) }),
			invWaits, "%s: step %d was answered 200, and nothing was stored", w.wait, w.step)
	}
	if w.withdraws && end.status == http.StatusNoContent {
		h.wantSilence(v, w.wait, told, w.begin, w.end)
	}
}

func allowedWait(a reply, withdraws bool) bool {
	switch {
	case a.status == 0, unavailable(a):
		return true
	case withdraws:
		return a.status == http.StatusNoContent
	}
	return a.status == http.StatusOK || a.code == "in_stock" || a.code == "product_not_found"
}

// wantSilence wants no mail after what was answered at end, unless the customer asked since begin or the request was
// looked up before end to be mailed.
func (h *history) wantSilence(v *verdict, wait string, told []call, begin, end time.Time) {
	for _, c := range told {
		seen := h.lastRead(wait, c.begin)
		again := slices.ContainsFunc(h.ofWait(askWait, wait), func(a call) bool {
			return a.end.After(begin) && a.begin.Before(c.begin)
		})
		v.want(c.begin.Before(end) || again || !seen.IsZero() && seen.Before(end), invSilence,
			"%s: mailed after the withdrawal, or after the account was deleted", wait)
	}
}

// checkLeaver: whose account was deleted is not told any more.
func (h *history) checkLeaver(v *verdict, told map[string][]call) {
	l := h.round.deletion
	if l == nil || last(l.replies).status != http.StatusNoContent {
		return
	}
	for wait, sent := range told {
		if strings.HasSuffix(wait, "#"+l.UserID) {
			h.wantSilence(v, wait, sent, l.end, l.end)
		}
	}
}

// checkKept: what was asked for ends with a mail, or a withdrawal. A mail may have failed after three calls without an
// answer.
func (h *history) checkKept(v *verdict, asked call, made map[string]stockMail) {
	for _, c := range h.ofWait(withdrawWait, asked.wait) {
		if c.end.After(asked.begin) {
			return
		}
	}
	kept := false
	for id, m := range made {
		if m.wait != asked.wait || m.end.Before(asked.begin) {
			continue
		}
		sent, _, unanswered := h.mailCalls(id)
		kept = kept || len(sent) > 0 && h.back[id] == "sent" || unanswered >= maxUnanswered && h.back[id] == "failed"
	}
	v.want(kept, invWaits, "%s: asked at %s, and never told", asked.wait, asked.begin.Format(clockFormat))
}

// traceWait tells what is known of the wait that a violation names.
func (h *history) traceWait(detail string) []string {
	wait, _, found := strings.Cut(detail, ":")
	if !found || !strings.Contains(wait, "#usr_") {
		return nil
	}
	var lines []string
	made := h.stockMails()
	about := func(c call) bool {
		return c.wait == wait || len(c.orders) > 0 && made[c.orders[0]].wait == wait
	}
	for _, w := range h.round.waits {
		if w.wait == wait {
			lines = append(lines, fmt.Sprintf("  %s–%s step %d, withdraws=%v: %v", w.begin.Format(clockFormat),
				w.end.Format(clockFormat), w.step, w.withdraws, w.replies))
		}
	}
	for _, c := range h.calls {
		if about(c) {
			lines = append(lines, fmt.Sprintf("  %s–%s %s %v fault=%q carried=%v lost=%v killed=%v",
				c.begin.Format(clockFormat), c.end.Format(clockFormat), c.name, c.orders, c.fault, c.carried, c.lost,
				c.killed))
		}
	}
	slices.Sort(lines)
	return lines
}

// countWaits counts who asked, withdrew and was told.
func (h *history) countWaits(n map[string]int) {
	for _, w := range h.round.waits {
		end := last(w.replies).status
		switch {
		case w.withdraws && end == http.StatusNoContent:
			n[sawWithdrawn]++
		case end == http.StatusOK:
			n[sawAsked]++
		}
		n[sawRepeats+"a request to be told of a product"] += max(0, len(w.replies)-1)
	}
	for id := range h.stockMails() {
		if h.back[id] == "sent" {
			n[sawTold]++
		}
	}
	for _, c := range h.calls {
		if c.name == waitAgain && c.carried {
			n[sawWaitAgain]++
		}
	}
}
