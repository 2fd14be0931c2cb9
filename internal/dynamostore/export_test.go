package dynamostore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/user"
)

var errStopped = errors.New("stopped")

// stopping collects what it is called with and the positions, and stops after the n-th.
func stopping[T any](seen *[]T, positions *[]string, n int) func(T, string) error {
	return func(v T, position string) error {
		*seen, *positions = append(*seen, v), append(*positions, position)
		if len(*seen) == n {
			return errStopped
		}
		return nil
	}
}

// goesOn wants that a read that stops after any record, and goes on from its position, has what a whole read has.
func goesOn[T any](t *testing.T, whole []T, read func(position string, visit func(T, string) error) error) {
	t.Helper()
	for n := 1; n <= len(whole); n++ {
		var seen []T
		var positions []string
		if err := read("", stopping(&seen, &positions, n)); !errors.Is(err, errStopped) {
			t.Fatalf("after %d got %v, want the visit's error", n, err)
		}
		if err := read(positions[n-1], stopping(&seen, &positions, -1)); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", seen) != fmt.Sprintf("%+v", whole) {
			t.Fatalf("after %d it goes on with\n%+v\nwant\n%+v", n, seen[n:], whole[n:])
		}
	}
}

// TestOldest: all orders of the range in the order of their times, over pages and shards, from any position.
func TestOldest(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 1000)
	var want []order.Order
	for i := range 24 {
		at := opened.Add(time.Duration(i/3) * time.Second) // three at once
		o := newOrder(fmt.Sprint("usr_", i%4), fmt.Sprint("key-", i), at, line("lamp", 6400, 1))
		s.must(s.checkout().Place(t.Context(), o))
		want = append(want, o)
	}
	slices.SortFunc(want, func(a, b order.Order) int { return cmp.Compare(placedKey(a), placedKey(b)) })
	f := order.Filter{From: opened.Add(time.Second), To: opened.Add(7 * time.Second)}
	read := func(position string, visit func(order.Order, string) error) error {
		return s.orderHistory().Oldest(t.Context(), f, position, visit)
	}
	var got []order.Order
	var positions []string
	s.must(read("", stopping(&got, &positions, -1)))
	if !slices.Equal(ids(got), ids(want[3:21])) {
		t.Fatalf("got %v, want %v", ids(got), ids(want[3:21]))
	}
	goesOn(t, got, read)
	s.must(read("9999", func(order.Order, string) error { return errStopped }))
}

// TestEachExportedProduct: products whole, one by one, from any position; those of another range are left out.
func TestEachExportedProduct(t *testing.T) {
	s := open(t)
	for i := range 8 {
		s.addProduct("lamp-"+number3(i), int64(100+i), int64(i))
	}
	e := &InventoryExport{Client: s.client, Products: s.tables.Name("Products"), Currency: "GBP"}
	read := func(position string, visit func(product.Product, string) error) error {
		return e.EachProduct(t.Context(), time.Time{}, time.Time{}, position, visit)
	}
	var got []product.Product
	var positions []string
	s.must(read("", stopping(&got, &positions, -1)))
	for _, p := range got {
		stored, err := s.adminCatalogue().Read(t.Context(), p.ID)
		if err != nil || stored != p {
			t.Errorf("got %+v, want %+v, %v", p, stored, err)
		}
	}
	if len(got) != 8 {
		t.Fatalf("got %d products, want 8", len(got))
	}
	goesOn(t, got, read)
	later := got[0].UpdatedAt.Add(time.Millisecond)
	s.must(e.EachProduct(t.Context(), later, time.Time{}, "",
		func(product.Product, string) error { return errStopped }))
	s.must(e.EachProduct(t.Context(), time.Time{}, got[0].UpdatedAt, "",
		func(product.Product, string) error { return errStopped }))
}

// TestEachExportedMovement: each movement once, also one with an Idempotency-Key, which has a copy, and units that came
// back with an order; from any position.
func TestEachExportedMovement(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 10)
	s.addProduct("mug", 700, 10)
	for i := range 3 {
		for _, id := range []string{"lamp", "mug"} {
			m := product.Movement{
				ID: fmt.Sprint(id, i), ProductID: id, Before: int64(10 - i), After: int64(9 - i), Reason: "broken",
				By: s.admin.UserID, MovedAt: opened.Add(time.Duration(i) * time.Minute), Keyed: i == 1,
			}
			if _, err := s.inventory().Move(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := &InventoryExport{Client: s.client, Movements: s.tables.Name("StockMovements")}
	read := func(position string, visit func(product.Movement, string) error) error {
		return e.EachMovement(t.Context(), time.Time{}, opened.Add(2*time.Minute), position, visit)
	}
	var got []product.Movement
	var positions []string
	s.must(read("", stopping(&got, &positions, -1)))
	if len(got) != 4 || got[0].ProductID != got[1].ProductID || !got[0].MovedAt.Before(got[1].MovedAt) ||
		got[0].Before != 10 || got[0].Delta() != -1 {
		t.Fatalf("got %+v", got)
	}
	goesOn(t, got, read)
	var all []product.Movement
	s.must(e.EachMovement(t.Context(), time.Time{}, time.Time{}, "", stopping(&all, &positions, -1)))
	if n := len(all); n != 6 {
		t.Errorf("without bounds got %d movements, want the 6", n)
	}
}

// TestImportedOrders: they are stored once and as they are, in more than one batch, and their customers were told.
func TestImportedOrders(t *testing.T) {
	s := open(t)
	var orders []order.Order
	for i := range 2*maxBatch + 1 {
		o := newOrder("usr_1", fmt.Sprint(i), opened.Add(time.Duration(i)*time.Second), line("lamp", 6400, 1))
		o.Status, o.Imported = order.Delivered, true
		orders = append(orders, o)
	}
	i := &OrderImport{Client: s.client, Orders: s.tables.Name("Orders")}
	s.must(i.Put(t.Context(), orders[:150], func(int) {}))
	missing, err := i.Missing(t.Context(), orders)
	if err != nil || len(missing) != len(orders)-150 {
		t.Fatalf("%d are missing, %v, want %d", len(missing), err, len(orders)-150)
	}
	stored := 0
	s.must(i.Put(t.Context(), missing, func(n int) { stored += n }))
	if rest, err := i.Missing(t.Context(), orders); stored != len(missing) || len(rest) != 0 || err != nil {
		t.Errorf("stored %d of %d, and %d are missing, %v", stored, len(missing), len(rest), err)
	}
	o, status, err := s.orderReader().View(t.Context(), user.Caller{UserID: "usr_1"}, orders[0].ID)
	if err != nil || status != order.EmailSent || o.Status != order.Delivered || !o.Imported {
		t.Errorf("got %+v, %s, %v", o, status, err)
	}
	orders[0].Lines[0].Quantity++
	if _, err := i.Missing(t.Context(), orders); !errors.Is(err, ErrStoredOtherwise) {
		t.Errorf("got %v, want ErrStoredOtherwise", err)
	}
}
