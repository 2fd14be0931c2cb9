package e2e

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	strict "github.com/go-json-experiment/json"
)

// TestRaceForTheLastUnits: 200 checkouts that race for 50 units are 50 orders,
// with a mail each, and nothing is left. 64 of them are under way at any time:
// each is a process on the machine that plays AWS.
func TestRaceForTheLastUnits(t *testing.T) {
	const buyers, checkouts, atATime, units = 20, 200, 64, 50
	p := newProduct(t, stocked(units))
	customers := newCustomers(t, buyers)
	answers := make([]answer, checkouts)
	atOnce(t, checkouts, atATime, func(i int) error {
		var err error
		key := fmt.Sprintf("race-%d", i)
		answers[i], err = place(customers[i%buyers], key, basket(one(p.ProductID))).untilNotBusy(t.Context())
		return err
	})
	sold := map[string]int{}
	for _, a := range answers {
		if a.status != http.StatusCreated {
			wantShort(t, a.refused(t, http.StatusConflict, "out_of_stock"), short(p.ProductID, 1, 0))
			continue
		}
		sold[decode[order](t, a).UserID]++
	}
	wantSold(t, customers, sold, units)
	wantStock(t, p.ProductID, 0)
}

// wantSold holds what was answered against what the history, each customer's
// list and the mailbox say.
func wantSold(t *testing.T, customers []caller, sold map[string]int, want int) {
	t.Helper()
	total := 0
	for _, c := range customers {
		n := sold[c.UserID]
		total += n
		settledOrders(t, history(admin(t)).with("customer", c.UserID), n)
		ownOrders(t, c, n)
	}
	if total != want {
		t.Errorf("%d checkouts were accepted, want %d", total, want)
	}
	mails := awaitMailsOf(t, customers, want)
	for _, c := range customers {
		if mails[c.Email] != sold[c.UserID] {
			t.Errorf("%d mails to a customer with %d orders", mails[c.Email], sold[c.UserID])
		}
	}
}

// awaitMailsOf counts the mails to each customer, once there are n to all.
func awaitMailsOf(t *testing.T, customers []caller, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	eventually(t, mailPatience, fmt.Sprintf("%d mails to the customers", n), func() bool {
		counts = mailCounts(t)
		sum := 0
		for _, c := range customers {
			sum += counts[c.Email]
		}
		return sum >= n
	})
	return counts
}

// TestRaceForMixedBaskets: goods in several baskets at once, in any order,
// are sold to the unit, and no basket is sold in part.
func TestRaceForMixedBaskets(t *testing.T) {
	t.Parallel()
	c, a, b := newCustomer(t), newProduct(t, stocked(12)).ProductID, newProduct(t, stocked(20)).ProductID
	baskets := []checkout{basket(some(a, 1), some(b, 2)), basket(some(b, 1), some(a, 2)), basket(some(a, 3))}
	var soldA, soldB atomic.Int64
	atOnce(t, 24, 24, func(i int) error {
		got, err := place(c, fmt.Sprintf("mixed-%d", i), baskets[i%3]).untilNotBusy(t.Context())
		if err != nil || got.status != http.StatusCreated {
			return err
		}
		var o order
		err = strict.Unmarshal(got.body, &o)
		for _, item := range o.Items {
			map[string]*atomic.Int64{a: &soldA, b: &soldB}[item.ProductID].Add(item.Quantity)
		}
		return err
	})
	wantStock(t, a, 12-soldA.Load())
	wantStock(t, b, 20-soldB.Load())
	if left := inventory(t, a).Stock; left > 0 && inventory(t, b).Stock > 1 {
		t.Errorf("%d units are left that a buyer would have taken", left)
	}
}

// TestOneKeySentTwentyTimesAtOnce: one order, one decrement, one mail.
func TestOneKeySentTwentyTimesAtOnce(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	again := place(c, unique(), basket(some(p.ProductID, 6)))
	answers := make([]answer, 20)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = again.untilNotBusy(t.Context())
		return err
	})
	want, first := decode[order](t, answers[0].want(t, http.StatusCreated)), 0
	for _, a := range answers {
		wantSameOrder(t, decode[order](t, a.want(t, http.StatusCreated)), want)
		if a.header.Get("Idempotent-Replayed") == "" {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d answers say that they placed the order, want 1", first)
	}
	wantStock(t, p.ProductID, 4)
	ownOrders(t, c, 1)
	awaitMails(t, c.Email, 1)
}

// TestTwoRequestsUnderOneKeyAtOnce: one of them is the order, the other is
// told so.
func TestTwoRequestsUnderOneKeyAtOnce(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t, stocked(plenty))
	key := unique()
	answers := make([]answer, 10)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = place(c, key, basket(some(p.ProductID, int64(i%2)+1))).untilNotBusy(t.Context())
		return err
	})
	bought := ownOrders(t, c, 1)[0].Items[0].Quantity
	for i, a := range answers {
		if int64(i%2)+1 == bought {
			a.want(t, http.StatusCreated)
			continue
		}
		a.refused(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
	}
	wantStock(t, p.ProductID, plenty-bought)
}

// TestAdminsAdjustAtOnce: no adjustment is lost, and the movements add up to the stock.
func TestAdminsAdjustAtOnce(t *testing.T) {
	t.Parallel()
	admins := []caller{admin(t), newAdmin(t)}
	p := newProduct(t, stocked(100))
	const each = 12
	atOnce(t, 2*each, 4, func(i int) error {
		delta := []int64{3, -1}[i%2]
		a, err := stockAdjust(admins[i%2], p.ProductID, adjustStock{delta, "counted"}).untilNotBusy(t.Context())
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("adjusting: %d %s", a.status, clip(a.body))
		}
		return err
	})
	wantStock(t, p.ProductID, 100+each*2)
	moves := allPages[movement](t, movementsOf(admins[0], p.ProductID))
	if len(moves) != 2*each+1 {
		t.Fatalf("%d movements, want %d", len(moves), 2*each+1)
	}
	wantSum(t, moves, 100+each*2)
}

// wantSum wants the movements to lead from 0 to the present stock. One that was made while another was under way has
// its delta alone.
func wantSum(t *testing.T, moves []movement, stock int64) {
	t.Helper()
	var sum int64
	for _, m := range moves {
		sum += m.Delta
		if known := m.Before != 0 || m.After != 0; known && m.After-m.Before != m.Delta {
			t.Errorf("movement = %+v, whose delta is not after less before", m)
		}
	}
	if sum != stock {
		t.Errorf("the movements add up to %d, and the stock is %d", sum, stock)
	}
}

// TestAdjustmentsAndSalesAtOnce: the sum is exact.
func TestAdjustmentsAndSalesAtOnce(t *testing.T) {
	t.Parallel()
	boss, c, p := admin(t), newCustomer(t), newProduct(t, stocked(100))
	const each = 12
	atOnce(t, 2*each, 4, func(i int) error {
		next, want := stockAdjust(boss, p.ProductID, adjustStock{5, "delivery"}), http.StatusOK
		if i%2 == 0 {
			next, want = place(c, fmt.Sprintf("sale-%d", i), basket(some(p.ProductID, 2))), http.StatusCreated
		}
		a, err := next.untilNotBusy(t.Context())
		if err == nil && a.status != want {
			err = fmt.Errorf("%s: %d %s", next.path, a.status, clip(a.body))
		}
		return err
	})
	wantStock(t, p.ProductID, 100+each*5-each*2)
}

// TestSetStockAtOnce: of several who saw the same count, one is right.
func TestSetStockAtOnce(t *testing.T) {
	t.Parallel()
	boss, p := admin(t), newProduct(t)
	answers := make([]answer, 6)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = stockSet(boss, p.ProductID, setStock{20 + int64(i), 10, "stocktake"}).
			untilNotBusy(t.Context())
		return err
	})
	accepted := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			accepted++
			continue
		}
		a.refused(t, http.StatusConflict, "stock_changed")
	}
	if accepted != 1 || len(allPages[movement](t, movementsOf(boss, p.ProductID))) != 2 {
		t.Errorf("%d stocktakes were accepted, want 1 and its movement", accepted)
	}
}
