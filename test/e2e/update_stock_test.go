package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

func movementsOf(from caller, id string) call {
	return call{method: "GET", path: "/admin/products/" + id + "/stock/movements", from: from}
}

var movementID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestSetStock(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	got := decode[stock](t,
		send(t, stockSet(admin(t), p.ProductID, setStock{43, 10, "delivery"})).want(t, http.StatusOK))
	wantNow(t, "updated_at", got.UpdatedAt)
	if want := (stock{p.ProductID, 43, got.UpdatedAt}); got != want {
		t.Errorf("stock = %+v, want %+v", got, want)
	}
	wantStock(t, p.ProductID, 43)
}

// TestSetStockChanged: who counted before a sale is told what is there now.
func TestSetStockChanged(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	newOrder(t, newCustomer(t), some(p.ProductID, 3))
	refused := send(t, stockSet(admin(t), p.ProductID, setStock{40, 10, "stocktake"})).
		refused(t, http.StatusConflict, "stock_changed")
	if refused.Quantity == nil || *refused.Quantity != 7 {
		t.Errorf("quantity = %v, want 7", refused.Quantity)
	}
	wantStock(t, p.ProductID, 7)
	restock(t, p.ProductID, 7, 0)
	restock(t, p.ProductID, 0, 1_000_000_000)
}

func TestAdjustStock(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	for _, step := range []struct{ delta, want int64 }{
		{-3, 7}, {5, 12}, {-12, 0}, {1_000_000_000, 1_000_000_000}, {-1_000_000_000, 0},
	} {
		a := send(t, stockAdjust(admin(t), p.ProductID, adjustStock{step.delta, "damaged"})).want(t, http.StatusOK)
		if got := decode[stock](t, a); got.Quantity != step.want || got.ProductID != p.ProductID {
			t.Errorf("after %+d: %+v, want %d", step.delta, got, step.want)
		}
		wantStock(t, p.ProductID, step.want)
	}
}

func TestAdjustStockBelowZero(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	send(t, stockAdjust(admin(t), p.ProductID, adjustStock{-11, "lost"})).
		refused(t, http.StatusConflict, "insufficient_stock")
	wantStock(t, p.ProductID, 10)
	if got := allPages[movement](t, movementsOf(admin(t), p.ProductID)); len(got) != 1 {
		t.Errorf("movements = %+v, want the first stock alone", got)
	}
}

// TestMovements: every change is on record, who, when, from what to what and
// why, newest first; a sale is an order and no movement.
func TestMovements(t *testing.T) {
	t.Parallel()
	first, second := admin(t), newAdmin(t)
	p := newProduct(t)
	newOrder(t, newCustomer(t), some(p.ProductID, 2))
	send(t, stockSet(second, p.ProductID, setStock{20, 8, "délivrée <b>"})).want(t, http.StatusOK)
	send(t, stockAdjust(first, p.ProductID, adjustStock{-5, strings.Repeat("é", 200)})).want(t, http.StatusOK)
	got := allPages[movement](t, movementsOf(first, p.ProductID))
	want := []movement{
		{Before: 20, After: 15, Delta: -5, Reason: strings.Repeat("é", 200), By: first.UserID},
		{Before: 8, After: 20, Delta: 12, Reason: "délivrée <b>", By: second.UserID},
		{Before: 0, After: 10, Delta: 10, Reason: "initial stock", By: first.UserID},
	}
	if len(got) != len(want) {
		t.Fatalf("movements = %+v, want %d", got, len(want))
	}
	for i, m := range got {
		wantNow(t, "moved_at", m.MovedAt)
		if !movementID.MatchString(m.MovementID) {
			t.Errorf("movement_id = %q, want a UUIDv7", m.MovementID)
		}
		want[i].MovementID, want[i].MovedAt, want[i].ProductID = m.MovementID, m.MovedAt, p.ProductID
		if m != want[i] {
			t.Errorf("movement %d = %+v, want %+v", i, m, want[i])
		}
	}
	wantPages[movement](t, movementsOf(first, p.ProductID), "2", 2, 1)
	wantPages[movement](t, movementsOf(first, p.ProductID), "3", 3)
}

// TestAdjustStockOnce: with a key, what is repeated is answered what was recorded, at once with others or after the
// stock went; another adjustment under it is refused, and another admin's key is another.
func TestAdjustStockOnce(t *testing.T) {
	t.Parallel()
	p, boss, key := newProduct(t), newAdmin(t), unique()
	taken := stockAdjust(boss, p.ProductID, adjustStock{-8, "damaged"}).keyed(key)
	answers := make([]answer, 6)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = taken.untilNotBusy(t.Context())
		return err
	})
	first := decode[stock](t, answers[0].want(t, http.StatusOK))
	for _, a := range append(answers, send(t, taken)) { // 2 are left
		if got := decode[stock](t, a.want(t, http.StatusOK)); got != first || got.Quantity != 2 {
			t.Errorf("answered %+v and %+v, want 2 units in both", first, got)
		}
	}
	for _, other := range []adjustStock{{-1, "damaged"}, {-8, "lost"}} {
		send(t, stockAdjust(boss, p.ProductID, other).keyed(key)).refused(t, http.StatusUnprocessableEntity,
			"idempotency_key_reused")
	}
	send(t, stockAdjust(admin(t), p.ProductID, adjustStock{1, "found"}).keyed(key)).want(t, http.StatusOK)
	wantStock(t, p.ProductID, 3)
	if got := allPages[movement](t, movementsOf(boss, p.ProductID)); len(got) != 3 || got[1].Delta != -8 ||
		got[1].MovementID == got[0].MovementID {
		t.Errorf("movements = %+v, want one found, one of -8 and the first stock", got)
	}
}
