package dynamostore

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/clock"
	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

// sdkAttempts is how many attempts the SDK makes of a call, all with one client request token.
const sdkAttempts = 3

// TestUnknownOutcomesAreNotRepeated: when all answers of the SDK's attempts were lost, or told of a failure, nobody
// knows whether a transaction was carried out. A repeat of ours could meet what it did itself, and be refused for it;
// the customer's settles it.
func TestUnknownOutcomesAreNotRepeated(t *testing.T) {
	lost, failed := awsfault.Fault(awsfault.Lost), awsfault.Error(500, "InternalServerError")
	for name, fault := range map[string]awsfault.Fault{
		"Place": lost, "Create": lost, "Update": failed, "count a guess": lost, "begin a session": failed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			w := writes[name](s)
			s.hurry()
			before := s.faults.Calls(w.operation)
			s.faults.On(w.operation, awsfault.Times(20, fault)...)
			if err := w.do(t.Context()); !isBusy(err) {
				t.Errorf("got %v, want an error that asks for a repeat", err)
			}
			if calls := s.faults.Calls(w.operation) - before; calls != sdkAttempts {
				t.Errorf("%d calls, want the SDK's %d", calls, sdkAttempts)
			}
			s.faults.Clear()
		})
	}
}

// TestPauseHasJitter: those who met at one item do not meet there again. Of twenty waits of at most 400 ms one is under
// the half, but for a chance of one in a million.
func TestPauseHasJitter(t *testing.T) {
	const most = 400 * time.Millisecond
	waits := make([]time.Duration, 20)
	synctest.Test(t, func(t *testing.T) { // a machine that stood still would wait longer
		for i := range waits {
			began := time.Now()
			sleepWithJitter(t.Context(), most)
			waits[i] = time.Since(began)
		}
	})
	if shortest := slices.Min(waits); shortest > most/2 {
		t.Errorf("the shortest of %d waits took %s: they wait as long as each other", len(waits), shortest)
	}
	if longest := slices.Max(waits); longest < most/2 {
		t.Errorf("the longest of %d waits took %s, want up to %s", len(waits), longest, most)
	}
}

// TestTenBuyersWhoOverlap: each item is held for the length of the transaction that writes it, so buyers at once meet
// conflicts, as in DynamoDB. All units are sold, none twice. Who is told to ask again does so, as the page would.
func TestTenBuyersWhoOverlap(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 4)
	overlap := &awsfault.Overlap{Hold: 5 * time.Millisecond}
	var all sync.WaitGroup
	results := make([]error, 10)
	for i := range results {
		all.Go(func() {
			checkout := &order.Checkout{
				Store: s.checkoutOver(overlap).CheckoutStore, Currency: "GBP", Now: clock.Now,
				Announce: func(context.Context, string) error { return nil },
			}
			request := order.Request{
				Customer: user.Caller{UserID: "usr_1"}, IdempotencyKey: number3(i),
				Items: []order.Item{{ProductID: "lamp", Quantity: 1}},
			}
			for results[i] = order.ErrBusy; errors.Is(results[i], order.ErrBusy); {
				_, _, results[i] = checkout.Do(t.Context(), request)
			}
		})
	}
	all.Wait()
	sold := 0
	for _, err := range results {
		var short *order.OutOfStockError
		switch {
		case err == nil:
			sold++
		case !errors.As(err, &short):
			t.Error(err)
		}
	}
	if left := s.left("lamp"); sold != 4 || left != 0 {
		t.Errorf("%d sold and %d left, want 4 and 0", sold, left)
	}
	if overlap.Conflicts() == 0 {
		t.Error("nobody met a conflict")
	}
}

// TestACheckoutIsBusySoon: conflicts, and a mark that moves, again and again, end after two seconds in all, and not
// after two for each stock that was told, which would be never while there are faults.
func TestACheckoutIsBusySoon(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 10)
	began, calls, threshold := time.Now(), 0, int64(5)
	conflict := awsfault.Canceled("TransactionConflict", "None", "TransactionConflict")
	s.faults.On("TransactWriteItems", awsfault.Times(10_000, func(
		next http.RoundTripper, r *http.Request,
	) (*http.Response, error) {
		if calls++; calls%5 != 0 {
			return conflict(next, r)
		}
		threshold = 14 - threshold // the stock of 10 is low, and is not
		s.change("Products", productKey("lamp", salePart), "SET low_at = :n", attributes{":n": number(threshold)})
		return next.RoundTrip(r)
	})...)
	checkout := &order.Checkout{
		Store: s.checkout().CheckoutStore, Currency: "GBP", Now: clock.Now,
		Announce: func(context.Context, string) error { return nil },
	}
	_, _, err := checkout.Do(t.Context(), order.Request{
		Customer: user.Caller{UserID: "usr_1"}, IdempotencyKey: "k",
		Items: []order.Item{{ProductID: "lamp", Quantity: 1}},
	})
	if took := time.Since(began); !errors.Is(err, order.ErrBusy) || took > 30*time.Second || calls < 5 {
		t.Errorf("got %v after %s and %d calls, want ErrBusy after two seconds", err, took, calls)
	}
}

// TestLeftOutOfBatches: whatever key DynamoDB leaves for another call, each batch is read to its end, with the
// consistency that it began with.
func TestLeftOutOfBatches(t *testing.T) {
	s := open(t)
	o := s.ordered()
	s.faults.On("BatchGetItem", awsfault.LeaveOut, awsfault.LeaveOut)
	if _, status, err := s.orderReader().View(t.Context(), usr1, o.ID); err != nil || status != order.EmailPending {
		t.Errorf("viewing: got %s, %v, want pending", status, err)
	}
	s.faults.On("BatchGetItem", awsfault.LeaveOut)
	if left := s.left("lamp"); left != 4 {
		t.Errorf("an admin sees %d, want 4", left)
	}
	s.faults.On("BatchGetItem", awsfault.LeaveOut)
	if _, err := s.confirmations().ForMail(t.Context(), o.ID, hash); err != nil {
		t.Errorf("for its mail: %v", err)
	}
}

// TestTornBatch: a batch is no snapshot. An order that is committed between the read of its mail and its own has a mail
// that is pending, whichever of the two is read first; one that is not there yet is not found.
func TestTornBatch(t *testing.T) {
	for _, first := range []string{"Mails", "Orders"} {
		t.Run(first+" first", func(t *testing.T) {
			s := open(t)
			s.addProduct("lamp", 1, 5)
			o := newOrder("usr_1", "k", opened, line("lamp", 1, 1))
			s.faults.On("BatchGetItem",
				awsfault.Torn(s.tables.Name(first), func() { s.must(s.checkoutOver(nil).Place(t.Context(), o)) }))
			_, status, err := s.orderReader().View(t.Context(), usr1, o.ID)
			if first == "Mails" && (err != nil || status != order.EmailPending) {
				t.Errorf("got %s, %v, want pending", status, err)
			}
			if first == "Orders" && !errors.Is(err, order.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		})
	}
}
