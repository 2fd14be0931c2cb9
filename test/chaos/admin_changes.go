package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// change is one attempt of an admin's change, and the answer. The attempts of a step are the same request.
type change struct {
	step   int
	good   int
	kind   string
	reason string // unique to the step, so that its movements are found
	reply  reply
	found  bool // no answer said so, but the product's movements had the change
	keyed  bool // the adjustment has an Idempotency-Key

	price      int64 // of a save
	active     bool
	begin, end time.Time
}

// change sends an admin's change until it has a definite answer, and does what the answer says: busy is repeated; where
// the outcome is unknown the admin reads the product's movements first, unless the request has an Idempotency-Key.
func (r *round) change(ctx context.Context, i int, st step) {
	c := change{step: i, good: st.Good, kind: st.Kind, reason: r.key(i), price: r.plan.Goods[st.Good].Price,
		active: st.Kind != hide}
	q := r.changeRequest(ctx, &c, st)
	if c.keyed = st.Kind == adjust && i%2 == 0; c.keyed {
		q.Key = c.reason
	}
	for tries := 0; tries < repeatTries && ctx.Err() == nil; {
		restarts := r.awaitRestart()
		c.begin = time.Now()
		c.reply = r.env.client.send(ctx, q)
		c.end = time.Now()
		c.found = !isSave(c.kind) && !c.keyed && c.reply.unknown() && r.recorded(ctx, c)
		r.mu.Lock()
		r.changes = append(r.changes, c)
		r.mu.Unlock()
		if c.reply.definite() || c.found {
			return
		}
		if r.awaitRestart() == restarts {
			tries++
		}
		time.Sleep(retryPause)
	}
}

// changeRequest is the request of a step. A save's price goes into c.
func (r *round) changeRequest(ctx context.Context, c *change, st step) request {
	path := "/admin/products/" + r.productID(st.Good)
	q := request{Method: http.MethodPut, Path: path + "/stock", Token: r.admin.token}
	switch st.Kind {
	case adjust:
		q.Method, q.Path, q.Body = http.MethodPost, path+"/stock/adjustments", map[string]any{"delta": st.Amount,
			"reason": c.reason}
	case set:
		q.Body = map[string]any{"quantity": st.Amount, "compare_quantity": r.seen(ctx, path), "reason": c.reason}
	case reprice:
		r.mu.Lock()
		r.prices[st.Good][st.Amount] = true
		r.mu.Unlock()
		c.price = st.Amount
		q = r.saving(st.Good, c.price, c.active, nil)
	case hide, show:
		q = r.saving(st.Good, c.price, c.active, nil)
	}
	return q
}

// seen is the stock that the admin sees; 0 when the store does not answer.
func (r *round) seen(ctx context.Context, path string) int64 {
	a := r.env.client.send(ctx, request{Method: http.MethodGet, Path: path, Token: r.admin.token})
	var p struct{ Stock int64 }
	_ = json.Unmarshal(a.body, &p)
	return p.Stock
}

// recorded reports whether the product's movements have the change.
func (r *round) recorded(ctx context.Context, c change) bool {
	replies := r.sendUntilDefinite(ctx, request{
		Method: http.MethodGet, Path: "/admin/products/" + r.productID(c.good) + "/stock/movements?limit=100",
		Token: r.admin.token,
	})
	r.mu.Lock()
	r.lookUps = append(r.lookUps, replies...)
	r.mu.Unlock()
	return last(replies).status == http.StatusOK && strings.Contains(string(last(replies).body), `"`+c.reason+`"`)
}

// checkChanges: an admin's change is recorded as often as its answers say. The store says three things of a change
// without success: refused and busy, then nothing was recorded; or that the outcome is not known, then it was recorded
// once at most. An adjustment with a key is recorded once, however often it is answered.
func (h *history) checkChanges(v *verdict) {
	attempts := map[int][]change{}
	for _, c := range h.round.changes {
		v.want(allowedChange(c.reply), invAnswer, "step %d, %s: %s", c.step, c.kind, c.reply)
		attempts[c.step] = append(attempts[c.step], c)
	}
	for step, group := range attempts {
		end := group[len(group)-1]
		v.want(end.reply.definite() || end.found, invSettled, "step %d, %s, %d times: %s", step, end.kind, len(group),
			end.reply)
		if !isSave(end.kind) {
			h.checkMovements(v, group)
		}
	}
	for _, a := range h.round.lookUps {
		v.want(a.status == http.StatusOK || a.status == 0 || unavailable(a), invAnswer,
			"looking at the movements of a stock: %s", a)
	}
}

func (h *history) checkMovements(v *verdict, group []change) {
	end, recorded, accepted, unknown := group[len(group)-1], 0, 0, 0
	for _, m := range h.moves[h.round.productID(end.good)] {
		if m.reason == end.reason {
			recorded++
		}
	}
	for _, c := range group {
		switch {
		case c.reply.status == http.StatusOK:
			accepted++
		case c.reply.unknown(), c.keyed && !c.reply.definite():
			unknown++
		}
	}
	least, most := accepted, accepted+unknown
	if end.keyed {
		least, most = min(least, 1), min(most, 1)
	}
	v.want(least <= recorded && recorded <= most, invMove,
		"step %d, %s (key: %v) was answered %d times with success and %d times without an outcome, and recorded %d times",
		end.step, end.kind, end.keyed, accepted, unknown, recorded)
	v.want(recorded > 0 || !end.found, invMove, "step %d, %s was among the movements, and is not recorded", end.step,
		end.kind)
}

// unknown reports whether the answer leaves open whether a change of stock was made: there was none, API Gateway
// answered in the function's place, or the store says so.
func (a reply) unknown() bool {
	return a.status == 0 || cutOff(a) || a.status == http.StatusServiceUnavailable &&
		strings.Contains(a.detail, "not known")
}
