package product

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// alerts is a StockAlerts in memory, without conditions: those are the store's.
type alerts struct {
	sync.Mutex
	warehouse
	waiting map[string][]string // by product
	told    map[string]Told
	mailed  []string
	picked  int
	onRead  func()
}

func (a *alerts) Read(_ context.Context, id string) (Product, error) {
	if a.onRead != nil {
		a.onRead()
	}
	return a.products[id], nil
}

func (a *alerts) Pick(_ context.Context, ids []string) ([]Product, error) {
	var picked []Product
	for _, id := range ids {
		a.picked++
		picked = append(picked, a.products[id])
	}
	return picked, nil
}

func (a *alerts) Awaited(context.Context) (ids []string, _ error) {
	for id := range a.waiting {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func (a *alerts) Waiting(_ context.Context, id, after string, limit int) ([]string, error) {
	users := a.waiting[id]
	for len(users) > 0 && users[0] <= after {
		users = users[1:]
	}
	return users[:min(limit, len(users))], nil
}

func (a *alerts) MailCustomer(_ context.Context, userID, id string, _ time.Time) (bool, error) {
	a.Lock()
	defer a.Unlock()
	a.mailed = append(a.mailed, id+" "+userID)
	return true, nil
}

func (a *alerts) Low(context.Context) (ids []string, _ error) {
	for id, p := range a.products {
		if p.IsLow() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (a *alerts) Told(context.Context) (map[string]Told, error) { return a.told, nil }

func (a *alerts) Note(_ context.Context, id string, _, is StockStatus, fell bool, now time.Time) (bool, error) {
	of := Told{Status: is, Mailed: maps.Clone(a.told[id].Mailed)}
	if of.Mailed == nil {
		of.Mailed = map[StockStatus]time.Time{}
	}
	a.told[id] = of
	if fell {
		of.Mailed[is] = now
		a.mailed = append(a.mailed, id)
	}
	return true, nil
}

func newAlerts(products, customers int, stock int64) *alerts {
	a := &alerts{warehouse: *newWarehouse(), waiting: map[string][]string{}, told: map[string]Told{}}
	for i := range products {
		id := fmt.Sprintf("p%04d", i)
		a.products[id] = Product{ID: id, Active: true, Stock: stock, LowStockThreshold: DefaultLowStockThreshold}
		for j := range customers {
			a.waiting[id] = append(a.waiting[id], fmt.Sprintf("usr_%04d", j))
		}
	}
	return a
}

func watch(a *alerts, most int, now func() time.Time) *Watch {
	return &Watch{Alerts: a, TellsShop: true, Most: most, Now: now}
}

// TestWatchSharesItsMails: a run makes no more than it may, and a product that many wait for leaves some to the next.
func TestWatchSharesItsMails(t *testing.T) {
	a := newAlerts(3, 500, 100)
	made, err := watch(a, 90, func() time.Time { return opened }).Run(t.Context(), opened.Add(time.Minute))
	of := map[string]int{}
	for _, mail := range a.mailed {
		of[mail[:5]]++
	}
	if err != nil || made.Customers != 90 || of["p0000"] != 30 || of["p0001"] != 30 || of["p0002"] != 30 {
		t.Errorf("made %+v, %v, error %v, want 30 for each product", made, of, err)
	}
}

// TestWatchBoundsWhatTheShopIsTold: at most so many mails a run, and the next tells the rest.
func TestWatchBoundsWhatTheShopIsTold(t *testing.T) {
	a := newAlerts(50, 0, 1)
	w := watch(a, 20, func() time.Time { return opened })
	for _, want := range []int{20, 20, 10, 0} {
		if made, err := w.Run(t.Context(), opened.Add(time.Minute)); err != nil || made.Shop != want {
			t.Errorf("made %d, error %v, want %d", made.Shop, err, want)
		}
	}
	if slices.Sort(a.mailed); len(slices.Compact(a.mailed)) != 50 {
		t.Errorf("%d products were told, want 50", len(a.mailed))
	}
}

// TestWatchTakesTurns: where more are low than a run looks at, the minutes' runs look at all of them.
func TestWatchTakesTurns(t *testing.T) {
	a := newAlerts(2*watchedAtOnce+1, 0, 1)
	now := opened
	for minute := range 3 {
		a.picked = 0
		w := watch(a, 10_000, func() time.Time { return now })
		if _, err := w.Run(t.Context(), now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if a.picked > watchedAtOnce {
			t.Errorf("minute %d looks at %d products, want %d at most", minute, a.picked, watchedAtOnce)
		}
		now = now.Add(time.Minute)
	}
	if len(a.told) != 2*watchedAtOnce+1 {
		t.Errorf("%d products were told, want %d", len(a.told), 2*watchedAtOnce+1)
	}
}

// TestWatchLooksAgain: the units go while the mails are made; from the next page on nobody is mailed.
func TestWatchLooksAgain(t *testing.T) {
	a := newAlerts(1, 3*waitingPage, 1)
	reads := 0
	a.onRead = func() {
		if reads++; reads == 2 {
			a.products["p0000"] = Product{ID: "p0000", Active: true}
		}
	}
	w := watch(a, 1000, func() time.Time { return opened })
	w.TellsShop = false
	if made, err := w.Run(t.Context(), opened.Add(time.Minute)); err != nil || made.Customers != waitingPage {
		t.Errorf("made %d mails, error %v, want %d", made.Customers, err, waitingPage)
	}
}

// TestWatchEndsInTime: nothing is begun when the time is up, and nobody is told of what is not for sale.
func TestWatchEndsInTime(t *testing.T) {
	a := newAlerts(2, 30, 1)
	if made, err := watch(a, 1000, func() time.Time { return opened }).Run(
		t.Context(), opened,
	); err != nil || made != (Watched{}) {
		t.Errorf("made %+v, error %v, want nothing", made, err)
	}
	for id, p := range a.products {
		p.Active = false
		a.products[id] = p
	}
	if made, err := watch(a, 1000, func() time.Time { return opened }).Run(
		t.Context(), opened.Add(time.Minute),
	); err != nil || made != (Watched{}) {
		t.Errorf("of inactive products made %+v, error %v, want nothing", made, err)
	}
}

// TestWatchIsNotFlooded: a customer orders all units and cancels, minute by minute for three hours. The shop is told of
// it once an hour, and in the end of what is so.
func TestWatchIsNotFlooded(t *testing.T) {
	a := newAlerts(1, 0, 100)
	now := opened
	w := watch(a, 1000, func() time.Time { return now })
	stocked, soldOut := a.products["p0000"], a.products["p0000"]
	soldOut.Stock = 0
	for minute := range 180 {
		a.products["p0000"] = []Product{stocked, soldOut}[minute%2]
		if _, err := w.Run(t.Context(), now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	if len(a.mailed) != 3 {
		t.Errorf("the shop was mailed %d times, want 3", len(a.mailed))
	}
	for range 60 {
		if _, err := w.Run(t.Context(), now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	if got := a.told["p0000"].Status; got != OutOfStock {
		t.Errorf("in the end the shop was told %s", got)
	}
}
