package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
)

// lowStock returns the ids of a list of what is low, page by page.
func (s *shop) lowStock(prefix string, limit int) []string {
	s.t.Helper()
	var ids []string
	for r := (page.Request{Limit: limit}); ; {
		p, err := s.adminCatalogue().Inventory(s.t.Context(), s.admin, product.Filter{Prefix: prefix, LowStock: true},
			r)
		s.must(err)
		if len(p.Items) > limit {
			s.t.Errorf("a page has %d products, want at most %d", len(p.Items), limit)
		}
		for _, p := range p.Items {
			ids = append(ids, p.ID)
		}
		if r.Cursor = p.NextCursor; r.Cursor == "" {
			return ids
		}
	}
}

// wantMark fails the test unless the product is marked low exactly when its stock is.
func (s *shop) wantMark(id string) {
	s.t.Helper()
	item := s.item("Products", productKey(id, salePart))
	r := reader{item: item}
	stock, threshold := r.number("stock"), lowStockThreshold(&r)
	if r.has("low_stock") != (stock <= threshold) {
		s.t.Errorf("%s has %d units, of which %d are low, and is marked low: %v", id, stock, threshold,
			r.has("low_stock"))
	}
}

// TestLowStock: what is low is listed by id, in pages that are bounded and, with a prefix, may be short; whatever
// changed the stock.
func TestLowStock(t *testing.T) {
	s := open(t)
	for i := range 12 {
		s.addProduct(fmt.Sprintf("p%02d", i), 100, int64(i))
	}
	want := []string{"p00", "p01", "p02", "p03", "p04", "p05"}
	for _, limit := range []int{1, 4, 6, 100} {
		if got := s.lowStock("", limit); !slices.Equal(got, want) {
			t.Errorf("%d a page: got %q, want %q", limit, got, want)
		}
		if got := s.lowStock("THE P03", limit); !slices.Equal(got, []string{"p03"}) {
			t.Errorf("%d a page: got %q, want p03", limit, got)
		}
	}
	s.move(s.inventory(),
		product.Movement{ID: "a", ProductID: "p05", Before: 5, After: 6, Reason: "r", By: "x", MovedAt: opened})
	s.move(s.inventory(),
		product.Movement{ID: "b", ProductID: "p11", Before: 11, After: 0, Reason: "r", By: "x", MovedAt: opened})
	s.must(s.checkout().Place(t.Context(), newOrder("usr_1", "k", opened, line("p06", 100, 1), line("p10", 100, 4))))
	want = []string{"p00", "p01", "p02", "p03", "p04", "p06", "p11"}
	if got := s.lowStock("", 100); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	hidden, err := s.inventory().Read(t.Context(), "p01")
	s.must(err)
	hidden.Active, hidden.Version = false, 2
	s.must(s.saver().Update(t.Context(), hidden))
	for i := range 12 {
		s.wantMark(fmt.Sprintf("p%02d", i))
	}
	if got := s.lowStock("", 100); !slices.Equal(got, want) {
		t.Errorf("with one that is not for sale: got %q, want %q", got, want)
	}
}

// TestInventoryByName: of both shelves, by the start of the name.
func TestInventoryByName(t *testing.T) {
	s := open(t)
	for _, id := range []string{"lamp", "lantern", "vase"} {
		s.addProduct(id, 100, 9)
	}
	hidden, err := s.inventory().Read(t.Context(), "lantern")
	s.must(err)
	hidden.Active, hidden.Version = false, 2
	s.must(s.saver().Update(t.Context(), hidden))
	for prefix, want := range map[string][]string{
		"the LA": {"lamp", "lantern"}, "the lamp": {"lamp"}, "lamp": nil, "": {"lamp", "lantern", "vase"},
	} {
		var got []string
		for r := (page.Request{Limit: 1}); ; {
			p, err := s.adminCatalogue().Inventory(t.Context(), s.admin, product.Filter{Prefix: prefix}, r)
			s.must(err)
			for _, p := range p.Items {
				got = append(got, p.ID)
			}
			if r.Cursor = p.NextCursor; r.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", prefix, got, want)
		}
	}
	p, err := s.adminCatalogue().Inventory(t.Context(), s.admin, product.Filter{Prefix: "the"}, page.Request{Limit: 1})
	s.must(err)
	for _, other := range []product.Filter{{}, {Prefix: "th"}, {Prefix: "the", LowStock: true}} {
		if _, err := s.adminCatalogue().Inventory(
			t.Context(), s.admin, other, page.Request{Limit: 1, Cursor: p.NextCursor},
		); !errors.Is(err, page.ErrInvalidCursor) {
			t.Errorf("%+v: got %v, want ErrInvalidCursor", other, err)
		}
	}
}

// TestSaleOfAnotherSide: an order whose goods were seen on the other side of the mark takes nothing, and tells the
// stock.
func TestSaleOfAnotherSide(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 7)
	for seen, fits := range map[int64]bool{8: false, 100: false, 7: true, 0: true} {
		o := newOrder("usr_1", fmt.Sprint(seen), opened, line("lamp", 100, 2))
		before := s.left("lamp")
		goods := order.Products{"lamp": {Stock: seen, LowStockThreshold: 5}}
		_, err := s.checkout().CheckoutStore.Place(t.Context(), o, goods, func() time.Time { return opened })
		var rejected *order.RejectedError
		if errors.As(err, &rejected) == fits {
			t.Errorf("seen %d: got error %v, want it placed: %v", seen, err, fits)
		}
		if !fits && (rejected.Failed["lamp"].Stock != before || s.left("lamp") != before) {
			t.Errorf("seen %d: told %+v with %d left, want %d", seen, rejected.Failed, s.left("lamp"), before)
		}
		s.wantMark("lamp")
		if fits {
			s.move(s.inventory(), product.Movement{
				ID: fmt.Sprint("m", seen), ProductID: "lamp", Before: 5, After: 7, Reason: "r", By: "x",
				MovedAt: opened,
			})
		}
	}
}

// TestMarkHolds: customers buy and admins count at once, across the mark; at each end the mark is true, and no unit is
// lost.
func TestMarkHolds(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 20)
	goods := func() order.Products {
		g, err := s.checkout().ReadProducts(t.Context(), []string{"lamp"})
		s.must(err)
		return g
	}
	inventory := product.Inventory{Products: s.inventory(), NewID: newID, Now: time.Now}
	var at sync.WaitGroup
	var sold, added int64
	var one sync.Mutex
	count := func(n *int64, by int64) { one.Lock(); *n += by; one.Unlock() }
	for i := range 12 {
		at.Go(func() {
			o := newOrder("usr_1", number3(i), opened, line("lamp", 100, 2))
			for range 20 {
				_, err := s.checkout().CheckoutStore.Place(t.Context(), o, goods(), func() time.Time { return opened })
				var rejected *order.RejectedError
				if err == nil {
					count(&sold, 2)
					return
				}
				if errors.As(err, &rejected) && rejected.Failed["lamp"].Stock < 2 {
					return
				}
			}
		})
		if i%4 == 0 {
			at.Go(func() {
				if _, err := inventory.Adjust(
					t.Context(), s.admin, product.Adjustment{ProductID: "lamp", Delta: 3, Reason: "found"},
				); err == nil {
					count(&added, 3)
				}
			})
		}
	}
	at.Wait()
	if left := s.left("lamp"); left != 20+added-sold {
		t.Errorf("%d left after %d were added to 20 and %d sold", left, added, sold)
	}
	s.wantMark("lamp")
}

// threshold saves another threshold of the product.
func (s *shop) threshold(id string, threshold int64) {
	s.t.Helper()
	save := product.Save{Products: s.saver(), Currency: "GBP", Now: func() time.Time { return opened }}
	p, err := s.inventory().Read(s.t.Context(), id)
	s.must(err)
	_, _, err = save.Do(s.t.Context(), s.admin, product.Draft{
		ID: id, Name: p.Name, Price: p.Price, Active: p.Active, LowStockThreshold: &threshold,
	})
	s.must(err)
}

// TestThreshold: sales, cancellations, counts and saves mark a product by its own threshold.
func TestThreshold(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 20)
	listed := func(after string, want bool) {
		t.Helper()
		s.wantMark("lamp")
		if got := len(s.lowStock("", 10)) == 1; got != want {
			t.Errorf("%s, with %d units: listed %v, want %v", after, s.left("lamp"), got, want)
		}
	}
	s.threshold("lamp", 20)
	listed("as many as the threshold", true)
	s.threshold("lamp", 19)
	listed("one more than the threshold", false)
	o := s.sold("k", line("lamp", 100, 1))
	listed("sold", true)
	s.must(second(s.progress().Cancel(t.Context(), cat, o.ID)))
	listed("returned", false)
	for i, to := range []int64{6, 19, 20, 5, 0, 30} {
		s.move(s.inventory(), product.Movement{
			ID: fmt.Sprint(i), ProductID: "lamp", Before: s.left("lamp"), After: to, Reason: "r", By: "x",
			MovedAt: opened,
		})
		listed("counted", to <= 19)
	}
	s.threshold("lamp", 0)
	s.sold("l", line("lamp", 100, 29))
	listed("one left, and none is low", false)
	s.sold("m", line("lamp", 100, 1))
	listed("none left", true)
	s.threshold("lamp", product.DefaultLowStockThreshold)
	if item := s.item("Products", productKey("lamp", salePart)); item[lowAt] != nil {
		t.Error("the default threshold is stored")
	}
	listed("the default", true)
}

// TestSaleUnderAnotherThreshold: an order whose goods were seen with another threshold takes nothing, even if it stays
// on its side, and tells the threshold.
func TestSaleUnderAnotherThreshold(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 50)
	for _, c := range []struct{ stored, seen int64 }{{5, 6}, {6, 5}, {6, 7}, {60, 5}, {5, 60}} {
		s.threshold("lamp", c.stored)
		o := newOrder("usr_1", fmt.Sprint(c), opened, line("lamp", 100, 2))
		goods := order.Products{"lamp": {Stock: 50, LowStockThreshold: c.seen}}
		_, err := s.checkout().CheckoutStore.Place(t.Context(), o, goods, func() time.Time { return opened })
		var rejected *order.RejectedError
		if !errors.As(err, &rejected) || rejected.Failed["lamp"].LowStockThreshold != c.stored ||
			s.left("lamp") != 50 {
			t.Errorf("%+v: got %v, told %+v, %d left", c, err, rejected, s.left("lamp"))
		}
		s.wantMark("lamp")
	}
}

// TestSaveOfAnotherSide: a save whose product was read on the other side of its threshold changes nothing.
func TestSaveOfAnotherSide(t *testing.T) {
	s := open(t)
	p := s.addProduct("lamp", 100, 10)
	s.sold("k", line("lamp", 100, 4)) // 6 are left
	for _, threshold := range []int64{6, 9} {
		p.LowStockThreshold, p.Version = threshold, 2
		if err := s.saver().Update(t.Context(), p); !errors.Is(err, product.ErrContended) {
			t.Errorf("a threshold of %d: got %v, want ErrContended", threshold, err)
		}
	}
	s.wantMark("lamp")
}

// TestThresholdHolds: the threshold goes up and down while customers buy, cancel and admins count; the mark is true at
// every end, and no unit is lost.
func TestThresholdHolds(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 60)
	checkout := order.Checkout{
		Store: s.checkout().CheckoutStore, Currency: "GBP", Now: func() time.Time { return opened },
		Announce: func(context.Context, string) error { return nil },
	}
	inventory := product.Inventory{Products: s.inventory(), NewID: newID, Now: time.Now}
	var at sync.WaitGroup
	var left atomic.Int64
	left.Store(60)
	for i := range 15 {
		at.Go(func() {
			o, _, err := checkout.Do(t.Context(), order.Request{
				Customer: cat, IdempotencyKey: number3(i), Items: []order.Item{{ProductID: "lamp", Quantity: 2}},
			})
			if err != nil {
				return // the shop may be busy
			}
			left.Add(-2)
			if i%3 == 0 && second(s.progress().Cancel(t.Context(), cat, o.ID)) == nil {
				left.Add(2)
			}
		})
		if i%3 == 0 {
			at.Go(func() { s.threshold("lamp", rand.Int64N(60)) })
			at.Go(func() {
				a := product.Adjustment{ProductID: "lamp", Delta: -1, Reason: "damaged"}
				if _, err := inventory.Adjust(t.Context(), s.admin, a); err == nil {
					left.Add(-1)
				}
			})
		}
	}
	at.Wait()
	if got := s.left("lamp"); got != left.Load() {
		t.Errorf("%d left, want %d", got, left.Load())
	}
	s.wantMark("lamp")
	s.wantListed("lamp")
}

// wantListed fails the test unless the index of what is low has the product exactly when its stock is.
func (s *shop) wantListed(id string) {
	s.t.Helper()
	p, err := s.inventory().Read(s.t.Context(), id)
	s.must(err)
	if got := slices.Contains(s.lowStock("", 100), id); got != p.IsLow() {
		s.t.Errorf("%s has %d units, of which %d are low, and is listed: %v", id, p.Stock, p.LowStockThreshold, got)
	}
}
