package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
	"shop/test/awsfault"
)

// cat is the customer of the orders below.
var cat = user.Caller{UserID: "usr_cat"}

func (s *shop) progress() *order.Progress { return s.progressOver(s.faults) }

func (s *shop) progressOver(transport http.RoundTripper) *order.Progress {
	return &order.Progress{Now: func() time.Time { return opened }, Orders: &OrderStatuses{
		Client: s.tables.Client(transport), Orders: s.tables.Name("Orders"), Products: s.tables.Name("Products"),
		Movements: s.tables.Name("StockMovements"), Mails: s.tables.Name("Mails"),
	}, Announce: func(context.Context, string, order.Status) error { return nil },
		Left: func(context.Context, string, error) {}}
}

// sold places an order of cat's.
func (s *shop) sold(key string, lines ...order.Line) order.Order {
	s.t.Helper()
	o := newOrder(cat.UserID, key, opened, lines...)
	s.must(s.checkout().Place(s.t.Context(), o))
	return o
}

// wantReturned fails the test unless the stock is units, with as many returns of orders among its movements.
func (s *shop) wantReturned(id string, units int64, returns int) {
	s.t.Helper()
	moved, err := s.inventory().Changes(s.t.Context(), s.admin, id, page.Request{Limit: 100})
	s.must(err)
	found := 0
	for _, m := range moved.Items {
		if m.OrderID != "" {
			found++
		}
	}
	if left := s.left(id); left != units || found != returns {
		s.t.Errorf("%s has %d units after %d returns, want %d after %d", id, left, found, units, returns)
	}
}

func TestStatusIsKept(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 10)
	o := s.sold("k", line("lamp", 100, 3))
	for _, step := range []order.StatusRequest{
		{OrderID: o.ID, From: order.Placed, To: order.Packed},
		{OrderID: o.ID, From: order.Packed, To: order.Shipped, Tracking: "RM 1"},
	} {
		_, changed, err := s.progress().Set(t.Context(), s.admin, step)
		if s.must(err); !changed {
			t.Errorf("%+v changed nothing", step)
		}
	}
	got, _, err := s.orderReader().View(t.Context(), s.admin, o.ID)
	s.must(err)
	want := fmt.Sprint([]order.Change{
		{From: order.Placed, To: order.Packed, By: s.admin.UserID, At: opened},
		{From: order.Packed, To: order.Shipped, By: s.admin.UserID, At: opened},
	})
	if got.Status != order.Shipped || got.Tracking != "RM 1" || fmt.Sprint(got.Changes) != want {
		t.Errorf("got %s, %q, %+v, want %s", got.Status, got.Tracking, got.Changes, want)
	}
	listed, err := s.orderHistory().Mine(t.Context(), cat, page.Request{Limit: 1})
	if s.must(err); listed.Items[0].Status != order.Shipped {
		t.Errorf("the list says %s, want shipped", listed.Items[0].Status)
	}
	s.wantReturned("lamp", 7, 0)
}

// TestCancellationGivesBack: all units, with a movement each; the mark of few units is true on both sides of it.
func TestCancellationGivesBack(t *testing.T) {
	s := open(t)
	for id, stock := range map[string]int64{"a": 4, "b": 7, "c": 20} {
		s.addProduct(id, 100, stock)
	}
	o := s.sold("k", line("a", 100, 2), line("b", 100, 2), line("c", 100, 2))
	s.must(second(s.progress().Cancel(t.Context(), cat, o.ID)))
	for id, stock := range map[string]int64{"a": 4, "b": 7, "c": 20} {
		s.wantReturned(id, stock, 1)
		s.wantMark(id)
	}
	again, changed, err := s.progress().Cancel(t.Context(), cat, o.ID)
	if s.must(err); changed || again.Status != order.Cancelled {
		t.Errorf("a repeat: %s, changed %v", again.Status, changed)
	}
	s.wantReturned("a", 4, 1)
}

func second[A any](_ order.Order, _ A, err error) error { return err }

// TestCancellationOfAnotherSide: a stock that crossed the mark after it was seen gets its units all the same, and so do
// the others when a product is gone.
func TestCancellationOfAnotherSide(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 8)
	s.addProduct("vase", 100, 8)
	o := s.sold("k", line("lamp", 100, 2), line("vase", 100, 2))
	store := s.progress().Orders.(*OrderStatuses)
	c := order.Change{From: order.Placed, To: order.Cancelled, By: cat.UserID, At: opened}
	seen := stocks{"lamp": {stock: 1, threshold: 5}, "vase": {stock: 6, threshold: 5}}
	reasons, err := store.write(t.Context(), store.actions(o, c, "", seen))
	if err == nil || len(reasons) != 6 {
		t.Fatalf("the wrong side: got %v, %v", reasons, err)
	}
	s.must(seen.met(o.Lines, reasons, err))
	if seen["lamp"].stock != 6 {
		t.Errorf("the stock met is %d, want 6", seen["lamp"].stock)
	}
	s.must(second(s.progress().Cancel(t.Context(), cat, o.ID)))
	s.wantReturned("lamp", 8, 1)
	s.wantMark("lamp")
}

// TestCancellationsRace: with themselves, an admin's and a packing. Either the order is packed and keeps its units, or
// it is cancelled and they come back once.
func TestCancellationsRace(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 100)
	overlap := &awsfault.Overlap{Hold: time.Millisecond}
	for i := range 10 {
		before := s.left("lamp")
		o := s.sold(number3(i), line("lamp", 100, 3))
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { _, _, _ = s.progressOver(overlap).Cancel(t.Context(), cat, o.ID) })
			all.Go(func() {
				packed := order.StatusRequest{OrderID: o.ID, To: order.Packed}
				_, _, _ = s.progressOver(overlap).Set(t.Context(), s.admin, packed)
			})
		}
		all.Wait()
		got, err := s.progress().Orders.Stored(t.Context(), o.ID)
		s.must(err)
		want := before
		if got.Status == order.Packed {
			want -= 3
		}
		if left := s.left("lamp"); left != want || got.Status == order.Placed || len(got.Changes) != 1 {
			t.Errorf("%s by %+v: %d are left, want %d", got.Status, got.Changes, left, want)
		}
	}
}

// TestAdjustmentsAndCancellationsAtOnce: 20 admins adjust one stock while 20 customers' orders of it are cancelled, all
// at once, some of them across the mark of few units. Each is counted, once, and each has its movement.
func TestAdjustmentsAndCancellationsAtOnce(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 45)
	var orders []order.Order
	for i := range 20 {
		orders = append(orders, s.sold(number3(i), line("lamp", 100, 2)))
	}
	stock := s.inventory()
	inventory := product.Inventory{Products: stock, NewID: uuid.NewString, Now: time.Now}
	var all errgroup.Group
	for i, o := range orders {
		all.Go(func() error {
			a := product.Adjustment{ProductID: "lamp", Delta: int64(i%3 + 1), Reason: "count", Key: number3(i)}
			admin := user.Caller{UserID: "usr_admin" + number3(i), Role: user.RoleAdmin}
			return untilSettled(func() error { return second1(inventory.Adjust(t.Context(), admin, a)) })
		})
		all.Go(func() error {
			return untilSettled(func() error { return second(s.progress().Cancel(t.Context(), cat, o.ID)) })
		})
	}
	s.must(all.Wait())
	s.wantReturned("lamp", 45+39, 20)
	s.wantMark("lamp")
	moved, err := stock.Changes(t.Context(), s.admin, "lamp", page.Request{Limit: 100})
	s.must(err)
	by := map[string]int64{}
	for _, m := range moved.Items {
		by[m.By] += m.Delta()
	}
	for i := range 20 {
		if got := by["usr_admin"+number3(i)]; got != int64(i%3+1) {
			t.Errorf("admin %d has %d units among the movements, want %d", i, got, i%3+1)
		}
	}
}

// untilSettled repeats what may be repeated while others are in the way.
func untilSettled(do func() error) error {
	for {
		if err := do(); !isBusy(err) {
			return err
		}
	}
}

// TestLostCancellation: carried out, though no answer said so. Neither the SDK's repeats nor the customer's give the
// units back again.
func TestLostCancellation(t *testing.T) {
	for name, faults := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			s.addProduct("lamp", 100, 10)
			o := s.sold("k", line("lamp", 100, 3))
			s.faults.On("TransactWriteItems", faults(awsfault.Canceled("TransactionConflict", "None", "None"))...)
			_, _, err := s.progress().Cancel(t.Context(), cat, o.ID)
			if err != nil && !errors.Is(err, order.ErrBusy) {
				t.Errorf("got %v, want an order or ErrBusy", err)
			}
			s.faults.Clear()
			s.must(second(s.progress().Cancel(t.Context(), cat, o.ID)))
			s.wantReturned("lamp", 10, 1)
		})
	}
}

// soldMany places an order of n products of 9 units each, of which each line has one.
func (s *shop) soldMany(n int) order.Order {
	s.t.Helper()
	var lines []order.Line
	for i := range n {
		s.addProduct(number3(i), 100, 9)
		lines = append(lines, line(number3(i), 100, 1))
	}
	return s.sold("many", lines...)
}

// wantAllReturned fails the test unless the units of the first n products are back, once, and of those from n to all
// none.
func (s *shop) wantAllReturned(n, all int) {
	s.t.Helper()
	for i := range all {
		if i < n {
			s.wantReturned(number3(i), 9, 1)
		} else {
			s.wantReturned(number3(i), 8, 0)
		}
	}
}

func (s *shop) finisher() *order.Finisher {
	return &order.Finisher{Progress: s.progressOver(nil), Unfinished: s.unfinished()}
}

func (s *shop) unfinished() *UnfinishedOrders {
	return &UnfinishedOrders{Client: s.client, Orders: s.tables.Name("Orders")}
}

// wantUnfinished fails the test unless these orders are being cancelled.
func (s *shop) wantUnfinished(want ...string) {
	s.t.Helper()
	got, err := s.unfinished().Cancelling(s.t.Context(), 9)
	if s.must(err); !slices.Equal(got, want) {
		s.t.Errorf("%q are being cancelled, want %q", got, want)
	}
}

// TestLargestCancellations: at once and in two, their actions, the mail's among them, are as many as a transaction
// takes.
func TestLargestCancellations(t *testing.T) {
	for _, n := range []int{order.MaxReturned, order.MaxProducts} {
		s := open(t)
		o := s.soldMany(n)
		before := s.faults.Calls("TransactWriteItems")
		got, changed, err := s.progress().Cancel(t.Context(), cat, o.ID)
		if s.must(err); !changed || got.Status != order.Cancelled {
			t.Errorf("%d products: got %s, changed %v", n, got.Status, changed)
		}
		s.wantAllReturned(n, n)
		s.wantUnfinished()
		made := s.faults.Calls("TransactWriteItems") - before
		if want := (n + order.MaxReturned - 1) / order.MaxReturned; made != want {
			t.Errorf("%d products: %d transactions, want %d", n, made, want)
		}
	}
}

// TestCancellationCutShort: between its two changes the order says so, has a part of its units back and no mail. The
// relay finds it and ends it, once.
func TestCancellationCutShort(t *testing.T) {
	s := open(t)
	o := s.soldMany(51)
	first := order.Change{From: order.Placed, To: order.Cancelling, By: cat.UserID, At: opened}
	s.must(s.progress().Orders.Change(t.Context(), o, first, ""))
	s.wantAllReturned(49, 51)
	s.wantUnfinished(o.ID)
	id, _ := notification.StatusMailID(o.ID, order.Cancelled)
	if s.item("Mails", mailKey(id)) != nil {
		t.Error("an order that is not cancelled yet has the mail")
	}
	var changed *order.StatusChangedError
	if err := s.progress().Orders.Change(t.Context(), o, first, ""); !errors.As(err, &changed) {
		t.Errorf("the first change again: got %v, want that it is cancelling", err)
	}
	for range 2 {
		s.must(second1(s.finisher().Run(t.Context(), opened.Add(1))))
		s.wantAllReturned(51, 51)
		s.wantUnfinished()
	}
	if item := s.item("Mails", mailKey(id)); !isPending(item) {
		t.Errorf("the mail is %v, want it pending", item)
	}
	got, err := s.progress().Orders.Stored(t.Context(), o.ID)
	s.must(err)
	want := fmt.Sprint([]order.Change{first, {From: order.Cancelling, To: order.Cancelled, By: cat.UserID, At: opened}})
	if got.Status != order.Cancelled || fmt.Sprint(got.Changes) != want {
		t.Errorf("got %s by %+v, want %s", got.Status, got.Changes, want)
	}
	last := order.Change{From: order.Cancelling, To: order.Cancelled, By: cat.UserID, At: opened}
	if err := s.progress().Orders.Change(t.Context(), o, last, ""); !errors.As(err, &changed) {
		t.Errorf("the last change again: got %v, want that it is cancelled", err)
	}
	s.wantAllReturned(51, 51)
}

func second1[A any](_ A, err error) error { return err }

// TestLargeCancellationsRace: with each other, a packing and the relay; some answers are lost. Either the order is
// packed and keeps all units, or it is cancelled in the end and each came back once.
func TestLargeCancellationsRace(t *testing.T) {
	for i := range 4 {
		s := open(t)
		o := s.soldMany(51)
		overlap := &awsfault.Overlap{Hold: time.Millisecond}
		s.faults.On("TransactWriteItems", awsfault.Lost, throttled, throttled)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { _, _, _ = s.progressOver(overlap).Cancel(t.Context(), cat, o.ID) })
			all.Go(func() { _, _, _ = s.progress().Cancel(t.Context(), cat, o.ID) })
			all.Go(func() { _, _ = s.finisher().Run(t.Context(), opened.Add(1)) })
		}
		if i%2 == 1 {
			all.Go(func() {
				packed := order.StatusRequest{OrderID: o.ID, To: order.Packed}
				_, _, _ = s.progressOver(overlap).Set(t.Context(), s.admin, packed)
			})
		}
		all.Wait()
		s.faults.Clear()
		s.must(second1(s.finisher().Run(t.Context(), opened.Add(1))))
		got, err := s.progress().Orders.Stored(t.Context(), o.ID)
		s.must(err)
		switch got.Status {
		case order.Packed:
			s.wantAllReturned(0, 51)
		case order.Cancelled:
			s.wantAllReturned(51, 51)
		default:
			t.Errorf("the order is %s by %+v", got.Status, got.Changes)
		}
	}
}

// TestStatusMails: pending from the change on that they tell of, and none before or beside it; erased with the order's.
func TestStatusMails(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 9)
	shipped, cancelled := s.sold("k", line("lamp", 100, 1)), s.sold("l", line("lamp", 100, 1))
	wantMails := func(o order.Order, want ...bool) {
		t.Helper()
		for i, id := range notification.OrderMailIDs(o.ID) {
			if item := s.item("Mails", mailKey(id)); (item != nil) != want[i] || want[i] && !isPending(item) {
				t.Errorf("%s is %+v, want it pending: %v", id, item, want[i])
			}
		}
	}
	s.must(second(s.progress().Set(t.Context(), s.admin, order.StatusRequest{OrderID: shipped.ID, To: order.Packed})))
	wantMails(shipped, true, false, false)
	next := order.StatusRequest{OrderID: shipped.ID, From: order.Packed, To: order.Shipped}
	s.must(second(s.progress().Set(t.Context(), s.admin, next)))
	wantMails(shipped, true, true, false)
	_, _, err := s.progress().Cancel(t.Context(), cat, shipped.ID)
	if err == nil {
		t.Error("an order that is shipped was cancelled")
	}
	s.must(second(s.progress().Cancel(t.Context(), cat, cancelled.ID)))
	wantMails(cancelled, true, false, true)
	s.must(s.personalData().Erase(t.Context(), cat.UserID))
	for _, o := range []order.Order{shipped, cancelled} {
		for _, id := range notification.OrderMailIDs(o.ID) {
			if item := s.item("Mails", mailKey(id)); item["address_hash"] != nil {
				t.Errorf("%s has a hash still", id)
			}
		}
	}
}

// TestStatusMailsOfAnErasure: an order that is shipped or cancelled between the erasure of its mails and its own leaves
// no hash in the mail that tells of it.
func TestStatusMailsOfAnErasure(t *testing.T) {
	for _, steps := range [][]order.Status{{order.Packed, order.Shipped}, {order.Cancelled}} {
		s := open(t)
		s.addProduct("lamp", 100, 9)
		o := s.sold("k", line("lamp", 100, 1))
		erased := len(notification.OrderMailIDs(o.ID))
		change := func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
			at := order.Placed
			for _, to := range steps {
				request := order.StatusRequest{OrderID: o.ID, From: at, To: to}
				if err := second(s.progress().Set(t.Context(), s.admin, request)); err != nil {
					t.Error(err)
				}
				at = to
			}
			return next.RoundTrip(r)
		}
		s.faults.On("UpdateItem", append(make([]awsfault.Fault, erased), change)...)
		s.must(s.personalData().Erase(t.Context(), cat.UserID))
		told, _ := notification.StatusMailID(o.ID, steps[len(steps)-1])
		if s.item("Mails", mailKey(told)) == nil {
			t.Fatalf("%v: there is no mail", steps)
		}
		for _, id := range notification.OrderMailIDs(o.ID) {
			if item := s.item("Mails", mailKey(id)); item["address_hash"] != nil {
				t.Errorf("%v: %s has a hash still", steps, id)
			}
		}
		if email := s.item("Orders", orderKey(o.ID))["email"]; fmt.Sprint(email) != fmt.Sprint(text("")) {
			t.Errorf("%v: the order has an address still", steps)
		}
	}
}

// TestErasureOfARestlessOrder: one that has another status each time is left to the next run.
func TestErasureOfARestlessOrder(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 9)
	o := s.sold("k", line("lamp", 100, 1))
	var faults []awsfault.Fault
	for i := range mostStatuses {
		faults = append(faults, make([]awsfault.Fault, len(notification.OrderMailIDs(o.ID)))...)
		faults = append(faults, awsfault.Answer(http.StatusBadRequest, fmt.Sprintf(
			`{"__type": "ConditionalCheckFailedException", "Item": {"status": {"S": "%d"}}}`, i)))
	}
	s.faults.On("UpdateItem", faults...)
	if err := s.personalData().Erase(t.Context(), cat.UserID); !errors.Is(err, order.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	s.must(s.personalData().Erase(t.Context(), cat.UserID))
	if email := s.item("Orders", orderKey(o.ID))["email"]; fmt.Sprint(email) != fmt.Sprint(text("")) {
		t.Error("the order has an address still")
	}
}

// TestStatusOfAnErasedOrder: an order that lost its address after it was read is not changed with a mail to it; it is
// when it is read again, without one.
func TestStatusOfAnErasedOrder(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 9)
	o := s.sold("k", line("lamp", 100, 1))
	s.must(s.personalData().Erase(t.Context(), cat.UserID))
	c := order.Change{From: order.Placed, To: order.Cancelled, By: cat.UserID, At: opened}
	if err := s.progress().Orders.Change(t.Context(), o, c, ""); !errors.Is(err, order.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	s.must(second(s.progress().Cancel(t.Context(), cat, o.ID)))
	if id, _ := notification.StatusMailID(o.ID, order.Cancelled); s.item("Mails", mailKey(id)) != nil {
		t.Error("there is a mail to nobody")
	}
	s.wantReturned("lamp", 9, 1)
}

func TestCancellationOfAnothers(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 9)
	o := s.sold("k", line("lamp", 100, 1))
	for _, id := range []string{o.ID, order.ID("usr_nobody", "k")} {
		_, _, err := s.progress().Cancel(t.Context(), user.Caller{UserID: "usr_dan"}, id)
		if !errors.Is(err, order.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", id, err)
		}
	}
}
