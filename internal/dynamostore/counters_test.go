package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
)

func sumOf(counters []int64) int64 { return whole{counters: counters}.sum() }

// TestShares: as many units as are asked for, no more of a counter than it has, of one if any has enough; and where the
// counters have too few, more of one than it has, so that the sale fails.
func TestShares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counters := rapid.SliceOfN(rapid.Int64Range(0, 9), 1, 32).Draw(t, "counters")
		units := rapid.Int64Range(1, 60).Draw(t, "units")
		got := shares(units, int64(len(counters)), counters)
		left, sum, short := slices.Clone(counters), int64(0), false
		for _, n := range got {
			left[n.counter] -= n.units
			sum += n.units
			short = short || left[n.counter] < 0
		}
		if enough := sumOf(counters) >= units; short == enough || enough && sum != units {
			t.Fatalf("%d of %v: got %v", units, counters, got)
		}
		if slices.Max(counters) >= units && len(got) != 1 {
			t.Fatalf("%d of %v: got %v, want one", units, counters, got)
		}
	})
}

// TestSpread: the sum is right, no counter falls when units are given or rises when they are taken, and none that
// changes is left behind by more than a unit.
func TestSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Int64Range(0, 20), 1, 32).Draw(t, "before")
		sum := rapid.OneOf(rapid.Int64Range(0, 700), rapid.Just(int64(product.MaxStock))).Draw(t, "sum")
		after := spread(before, sum)
		if sumOf(after) != sum || slices.Min(after) < 0 {
			t.Fatalf("%d over %v: got %v", sum, before, after)
		}
		for i := range after {
			switch gave := sum >= sumOf(before); {
			case gave && (after[i] < before[i] || after[i] > before[i] && after[i] > slices.Min(after)+1),
				!gave && (after[i] > before[i] || after[i] < before[i] && after[i] < slices.Max(after)-1):
				t.Fatalf("%d over %v: got %v", sum, before, after)
			}
		}
	})
}

func (s *shop) splitter() *StockSplitter {
	return &StockSplitter{Client: s.client, Products: s.tables.Name("Products")}
}

// split splits a stock, and returns its counters.
func (s *shop) split(id string, counters int) []int64 {
	s.t.Helper()
	got, err := s.splitter().Split(s.t.Context(), id, counters)
	s.must(err)
	if len(got) != counters {
		s.t.Errorf("%s: got the counters %v, want %d", id, got, counters)
	}
	return got
}

// counters returns the units on each counter, read past the faults.
func (s *shop) counters(id string) []int64 {
	s.t.Helper()
	table := productTable{s.tables.Client(nil), s.tables.Name("Products"), "GBP"}
	all, err := table.readWhole(s.t.Context(), map[string]int64{id: 1})
	s.must(err)
	return all[id].counters
}

// putUnits sets the units on each counter of a split stock, past the store's own code.
func (s *shop) putUnits(id string, counters ...int64) {
	s.t.Helper()
	for i, units := range counters {
		s.change("Products", counterKey(id, i), "SET stock = :n", attributes{":n": number(units)})
	}
	s.change("Products", productKey(id, salePart), "SET stock_elsewhere = :n",
		attributes{":n": number(sumOf(counters[1:]))})
}

// buy checks out, as a function does.
func (s *shop) buy(ctx context.Context, customer, key string, items ...order.Item) error {
	return s.buyBy(ctx, s.checkout().CheckoutStore, customer, key, items...)
}

func (s *shop) buyBy(
	ctx context.Context, store *CheckoutStore, customer, key string, items ...order.Item,
) error {
	c := order.Checkout{
		Store: store, Announce: func(context.Context, string) error { return nil }, Currency: "GBP",
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
	}
	_, _, err := c.Do(ctx, order.Request{
		Customer: user.Caller{UserID: customer, Email: customer + "@example.com"}, IdempotencyKey: key, Items: items,
	})
	return err
}

// wantShort fails the test unless the error says that so many units are there.
func wantShort(t testing.TB, err error, available int64) {
	t.Helper()
	var short *order.OutOfStockError
	if !errors.As(err, &short) || len(short.Items) != 1 || short.Items[0].Available != available {
		t.Errorf("got error %v (%+v), want %d available", err, short, available)
	}
}

// TestSplit: to more counters, to fewer, and back, no unit is lost, and every read shows the whole stock.
func TestSplit(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 1003)
	s.stocked("mug", 7)
	for _, counters := range []int{4, 4, 7, product.MaxCounters, 2, 1, 3} {
		got := s.split("lamp", counters)
		if sumOf(got) != 1003 {
			t.Errorf("%d counters have %v, want 1003 units", counters, got)
		}
		s.wantShown("lamp", 1003)
		s.wantDifferences()
	}
	s.split("lamp", 1)
	got := s.item("Products", productKey("lamp", salePart))
	if got["counters"] != nil || got["stock_elsewhere"] != nil {
		t.Errorf("a stock that is whole has %v", got)
	}
	if got := s.split("mug", 16); sumOf(got) != 7 {
		t.Errorf("fewer units than counters: got %v, want 7", got)
	}
	if _, err := s.splitter().Split(t.Context(), "ghost", 4); !errors.Is(err, product.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// wantShown fails the test unless each read of the product shows so many units.
func (s *shop) wantShown(id string, units int64) {
	s.t.Helper()
	viewed, err := s.catalogue().View(s.t.Context(), id)
	s.must(err)
	read, err := s.adminCatalogue().Read(s.t.Context(), id)
	s.must(err)
	got := map[string]int64{"view": viewed.Stock, "read": read.Stock}
	browsed, err := s.catalogue().Browse(s.t.Context(), product.Selection{InStock: true}, page.Request{Limit: 100})
	s.must(err)
	picked, err := s.catalogue().Pick(s.t.Context(), []string{id})
	s.must(err)
	listed, err := s.adminCatalogue().Inventory(s.t.Context(), s.admin, product.Filter{}, page.Request{Limit: 100})
	s.must(err)
	for name, list := range map[string][]product.Product{
		"browse": browsed.Items, "pick": picked, "inventory": listed.Items,
	} {
		got[name] = -1
		for _, p := range list {
			if p.ID == id {
				got[name] = p.Stock
			}
		}
	}
	export := &InventoryExport{Client: s.client, Products: s.tables.Name("Products"), Currency: "GBP"}
	s.must(export.EachProduct(s.t.Context(), time.Time{}, time.Time{}, "", func(p product.Product, _ string) error {
		if p.ID == id {
			got["export"] += p.Stock
		}
		return nil
	}))
	for name, stock := range got {
		if stock != units {
			s.t.Errorf("%s shows %d units, want %d", name, stock, units)
		}
	}
}

// TestRushOnASplitStock: more buyers than units, each of whom buys until there are none. Exactly what there was is
// sold.
func TestRushOnASplitStock(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 100)
	s.split("lamp", 8)
	var sold atomic.Int64
	var buyers sync.WaitGroup
	for i := range 50 {
		buyers.Go(func() {
			for n := 0; ; n++ {
				err := s.buy(t.Context(), "usr_"+number3(i), fmt.Sprint(n), order.Item{ProductID: "lamp", Quantity: 1})
				switch {
				case err == nil:
					sold.Add(1)
				case errors.Is(err, order.ErrBusy):
				default:
					wantShort(t, err, 0)
					return
				}
			}
		})
	}
	buyers.Wait()
	if left := s.counters("lamp"); sold.Load() != 100 || sumOf(left) != 0 || slices.Min(left) < 0 {
		t.Errorf("sold %d, and %v are left, want 100 and none", sold.Load(), left)
	}
	s.wantDifferences()
}

// TestLastUnits: they are found on whatever counter they are, and from several at once.
func TestLastUnits(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 1)
	s.split("lamp", 8)
	for last := range 8 {
		units := make([]int64, 8)
		units[last] = 1
		s.putUnits("lamp", units...)
		key := fmt.Sprint(last)
		if err := s.buy(t.Context(), "usr_1", key, order.Item{ProductID: "lamp", Quantity: 1}); err != nil {
			t.Errorf("the last unit on counter %d: %v", last, err)
		}
		wantShort(t, s.buy(t.Context(), "usr_2", key, order.Item{ProductID: "lamp", Quantity: 1}), 0)
	}
	s.putUnits("lamp", 1, 0, 3, 2, 0, 1, 1, 1)
	wantShort(t, s.buy(t.Context(), "usr_1", "ten", order.Item{ProductID: "lamp", Quantity: 10}), 9)
	s.must(s.buy(t.Context(), "usr_1", "nine", order.Item{ProductID: "lamp", Quantity: 9}))
	if left := s.counters("lamp"); sumOf(left) != 0 {
		t.Errorf("%v are left, want none", left)
	}
}

// TestLargestOrderOfSplitStocks: where the counters of all lines do not fit into a transaction, units are moved first.
func TestLargestOrderOfSplitStocks(t *testing.T) {
	s := open(t)
	var items []order.Item
	for i := range order.MaxProducts {
		id := "p" + number3(i)
		s.stocked(id, 9)
		s.split(id, 3)
		items = append(items, order.Item{ProductID: id, Quantity: 8})
	}
	s.must(s.buy(t.Context(), "usr_1", "k", items...))
	for _, item := range items {
		if left := s.counters(item.ProductID); sumOf(left) != 1 || slices.Min(left) < 0 {
			t.Errorf("%s: %v are left, want 1", item.ProductID, left)
		}
	}
	s.wantDifferences()
}

// TestCallsOfASplitSale: one that meets a counter with units makes as many calls as one of a stock that is whole.
func TestCallsOfASplitSale(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 1000)
	calls := func(key string) (n [2]int) {
		before := [2]int{s.faults.Calls("BatchGetItem"), s.faults.Calls("TransactWriteItems")}
		s.must(s.buy(t.Context(), "usr_1", key, order.Item{ProductID: "lamp", Quantity: 1}))
		return [2]int{s.faults.Calls("BatchGetItem") - before[0], s.faults.Calls("TransactWriteItems") - before[1]}
	}
	whole := calls("whole")
	s.split("lamp", 8)
	if split := calls("split"); split != whole || whole != [2]int{1, 1} {
		t.Errorf("a split sale makes %v calls, a whole one %v, want 1 and 1", split, whole)
	}
}

// TestSplittingInARush: buyers buy, an admin changes the stock, and orders are cancelled while the stock is split,
// split further and put together again, over and over. No unit is lost, and none is sold twice.
func TestSplittingInARush(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 400)
	stop := make(chan struct{})
	var at sync.WaitGroup
	var sold, added, cancelled, misses atomic.Int64
	for i := range 12 {
		at.Go(func() { s.buyAndCancel(stop, i, &sold, &cancelled, &misses) })
	}
	at.Go(func() { s.adjustUntil(stop, &added) })
	for round := range 12 {
		s.split("lamp", []int{8, 3, 1, 16, 1, 2}[round%6])
	}
	close(stop)
	at.Wait()
	left := s.counters("lamp")
	if want := 400 - sold.Load() + cancelled.Load() + added.Load(); sumOf(left) != want || slices.Min(left) < 0 {
		t.Errorf("%v are left, in all %d, want %d", left, sumOf(left), want)
	}
	t.Logf("sold %d, cancelled %d, added %d, busy %d", sold.Load(), cancelled.Load(), added.Load(), misses.Load())
	s.wantDifferences()
	s.split("lamp", 1)
	s.wantMark("lamp")
}

func (s *shop) buyAndCancel(stop <-chan struct{}, buyer int, sold, cancelled, misses *atomic.Int64) {
	customer := "usr_" + number3(buyer)
	for n := 0; !closed(stop); n++ {
		units, key := rand.Int64N(3)+1, fmt.Sprint(n)
		err := s.buy(s.t.Context(), customer, key, order.Item{ProductID: "lamp", Quantity: units})
		var short *order.OutOfStockError
		switch {
		case errors.As(err, &short):
		case errors.Is(err, order.ErrBusy):
			misses.Add(1)
		case err != nil:
			s.t.Errorf("buying: %v", err)
			return
		default:
			sold.Add(units)
			if n%3 > 0 {
				continue
			}
			if _, _, err := s.progress().Set(s.t.Context(), s.admin, order.StatusRequest{
				OrderID: order.ID(customer, key), From: order.Placed, To: order.Cancelled,
			}); err != nil {
				s.t.Errorf("cancelling: %v", err)
				return
			}
			cancelled.Add(units)
		}
	}
}

func closed(stop <-chan struct{}) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

func (s *shop) adjustUntil(stop <-chan struct{}, added *atomic.Int64) {
	stocks := product.Inventory{Products: s.inventory(), Now: func() time.Time {
		return time.Now().UTC().Truncate(time.Millisecond)
	}}
	for n := 0; !closed(stop); n++ {
		stocks.NewID = func() string { return fmt.Sprint("m", n) }
		_, err := stocks.Adjust(s.t.Context(), s.admin,
			product.Adjustment{ProductID: "lamp", Delta: int64(n%5 + 1), Reason: "r"})
		switch {
		case err == nil:
			added.Add(int64(n%5 + 1))
		case !errors.Is(err, product.ErrContended):
			s.t.Errorf("adjusting: %v", err)
			return
		}
	}
}

// TestSaveOfASplitStock: what a save changes holds for every counter at once, and for those that are made later.
func TestSaveOfASplitStock(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 80)
	s.split("lamp", 8)
	p, err := s.saver().Read(t.Context(), "lamp")
	s.must(err)
	p.Price, p.MaxPerOrder, p.Version = gbp(7), 2, 2
	p.LowStockThreshold = 100 // the stock is below it; each counter is not, by any other
	s.must(s.saver().Update(t.Context(), p))
	s.wantDifferences()
	for i := range 30 {
		o := newOrder("usr_1", fmt.Sprint("old", i), opened, line("lamp", 1, 1))
		seen := order.Products{"lamp": {Split: 8}}
		_, err := s.checkout().CheckoutStore.Place(t.Context(), o, seen, func() time.Time { return opened })
		var rejected *order.RejectedError
		if !errors.As(err, &rejected) || rejected.Failed["lamp"].Price != gbp(7) ||
			rejected.Failed["lamp"].Stock != 80 {
			t.Fatalf("at the old price: got %v, %+v", err, rejected)
		}
	}
	var excess *order.MaxPerOrderExceededError
	if err := s.buy(t.Context(), "usr_1", "3", order.Item{ProductID: "lamp", Quantity: 3}); !errors.As(err, &excess) {
		t.Errorf("more than one order may have: got %v", err)
	}
	s.split("lamp", 12)
	s.wantDifferences()
	p.Active, p.MaxPerOrder, p.Version = false, 0, 3
	s.must(s.saver().Update(t.Context(), p))
	s.wantDifferences()
	p.Version = 3
	if err := s.saver().Update(t.Context(), p); !errors.Is(err, product.ErrContended) {
		t.Errorf("a save of an old version: got %v, want ErrContended", err)
	}
	seen := order.Products{"lamp": {Split: 12}}
	o := newOrder("usr_1", "inactive", opened, line("lamp", 7, 1))
	_, err = s.checkout().CheckoutStore.Place(t.Context(), o, seen, func() time.Time { return opened })
	if err == nil {
		t.Error("what is not for sale was sold")
	}
}

// TestSaveWhileSplitting: a save that read another number of counters is tried again.
func TestSaveWhileSplitting(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 80)
	stop := make(chan struct{})
	var at sync.WaitGroup
	at.Go(func() {
		save := product.Save{Products: s.saver(), Currency: "GBP", Now: time.Now}
		for n := int64(1); !closed(stop); n++ {
			if _, _, err := save.Do(t.Context(), s.admin, product.Draft{
				ID: "lamp", Name: "lamp", Price: gbp(n), Active: n%2 == 0,
			}); err != nil {
				t.Errorf("saving: %v", err)
			}
		}
	})
	for i := range 12 {
		s.split("lamp", []int{8, 3, 1, 16}[i%4])
		s.wantDifferences()
	}
	close(stop)
	at.Wait()
	s.wantDifferences()
	s.wantShownWhole("lamp", 80)
}

func (s *shop) wantShownWhole(id string, units int64) {
	s.t.Helper()
	if left := s.left(id); left != units {
		s.t.Errorf("%d units are left, want %d", left, units)
	}
}

// TestSetOfASplitStock: it is compared with the sum, spreads what it gives, and lists show it at once.
func TestSetOfASplitStock(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 80)
	s.split("lamp", 8)
	set := func(id string, before, after int64, keyed bool) error {
		m := product.Movement{ID: id, ProductID: "lamp", Before: before, After: after, Reason: "r", By: "usr_admin",
			MovedAt: opened.Add(time.Hour), Keyed: keyed}
		_, err := s.inventory().Move(t.Context(), m)
		return err
	}
	var changed *product.StockChangedError
	if err := set("a", 10, 20, false); !errors.As(err, &changed) || changed.Quantity != 80 {
		t.Errorf("compared with one counter: got %v, want that 80 are there", err)
	}
	s.must(set("b", 80, 800, false))
	if got := s.counters("lamp"); slices.Min(got) != 100 || slices.Max(got) != 100 {
		t.Errorf("got the counters %v, want 100 on each", got)
	}
	s.wantShown("lamp", 800)
	s.must(set("c", 800, 3, true))
	s.wantShown("lamp", 3)
	if got := s.lowStock("", 10); !slices.Equal(got, []string{"lamp"}) {
		t.Errorf("low are %v, want the lamp", got)
	}
	s.must(set("d", 3, 0, false))
	if got := s.find(product.Selection{InStock: true}, 10); len(got) > 0 {
		t.Errorf("in stock are %v, want none", got)
	}
	s.must(set("e", 0, 30, true))
	s.wantShown("lamp", 30)
	s.must(set("e", 30, 60, true)) // the key again
	s.wantShown("lamp", 30)
	if got := s.lowStock("", 10); len(got) > 0 {
		t.Errorf("low are %v, want none", got)
	}
	s.wantDifferences()
}

// TestAdjustOfASplitStock: it takes from as many counters as it needs, and no more than all have.
func TestAdjustOfASplitStock(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 12)
	s.split("lamp", 4)
	n := 0
	stocks := product.Inventory{Products: s.inventory(), Now: time.Now, NewID: func() string {
		n++
		return fmt.Sprint("m", n)
	}}
	for _, c := range []struct{ delta, want int64 }{{-10, 2}, {-3, 2}, {-2, 0}, {40, 40}, {-1, 39}, {3, 42}} {
		_, err := stocks.Adjust(t.Context(), s.admin,
			product.Adjustment{ProductID: "lamp", Delta: c.delta, Reason: "r"})
		if (c.delta == -3) != errors.Is(err, product.ErrInsufficientStock) || c.delta != -3 && err != nil {
			t.Errorf("%+d: got error %v", c.delta, err)
		}
		s.wantShownWhole("lamp", c.want)
		s.wantDifferences()
	}
	if got := s.counters("lamp"); slices.Min(got) < 10 {
		t.Errorf("got the counters %v, want them alike", got)
	}
}

// TestMoveOfASplitStockWhoseAnswerWasLost: it is made once.
func TestMoveOfASplitStockWhoseAnswerWasLost(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	s.split("lamp", 4)
	for _, faults := range [][]awsfault.Fault{
		{passed, awsfault.Lost}, {passed, awsfault.Lost, awsfault.DropRequest, awsfault.DropRequest},
	} {
		m := fiveMore
		m.ID, m.Before, m.After = fmt.Sprint(len(faults)), s.left("lamp"), s.left("lamp")+5
		s.faults.On("TransactWriteItems", faults...)
		s.move(s.impatient(), m)
		s.wantShownWhole("lamp", m.After)
	}
}

// TestSumOfSplitStocks: after a sum lists show what is there, and find what is low or sold out; a sum that changes
// nothing writes nothing.
func TestSumOfSplitStocks(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 40)
	s.stocked("mug", 40)
	s.split("lamp", 4)
	sum := func(want int) {
		t.Helper()
		stocks := &SplitStocks{Client: s.client, Products: s.tables.Name("Products"), Now: time.Now}
		noted, err := stocks.Sum(t.Context(), time.Now().Add(time.Minute))
		s.must(err)
		if noted != want {
			t.Errorf("noted %d stocks, want %d", noted, want)
		}
	}
	wantFound := func(low, inStock []string) {
		t.Helper()
		got := s.find(product.Selection{InStock: true}, 10)
		if all := s.lowStock("", 10); !slices.Equal(all, low) || !slices.Equal(got, inStock) {
			t.Errorf("low are %v and in stock %v, want %v and %v", all, got, low, inStock)
		}
	}
	sum(0)
	s.must(s.buy(t.Context(), "usr_1", "37", order.Item{ProductID: "lamp", Quantity: 37}))
	sum(1)
	sum(0)
	s.wantShown("lamp", 3)
	wantFound([]string{"lamp"}, []string{"lamp", "mug"})
	s.must(s.buy(t.Context(), "usr_1", "3", order.Item{ProductID: "lamp", Quantity: 3}))
	sum(1)
	wantFound([]string{"lamp"}, []string{"mug"})
	_, _, err := s.progress().Set(t.Context(), s.admin, order.StatusRequest{
		OrderID: order.ID("usr_1", "37"), From: order.Placed, To: order.Cancelled,
	})
	s.must(err)
	sum(1)
	s.wantShown("lamp", 37)
	wantFound(nil, []string{"lamp", "mug"})
	s.wantDifferences()
}

// TestRunsThatSumAPart: where each run has time for two of five stocks only, a few runs sum all.
func TestRunsThatSumAPart(t *testing.T) {
	s := open(t)
	for _, id := range []string{"bowl", "lamp", "mug", "rug", "vase"} {
		s.stocked(id, 40)
		s.split(id, 4)
		s.must(s.buy(t.Context(), "usr_1", id, order.Item{ProductID: id, Quantity: 37}))
	}
	minute := time.Date(2026, 3, 14, 15, 9, 0, 0, time.UTC)
	for run := range 5 {
		now := minute.Add(time.Duration(run) * time.Minute)
		until := now.Add(4 * time.Second) // the start takes one look at the clock, each stock one
		stocks := &SplitStocks{Client: s.client, Products: s.tables.Name("Products"), Now: func() time.Time {
			now = now.Add(time.Second)
			return now
		}}
		_, err := stocks.Sum(t.Context(), until)
		s.must(err)
	}
	if low := s.lowStock("", 10); len(low) != 5 {
		t.Errorf("%v are known as low after five runs, want all five", low)
	}
}

// TestStartsLieEvenly: whatever part of a circle a run gets through, twice as many runs as parts leave nothing out.
func TestStartsLieEvenly(t *testing.T) {
	from := time.Date(2026, 3, 14, 15, 9, 0, 0, time.UTC)
	for _, n := range []int{1, 2, 7, 1000, 12_345} {
		for parts := 1; parts <= min(n, 40); parts++ {
			seen := make([]bool, n)
			for run := range 2 * parts {
				first := startOf(from.Add(time.Duration(run)*time.Minute), n)
				for i := range (n + parts - 1) / parts {
					seen[(first+i)%n] = true
				}
			}
			if i := slices.Index(seen, false); i >= 0 {
				t.Errorf("%d runs of a %d-th of %d leave out %d", 2*parts, parts, n, i)
			}
		}
	}
}

// TestSumMeetsOthers: a sum that was read before units were moved, set, or came back to an empty stock is not noted.
func TestSumMeetsOthers(t *testing.T) {
	s := open(t)
	for id, meanwhile := range map[string]func(){
		"moved": func() { s.split("moved", 2) },
		"set": func() {
			m := fiveMore
			m.ProductID, m.Before, m.After = "set", 0, 40
			s.move(s.inventory(), m)
		},
		"returned": func() {
			_, _, err := s.progress().Set(t.Context(), s.admin, order.StatusRequest{
				OrderID: order.ID("usr_1", "returned"), From: order.Placed, To: order.Cancelled,
			})
			s.must(err)
		},
	} {
		s.stocked(id, 40)
		s.split(id, 4)
		s.must(s.buy(t.Context(), "usr_1", id, order.Item{ProductID: id, Quantity: 40}))
		client := s.tables.Client(carrying(func(r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".UpdateItem") {
				meanwhile()
			}
		}))
		stocks := &SplitStocks{Client: client, Products: s.tables.Name("Products"), Now: time.Now}
		if done, err := stocks.sum(t.Context(), id); err != nil || done {
			t.Errorf("%s: noted %v, error %v, want neither", id, done, err)
		}
		s.wantDifferences()
	}
}

// TestCancellationOfASplitStock: the units come back once, and are for sale, whatever the stock was when they were
// sold.
func TestCancellationOfASplitStock(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 8)
	var ids []string
	buy := func(key string) {
		s.must(s.buy(t.Context(), "usr_1", key, order.Item{ProductID: "lamp", Quantity: 4}))
		ids = append(ids, order.ID("usr_1", key))
	}
	buy("whole")
	s.split("lamp", 4)
	buy("split")
	for _, id := range ids {
		for range 2 {
			_, _, err := s.progress().Set(t.Context(), s.admin,
				order.StatusRequest{OrderID: id, From: order.Placed, To: order.Cancelled})
			s.must(err)
		}
	}
	s.wantShownWhole("lamp", 8)
	s.wantDifferences()
	buy("again")
}

// TestSplitWhoseAnswersAreLost: with every kind of fault at every step, no unit is lost, and the last word is the
// command's.
func TestSplitWhoseAnswersAreLost(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 103)
	s.hurry()
	for i, fault := range []awsfault.Fault{
		awsfault.Lost, awsfault.DropRequest, awsfault.Error(500, "InternalServerError"),
		awsfault.Canceled("TransactionConflict", "None"),
	} {
		for step := range 6 {
			s.faults.On("TransactWriteItems", append(awsfault.Times(step, passed), fault)...)
			if got := s.split("lamp", []int{5, 1}[(i+step)%2]); sumOf(got) != 103 {
				t.Errorf("fault %d at step %d: got %v, want 103 units", i, step, got)
			}
		}
	}
	s.wantDifferences()
}

// TestSplitThatWasKilled: wherever a command ends, the stock is right for everybody, and another command goes on.
func TestSplitThatWasKilled(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 100)
	for step := 0; ; step++ {
		s.split("lamp", 6)
		killed, kill := context.WithCancel(t.Context())
		steps := 0
		client := s.tables.Client(carrying(func(r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".TransactWriteItems") {
				if steps++; steps > step {
					kill()
				}
			}
		}))
		splitter := &StockSplitter{Client: client, Products: s.tables.Name("Products")}
		_, err := splitter.Split(killed, "lamp", 1)
		s.wantShownWhole("lamp", 100)
		s.wantDifferences()
		s.must(s.buy(t.Context(), "usr_1", fmt.Sprint(step), order.Item{ProductID: "lamp", Quantity: 100}))
		_, _, cancelErr := s.progress().Set(t.Context(), s.admin, order.StatusRequest{
			OrderID: order.ID("usr_1", fmt.Sprint(step)), From: order.Placed, To: order.Cancelled,
		})
		s.must(cancelErr)
		kill()
		if err == nil {
			if step < 5 {
				t.Errorf("the command ended after %d steps, too few to have been killed in between", step)
			}
			return
		}
	}
}

// carrying is a transport that is called before each call.
type carrying func(*http.Request)

func (before carrying) RoundTrip(r *http.Request) (*http.Response, error) {
	before(r)
	return http.DefaultTransport.RoundTrip(r)
}

// passed is no fault.
func passed(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	return next.RoundTrip(r)
}

// TestWrongCounters: the audit finds counters that are not their product's.
func TestWrongCounters(t *testing.T) {
	s := open(t)
	for _, id := range []string{"p1", "p2", "p3", "p4", "p5", "p6"} {
		s.stocked(id, 40)
		s.split(id, 4)
	}
	item := s.item("Products", counterKey("p1", 1))
	s.split("p1", 1)
	s.put("Products", item)
	s.remove("Products", counterKey("p2", 3))
	s.change("Products", counterKey("p3", 2), "SET price = :n", attributes{":n": number(0)})
	s.change("Products", counterKey("p4", 2), "SET stock = :n", attributes{":n": number(-10)})
	s.change("Products", counterKey("p5", 2), "REMOVE stock", nil)
	s.remove("Products", productKey("p6", salePart))
	s.wantDifferences("counters_wrong p1", "stock_differs p1", "counters_wrong p2", "stock_differs p2",
		"counters_wrong p3", "counters_wrong p4", "stock_differs p4", "unreadable p5", "unreadable p6",
		"product_missing p6")
}

// TestCheckoutWhoseCountersAreGone: a checkout of a product whose counters are removed, or split further, meanwhile
// finds the units.
func TestCheckoutWhoseCountersAreGone(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 40)
	for _, c := range []struct{ seen, now int }{{8, 1}, {8, 2}, {1, 8}, {2, 8}, {32, 31}} {
		s.split("lamp", c.seen)
		store := &splitBetween{s.checkout().CheckoutStore, func() { s.split("lamp", c.now) }}
		checkout := order.Checkout{
			Store: store, Announce: func(context.Context, string) error { return nil }, Currency: "GBP", Now: time.Now,
		}
		before := s.left("lamp")
		_, _, err := checkout.Do(t.Context(), order.Request{
			Customer: user.Caller{UserID: "usr_1", Email: "a@example.com"}, IdempotencyKey: fmt.Sprint(c),
			Items: []order.Item{{ProductID: "lamp", Quantity: 3}},
		})
		if after := s.left("lamp"); err != nil || after != before-3 {
			t.Errorf("%+v: got error %v, and %d after %d", c, err, after, before)
		}
	}
	s.split("lamp", 1)
	s.wantMark("lamp")
}

// splitBetween does something between a checkout's read and its write.
type splitBetween struct {
	*CheckoutStore
	meanwhile func()
}

func (s *splitBetween) ReadProducts(ctx context.Context, ids []string) (order.Products, error) {
	products, err := s.CheckoutStore.ReadProducts(ctx, ids)
	s.meanwhile()
	return products, err
}

// TestCapacityOfASplitSale: it costs what another costs, also where it takes the last unit of its counter.
func TestCapacityOfASplitSale(t *testing.T) {
	s := open(t)
	s.stocked("lamp", 40)
	measure := func(key string) float64 {
		var m meter
		store := s.checkout().CheckoutStore
		store.Client = s.tables.Client(nil, m.option)
		s.must(s.buyBy(t.Context(), store, "usr_1", key, order.Item{ProductID: "lamp", Quantity: 1}))
		return m.units
	}
	whole := measure("whole")
	s.split("lamp", 30)
	for n := range 10 {
		if split := measure(fmt.Sprint(n)); split != whole {
			t.Errorf("a split sale writes %v units, another %v", split, whole)
		}
	}
}
