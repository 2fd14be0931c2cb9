package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/product"
)

// fakeShop sells as the contract says: a key once accepted is answered with its order, and stock falls
// by what is sold. Its faults are what the checks must find.
type fakeShop struct {
	mu        sync.Mutex
	stock     map[string]int64
	customers map[string]bool
	orders    map[string][]order.Item // by order id
	mails     map[string]int
	polls     map[string]int

	lag       int                                   // mails are pending that many times
	oversell  bool                                  // stock does not fall
	listLags  bool                                  // lists show the stock of the beginning
	checkout  func(key string) error                // is asked before a checkout, when not nil
	alter     func(items []order.Item) []order.Item // what the order holds in place of what was asked
	id        func(customer, key string) string     // of an order
	status    func(key string) (order.EmailStatus, bool)
	listed    map[string]int64
	repeats   int
	mailWait  time.Duration // for which its mails are waited; 0: as long as they need
	now       time.Time     // the store's clock: a minute on at each look
	placedAt  map[string]time.Time
	customerE error
	clockE    error
}

func newFakeShop(stock map[string]int64) *fakeShop {
	return &fakeShop{stock: stock, listed: maps.Clone(stock), customers: map[string]bool{},
		orders: map[string][]order.Item{}, placedAt: map[string]time.Time{},
		mails: map[string]int{}, polls: map[string]int{},
		id: func(customer, key string) string { return "ord_" + customer + "_" + key }}
}

func (f *fakeShop) Customer(_ context.Context, id string) (Customer, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	returning := f.customers[id]
	f.customers[id] = true
	return fakeCustomer{f, id}, returning, f.customerE
}

func (f *fakeShop) Clock(context.Context) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Truncate(time.Second).Add(time.Minute)
	return f.now, f.clockE
}

func (f *fakeShop) Products(context.Context) ([]product.Product, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	shown := f.stock
	if f.listLags {
		shown = f.listed
	}
	var all []product.Product
	for id, n := range shown {
		all = append(all, product.Product{ID: id, Stock: n})
	}
	return all, nil
}

func (f *fakeShop) Product(_ context.Context, id string) (product.Product, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return product.Product{ID: id, Stock: f.stock[id]}, nil
}

func (f *fakeShop) Count(context.Context) (map[string]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.mails), nil
}

type fakeCustomer struct {
	*fakeShop
	name string
}

func (c fakeCustomer) Checkout(_ context.Context, key string, items []order.Item) (Receipt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.checkout != nil {
		if err := c.checkout(key); err != nil {
			return Receipt{Repeats: c.repeats}, err
		}
	}
	id := c.id(c.name, key)
	if placed, exists := c.orders[id]; exists {
		return Receipt{OrderID: id, Items: placed, PlacedAt: c.placedAt[id], Replayed: true, Repeats: c.repeats}, nil
	}
	for id, n := range units(items) {
		if c.stock[id] < n {
			return Receipt{}, &Refusal{Reason: "out_of_stock"}
		}
	}
	return Receipt{OrderID: id, Items: c.sell(id, items), Repeats: c.repeats}, nil
}

func (f *fakeShop) sell(id string, items []order.Item) []order.Item {
	for id, n := range units(items) {
		if !f.oversell {
			f.stock[id] -= n
		}
	}
	if f.alter != nil {
		items = f.alter(items)
	}
	f.orders[id], f.placedAt[id] = items, f.now.Add(time.Millisecond)
	f.mails[id]++
	return items
}

func (c fakeCustomer) EmailStatus(_ context.Context, id string) (order.EmailStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.polls[id]++
	if c.status != nil {
		if status, set := c.status(id); set {
			return status, nil
		}
	}
	if c.polls[id] <= c.lag {
		return order.EmailPending, nil
	}
	return order.EmailSent, nil
}

// day is a file of three invoices of two customers, of 6 lamps and 4 mugs.
var day = []Invoice{
	{"1", "ada", []order.Item{
		{ProductID: "lamp", Quantity: 2}, {ProductID: "mug", Quantity: 4}, {ProductID: "lamp", Quantity: 1},
	}},
	{"2", "bob", []order.Item{{ProductID: "lamp", Quantity: 1}}},
	{"3", "ada", []order.Item{{ProductID: "lamp", Quantity: 2}}},
}

func plenty() map[string]int64 { return map[string]int64{"lamp": 10, "mug": 10, "pen": 10} }

func replayDay(t *testing.T, f *fakeShop) (Report, error) {
	t.Helper()
	run := &Run{Shop: f, Mailbox: f, Concurrency: 2, MailWait: cmp.Or(f.mailWait, time.Minute), Now: time.Now}
	return run.Replay(context.Background(), day)
}

// wantFailed wants exactly the named check to fail, or none for an empty name.
func wantFailed(t *testing.T, r Report, names ...string) {
	t.Helper()
	var failed []string
	for _, c := range r.Checks {
		if !c.Holds {
			failed = append(failed, c.Name)
		}
	}
	if got, want := strings.Join(failed, ", "), strings.Join(names, ", "); got != want {
		t.Errorf("failed %q, want %q; checks %+v", got, want, r.Checks)
	}
	if len(r.Checks) != 6 || r.Failed() != (len(names) > 0) {
		t.Errorf("%d checks, failed %t", len(r.Checks), r.Failed())
	}
}

func counts(r Report) string {
	return fmt.Sprintf("%d accepted, %d earlier, %d replayed, %d repeats, %d unanswered, refused %v, %d units",
		r.Accepted, r.Earlier, r.Replayed, r.Repeats, r.Unanswered, r.Refused, r.Units)
}

func wantCounts(t *testing.T, r Report, want string) {
	t.Helper()
	if got := counts(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

const (
	anyAccepted = "a checkout was accepted"
	allAnswered = "every checkout was answered"
	ordersMatch = "every order is one invoice, line by line"
	stockFell   = "stock fell by exactly the units accepted"
	mailsSent   = "every order says that its mail was sent"
	oneMail     = "the mailbox holds exactly one mail an order"
)

func TestReplay(t *testing.T) {
	f := newFakeShop(plenty())
	f.lag = 2
	r, err := replayDay(t, f)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, r, "3 accepted, 0 earlier, 0 replayed, 0 repeats, 0 unanswered, refused map[], 10 units")
	wantFailed(t, r)
	if r.Customers != 2 || r.NewCustomers != 2 || r.Invoices != 3 {
		t.Errorf("%d customers, %d new, %d invoices; want 2, 2, 3", r.Customers, r.NewCustomers, r.Invoices)
	}
	if r.Duration <= 0 || r.Rate <= 0 || r.P50 <= 0 || r.P50 > r.P95 || r.P95 > r.P99 || r.P99 > r.Max ||
		r.Max > r.Duration {
		t.Errorf("times %v %v %v %v %v %v are not in order", r.Duration, r.Rate, r.P50, r.P95, r.P99, r.Max)
	}
}

// TestReplayTwice sells nothing the second time.
func TestReplayTwice(t *testing.T) {
	f := newFakeShop(plenty())
	if _, err := replayDay(t, f); err != nil {
		t.Fatal(err)
	}
	r, err := replayDay(t, f)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, r, "0 accepted, 3 earlier, 3 replayed, 0 repeats, 0 unanswered, refused map[], 0 units")
	wantFailed(t, r)
	if r.NewCustomers != 0 || f.stock["lamp"] != 4 {
		t.Errorf("%d new customers, %d lamps; want 0 and 4", r.NewCustomers, f.stock["lamp"])
	}
}

// TestReplayLostAnswer: an order whose first answer was lost comes as a replay, and is this run's own.
func TestReplayLostAnswer(t *testing.T) {
	f := newFakeShop(plenty())
	f.repeats = 1
	f.checkout = func(key string) error {
		if id := "ord_bob_2"; key == "2" && f.orders[id] == nil {
			f.sell(id, day[1].Items)
		}
		return nil
	}
	r, err := replayDay(t, f)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, r, "3 accepted, 0 earlier, 1 replayed, 3 repeats, 0 unanswered, refused map[], 10 units")
	wantFailed(t, r)
}

// TestReplayRepeatOfEarlier: an order of an earlier run stays that run's, also when the answer to the first
// request of this one was lost.
func TestReplayRepeatOfEarlier(t *testing.T) {
	f := newFakeShop(plenty())
	if _, err := replayDay(t, f); err != nil {
		t.Fatal(err)
	}
	f.repeats = 1
	r, err := replayDay(t, f)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, r, "0 accepted, 3 earlier, 3 replayed, 3 repeats, 0 unanswered, refused map[], 0 units")
	wantFailed(t, r)
}

func TestReplayRefusals(t *testing.T) {
	f := newFakeShop(map[string]int64{"lamp": 3, "mug": 0})
	f.checkout = func(key string) error {
		if key == "2" {
			return fmt.Errorf("placing: %w", &Refusal{Reason: "product_not_found"})
		}
		return nil
	}
	r, err := replayDay(t, f)
	if err != nil {
		t.Fatal(err)
	}
	wantCounts(t, r,
		"1 accepted, 0 earlier, 0 replayed, 0 repeats, 0 unanswered, refused map[out_of_stock:1 product_not_found:1], 2 units")
	wantFailed(t, r)
}

func TestReplayFindsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*fakeShop)
		want  []string
	}{
		"stock that does not fall": {func(f *fakeShop) { f.oversell = true }, []string{stockFell}},
		"stock that falls too far": {func(f *fakeShop) {
			f.checkout = func(string) error { f.stock["lamp"]--; return nil }
		}, []string{stockFell}},
		"goods that were not listed": {func(f *fakeShop) {
			f.listLags = true
			delete(f.listed, "mug")
		}, []string{stockFell}},
		"a list that lags is no fault": {func(f *fakeShop) { f.listLags = true }, nil},
		"an order of something else": {func(f *fakeShop) {
			f.alter = func(items []order.Item) []order.Item { return items[:1] }
		}, []string{ordersMatch}},
		"two invoices in one order": {func(f *fakeShop) {
			f.id = func(string, string) string { return "ord_1" }
		}, []string{ordersMatch}},
		"everything refused": {func(f *fakeShop) {
			f.checkout = func(string) error { return &Refusal{Reason: "forbidden"} }
		}, []string{anyAccepted}},
		"no answer": {func(f *fakeShop) {
			f.checkout = func(key string) error {
				if key == "3" {
					return errors.New("connection reset")
				}
				return nil
			}
		}, []string{allAnswered}},
		"an order without an answer": {func(f *fakeShop) {
			f.checkout = func(key string) error {
				if key == "2" {
					f.sell("ord_bob_2", day[1].Items)
					return errors.New("connection reset")
				}
				return nil
			}
		}, []string{allAnswered, stockFell}},
		"a mail that failed": {func(f *fakeShop) {
			f.status = func(id string) (order.EmailStatus, bool) { return order.EmailFailed, id == "ord_bob_2" }
		}, []string{mailsSent}},
		"a mail that never goes": {func(f *fakeShop) {
			f.mailWait = time.Second
			f.status = func(id string) (order.EmailStatus, bool) { return order.EmailPending, id == "ord_bob_2" }
		}, []string{mailsSent}},
		"a mail missing": {func(f *fakeShop) {
			f.status = func(id string) (order.EmailStatus, bool) { delete(f.mails, "ord_bob_2"); return "", false }
		}, []string{oneMail}},
		"a mail twice": {func(f *fakeShop) {
			f.status = func(id string) (order.EmailStatus, bool) { f.mails["ord_bob_2"] = 2; return "", false }
		}, []string{oneMail}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFakeShop(plenty())
			c.fault(f)
			r, err := replayDay(t, f)
			if err != nil {
				t.Fatal(err)
			}
			wantFailed(t, r, c.want...)
		})
	}
}

func TestReplayWithoutMailbox(t *testing.T) {
	run := &Run{Shop: newFakeShop(plenty()), Concurrency: 1, MailWait: time.Minute, Now: time.Now}
	r, err := run.Replay(context.Background(), day)
	if err != nil || len(r.Checks) != 5 || r.Failed() {
		t.Errorf("%+v, %v, want five checks that hold", r.Checks, err)
	}
}

func TestReplayFails(t *testing.T) {
	f := newFakeShop(plenty())
	f.customerE = errors.New("no more customers")
	r, err := replayDay(t, f)
	if !errors.Is(err, f.customerE) || !r.Failed() || r.Accepted != 0 {
		t.Errorf("got %+v, %v, want the error and a failed report", r, err)
	}
}

func TestReplayWithoutClock(t *testing.T) {
	f := newFakeShop(plenty())
	f.clockE = errors.New("no date")
	if r, err := replayDay(t, f); !errors.Is(err, f.clockE) || len(f.orders) > 0 || !r.Failed() {
		t.Errorf("got %v and %d orders, want the error and none", err, len(f.orders))
	}
}

// TestReplayInterrupted reports what was done until then, and makes no checks.
func TestReplayInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := newFakeShop(plenty())
	f.checkout = func(string) error {
		cancel()
		return nil
	}
	run := &Run{Shop: f, Mailbox: f, Concurrency: 1, Now: time.Now}
	r, err := run.Replay(ctx, day)
	if !errors.Is(err, context.Canceled) || r.Accepted != 1 || len(r.Checks) != 0 || !r.Failed() {
		t.Errorf("got %s, %d checks, %v; want 1 accepted, no checks, context.Canceled", counts(r), len(r.Checks), err)
	}
}

func TestReplayProgress(t *testing.T) {
	f := newFakeShop(plenty())
	told := map[string]string{}
	run := &Run{Shop: f, Concurrency: 2, MailWait: time.Minute, Now: time.Now,
		Progress: func(phase string, done, total int) { told[phase] += fmt.Sprintf("%d/%d ", done, total) }}
	if _, err := run.Replay(context.Background(), day); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{SigningUp: "1/2 2/2 ", CheckingOut: "1/3 2/3 3/3 ", Mailing: "1/3 2/3 3/3 "}
	if !maps.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
}
