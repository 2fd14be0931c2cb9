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

	"shop/internal/dynamostore"
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

	mu          sync.Mutex
	attempts    []attempt
	changes     []change
	viewings    []viewing
	listReads   []listRead
	refreshes   []refreshed
	deletion    *deletion // nil in a round that nobody leaves
	visitor     *visitor  // nil in a round that nobody visits
	endings     []ending  // of sessions
	statusSteps []statusStep
	waits       []waitStep
	lookUps     []reply          // requests for the movements of a change whose outcome is unknown
	prices      []map[int64]bool // that each good had, or may have had, at some time
	restarts    []span

	members      map[string]*customer // by the kind of the step that needs one
	links        map[string]string    // tokens, by the kind of the step that follows one
	verification *verification        // nil in a round that verifies no address
	unknown      []unknownMail

	splits    atomic.Int64 // stocks that were split, or put together, to the end
	away      sync.RWMutex // held while the emulator restarts
	restarted int          // how often it did
	drains    int          // tries after which nothing was pending, or that were all
}

// span is when the emulator was away.
type span struct{ from, to time.Time }

// productID names a good of the round.
func (r *round) productID(good int) string { return fmt.Sprintf("%s.%d", r.id, good) }

// key is a checkout's Idempotency-Key.
func (r *round) key(step int) string { return fmt.Sprintf("%s-%d", r.id, step) }

// stockUp makes the round's goods. No faults are injected yet.
func (r *round) stockUp(ctx context.Context) error {
	for i, g := range r.plan.Goods {
		r.prices = append(r.prices, map[int64]bool{g.Price: true})
		a := r.env.client.send(ctx, r.saving(i, g.Price, true, &g.Stock))
		if a.status != http.StatusCreated {
			return fmt.Errorf("making a product: %s %s", a, a.body)
		}
	}
	if err := r.arrive(ctx); err != nil {
		return err
	}
	if err := r.addMembers(ctx); err != nil {
		return err
	}
	return r.plantUnknownMails(ctx)
}

func (r *round) saving(good int, price int64, active bool, stock *int64) request {
	return request{Method: http.MethodPut, Path: "/admin/products/" + r.productID(good), Token: r.admin.token,
		Body: save{
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
	r.away.Lock()
	defer r.away.Unlock()
	r.restarted++
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

// idleLimit is how long an idle step lasts at the most.
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
	case split:
		r.splitStock(ctx, st)
	case cancelOwn, pack, ship, cancelPlaced, cancelPacked:
		r.changeStatus(ctx, i, st)
	case await, withdraw:
		r.await(ctx, i, st)
	case watch:
		_, _ = r.env.invoke(ctx, "WatchStockFunction", "{}") // under faults it may fail
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
	case endByReset:
		r.endByReset(ctx)
	case endByRole:
		r.endByRole(ctx)
	case endByReuse:
		r.endByReuse(ctx)
	case verify:
		r.verify(ctx)
	case readList:
		r.readPages(ctx, st.Buyer-1) // the first one is the admin
	case idle:
		r.idle(ctx)
	}
}

// idle waits until nothing is under way: no event waits for notify, however late it is called, and no call is made any
// more. A round goes on although calls are still made.
func (r *round) idle(ctx context.Context) {
	for end := time.Now().Add(idleLimit); time.Now().Before(end) && ctx.Err() == nil; {
		waiting, err := r.env.messages(ctx, "MailQueueUrl")
		if err != nil || r.env.proxy.Quiet(ctx, quiet, time.Until(end)) == nil && waiting == 0 {
			return
		}
	}
}

// splitLimit ends a splitting of a stock in the midst, as an operator may.
const splitLimit = 5 * time.Second

// splitStock splits a stock as the operator's tool does. Where it fails, or is cut off, the stock stays as it is then.
func (r *round) splitStock(ctx context.Context, st step) {
	ctx, cancel := context.WithTimeout(ctx, splitLimit)
	defer cancel()
	splitter := &dynamostore.StockSplitter{Client: r.env.dynamo, Products: r.env.outputs["ProductsTable"]}
	_, err := splitter.Split(ctx, r.productID(st.Good), int(st.Amount))
	if err == nil {
		r.splits.Add(1)
	}
}

// expected is a total that the customer agreed to.
func expected(amount int64) *money { m := pounds(amount); return &m }

// basket makes the request's body. A total that is right is so by the prices that the round began with.
func (r *round) basket(st step) basket {
	var b basket
	var total int64
	for _, e := range st.Items {
		b.Items = append(b.Items, item{ProductID: r.productID(e.Good), Quantity: e.Quantity})
		total += e.Quantity * r.plan.Goods[e.Good].Price
	}
	switch st.Expect {
	case "right":
		b.ExpectedTotal = expected(total)
	case "wrong":
		b.ExpectedTotal = expected(total + 1)
	}
	return b
}

func (r *round) checkout(ctx context.Context, i, buyer int, key string, b basket) reply {
	a := attempt{step: i, buyer: buyer, key: key, basket: b, begin: time.Now()}
	a.reply = r.env.client.send(ctx, request{Method: http.MethodPost, Path: "/orders", Token: r.buyers[buyer].token,
		Key: key, Body: b})
	a.end = time.Now()
	if a.reply.status == http.StatusCreated {
		_ = json.Unmarshal(a.reply.body, &a.order) // an order that cannot be read has no id, which the checker sees
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.attempts = append(r.attempts, a)
	return a.reply
}

func (r *round) viewOrder(ctx context.Context, st step) {
	first := r.plan.Steps[st.Of]
	v := viewing{of: st.Of, own: st.Kind == view, begin: time.Now()}
	viewer := r.buyers[first.Buyer]
	if !v.own {
		viewer = r.buyers[(first.Buyer+1)%len(r.buyers)]
	}
	id := orderOf(r.buyers[first.Buyer].UserID, r.key(st.Of))
	v.reply = r.env.client.send(ctx, request{Method: http.MethodGet, Path: "/orders/" + id, Token: viewer.token})
	_ = json.Unmarshal(v.reply.body, &v.viewed)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.viewings = append(r.viewings, v)
}

// readOrder reads an order of its customer's. No faults are injected any more.
func (r *round) readOrder(ctx context.Context, a attempt) (order, error) {
	buyer := r.buyers[a.buyer]
	reply := r.env.client.send(ctx, request{Method: http.MethodGet, Path: "/orders/" + orderOf(buyer.UserID, a.key),
		Token: buyer.token})
	var o order
	if err := json.Unmarshal(reply.body, &o); err != nil || reply.status != http.StatusOK {
		return o, fmt.Errorf("viewing an order: %s", reply)
	}
	return o, nil
}
