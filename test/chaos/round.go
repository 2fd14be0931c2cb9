package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// attempt is one checkout that was sent, and its answer.
type attempt struct {
	step       int
	buyer      int
	key        string
	basket     basket
	begin, end time.Time
	reply      reply
	order      order // of a 201
}

// change is what an admin tried, and the answer.
type change struct {
	step   int
	good   int
	kind   string
	reason string // unique, so that its movement is found
	reply  reply

	price      int64 // of a save
	active     bool
	begin, end time.Time
}

// viewing is a request for an order, and the answer.
type viewing struct {
	of     int // the step that placed it
	own    bool
	begin  time.Time
	reply  reply
	viewed order
}

// round is a plan being carried out.
type round struct {
	env    *env
	id     string // unique, in the names of its goods and keys
	plan   plan
	buyers []*customer
	admin  *customer
	begin  time.Time
	end    time.Time // when all was settled

	mu        sync.Mutex
	attempts  []attempt
	changes   []change
	viewings  []viewing
	listReads []listRead
	refreshes []refreshed
	deletion  *deletion        // nil in a round that nobody leaves
	visitor   *visitor         // nil in a round that nobody visits
	prices    []map[int64]bool // that each good had, or may have had, at some time
	restarts  []span
}

// span is when the emulator was away.
type span struct{ from, to time.Time }

// productID names a good of the round.
func (r *round) productID(good int) string { return fmt.Sprintf("%s.%d", r.id, good) }

// key is a checkout's Idempotency-Key.
func (r *round) key(step int) string { return fmt.Sprintf("%s-%d", r.id, step) }

// stockUp makes the round's goods. Nothing goes wrong yet.
func (r *round) stockUp(ctx context.Context) error {
	for i, g := range r.plan.Goods {
		r.prices = append(r.prices, map[int64]bool{g.Price: true})
		a := r.env.client.send(ctx, r.saving(i, g.Price, true, &g.Stock))
		if a.status != http.StatusCreated {
			return fmt.Errorf("making a product: %s %s", a, a.body)
		}
	}
	return r.arrive(ctx)
}

func (r *round) saving(good int, price int64, active bool, stock *int64) request {
	return request{method: http.MethodPut, path: "/admin/products/" + r.productID(good), token: r.admin.token, body: save{
		Name: "Chaos " + r.productID(good), Price: pounds(price), Active: active, Stock: stock,
	}}
}

// run carries the steps out, several at once, in their order, while the proxy does what is planned.
func (r *round) run(ctx context.Context) error {
	r.env.proxy.Plan(r.plan.Seed, r.plan.Rules...)
	defer r.env.proxy.Plan(0)
	r.env.overlap.Hold(r.plan.Hold)
	defer r.env.overlap.Hold(0)
	var next atomic.Int64
	var workers sync.WaitGroup
	restarted := make(chan error, 1)
	if r.plan.Restart == 0 {
		restarted <- nil
	}
	for range r.plan.Workers {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(r.plan.Steps) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if i == r.plan.Restart && i > 0 {
					restarted <- r.restart(ctx)
				}
				r.step(ctx, i)
			}
		})
	}
	workers.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return <-restarted
}

// restart ends the emulator, and starts it again with what it saved.
func (r *round) restart(ctx context.Context) error {
	from := time.Now()
	if err := errors.Join(r.env.down(), r.env.keepLog()); err != nil {
		return err
	}
	err := r.env.up(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restarts = append(r.restarts, span{from, time.Now()})
	return err
}

// idleLimit is how long a round lingers at the most.
const idleLimit = 20 * time.Second

func (r *round) step(ctx context.Context, i int) {
	st := r.plan.Steps[i]
	switch st.Kind {
	case buy:
		r.checkout(ctx, i, st.Buyer, r.key(i), r.basket(st))
	case again:
		first := r.plan.Steps[st.Of]
		r.checkout(ctx, i, first.Buyer, r.key(st.Of), r.basket(first))
	case other:
		b := r.basket(r.plan.Steps[st.Of])
		b.Items[0].Quantity++
		r.checkout(ctx, i, r.plan.Steps[st.Of].Buyer, r.key(st.Of), b)
	case adjust, set, reprice, hide, show:
		r.change(ctx, i, st)
	case view, viewAsOther:
		r.viewOrder(ctx, st)
	case relay:
		r.relay(ctx)
	case refresh:
		r.refresh(ctx, i, st.Buyer)
	case deleteAccount:
		r.deleteAccount(ctx)
	case visit:
		r.visit(ctx)
	case readList:
		r.readPages(ctx, st.Buyer-1) // the first one is the admin
	case idle:
		_ = r.env.proxy.Quiet(ctx, quiet, idleLimit) // that it is not quiet by then is no matter
	}
}

// basket makes the request's body. A total that is right is so by the prices that the round began with.
func (r *round) basket(st step) basket {
	var b basket
	var total int64
	for _, e := range st.Items {
		b.Items = append(b.Items, item{r.productID(e.Good), e.Quantity})
		total += e.Quantity * r.plan.Goods[e.Good].Price
	}
	switch st.Expect {
	case "right":
		b.ExpectedTotal = &money{total, "GBP"}
	case "wrong":
		b.ExpectedTotal = &money{total + 1, "GBP"}
	}
	return b
}

func (r *round) checkout(ctx context.Context, i, buyer int, key string, b basket) reply {
	a := attempt{step: i, buyer: buyer, key: key, basket: b, begin: time.Now()}
	a.reply = r.env.client.send(ctx, request{method: http.MethodPost, path: "/orders", token: r.buyers[buyer].token, key: key, body: b})
	a.end = time.Now()
	if a.reply.status == http.StatusCreated {
		_ = json.Unmarshal(a.reply.body, &a.order) // an order that cannot be read has no id, which the checker sees
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts = append(r.attempts, a)
	return a.reply
}

func (r *round) change(ctx context.Context, i int, st step) {
	c := change{step: i, good: st.Good, kind: st.Kind, reason: r.key(i), price: r.plan.Goods[st.Good].Price, active: st.Kind != hide}
	path := "/admin/products/" + r.productID(st.Good)
	q := request{method: http.MethodPut, path: path + "/stock", token: r.admin.token}
	switch st.Kind {
	case adjust:
		q.method, q.path, q.body = http.MethodPost, path+"/stock/adjustments", map[string]any{"delta": st.Amount, "reason": c.reason}
	case set:
		q.body = map[string]any{"quantity": st.Amount, "compare_quantity": r.seen(ctx, path), "reason": c.reason}
	case reprice:
		r.mu.Lock()
		r.prices[st.Good][st.Amount] = true
		r.mu.Unlock()
		c.price = st.Amount
		q = r.saving(st.Good, c.price, c.active, nil)
	case hide, show:
		q = r.saving(st.Good, c.price, c.active, nil)
	}
	c.begin = time.Now()
	c.reply = r.env.client.send(ctx, q)
	c.end = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
}

// seen is the stock that the admin sees; 0 when the store does not answer.
func (r *round) seen(ctx context.Context, path string) int64 {
	a := r.env.client.send(ctx, request{method: http.MethodGet, path: path, token: r.admin.token})
	var p struct{ Stock int64 }
	_ = json.Unmarshal(a.body, &p)
	return p.Stock
}

// relay makes what is pending due and runs the relay, in the midst of what goes wrong: that it fails is no matter.
func (r *round) relay(ctx context.Context) {
	pending, err := r.env.pendingMails(ctx)
	if err != nil {
		return // the emulator is away
	}
	for _, id := range pending {
		_ = r.env.makeDue(ctx, id)
	}
	_, _ = r.env.invoke(ctx, "RelayMailFunction", "{}")
}

func (r *round) viewOrder(ctx context.Context, st step) {
	first := r.plan.Steps[st.Of]
	v := viewing{of: st.Of, own: st.Kind == view, begin: time.Now()}
	viewer := r.buyers[first.Buyer]
	if !v.own {
		viewer = r.buyers[(first.Buyer+1)%len(r.buyers)]
	}
	id := orderOf(r.buyers[first.Buyer].UserID, r.key(st.Of))
	v.reply = r.env.client.send(ctx, request{method: http.MethodGet, path: "/orders/" + id, token: viewer.token})
	_ = json.Unmarshal(v.reply.body, &v.viewed)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.viewings = append(r.viewings, v)
}

// readOrder reads an order of its customer's when nothing goes wrong.
func (r *round) readOrder(ctx context.Context, a attempt) (order, error) {
	buyer := r.buyers[a.buyer]
	reply := r.env.client.send(ctx, request{method: http.MethodGet, path: "/orders/" + orderOf(buyer.UserID, a.key), token: buyer.token})
	var o order
	if err := json.Unmarshal(reply.body, &o); err != nil || reply.status != http.StatusOK {
		return o, fmt.Errorf("viewing an order: %s", reply)
	}
	return o, nil
}
