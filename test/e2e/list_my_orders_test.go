package e2e

import (
	"reflect"
	"slices"
	"testing"
)

func myOrders(from caller) call { return call{method: "GET", path: "/orders", from: from} }

// placeSome places n orders one after the other and returns them newest first.
func placeSome(t *testing.T, from caller, n int) []order {
	t.Helper()
	p := newProduct(t, stocked(plenty))
	var placed []order
	for i := range n {
		placed = append(placed, newOrder(t, from, some(p.ProductID, int64(i)+1)))
	}
	slices.Reverse(placed)
	return placed
}

func wantOrders(t *testing.T, got, want []order) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d orders, want %d", len(got), len(want))
	}
	for i := range got {
		if g, w := got[i], byID(want[i].Listed()); !reflect.DeepEqual(byID(g), w) {
			t.Errorf("order %d = %+v, want %+v", i, g, w)
		}
	}
}

// TestListMyOrders: newest first, as they were placed, without the mail's state.
func TestListMyOrders(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	if got := pageOf[order](t, myOrders(c)); len(got.Items) != 0 || got.NextCursor != nil {
		t.Errorf("before the first order: %+v", got)
	}
	want := placeSome(t, c, 5)
	wantOrders(t, ownOrders(t, c, 5), want)
	for size, sizes := range map[string][]int{"1": {1, 1, 1, 1, 1}, "2": {2, 2, 1}, "5": {5}} {
		wantPages[order](t, myOrders(c), size, sizes...)
	}
}

// TestListMyOrdersShowsOwnOnly, an admin's own too.
func TestListMyOrdersShowsOwnOnly(t *testing.T) {
	t.Parallel()
	a, b, boss := newCustomer(t), newCustomer(t), newAdmin(t)
	want := map[string][]order{
		a.UserID: placeSome(t, a, 2), b.UserID: placeSome(t, b, 1), boss.UserID: placeSome(t, boss, 1),
	}
	for _, c := range []caller{a, b, boss} {
		wantOrders(t, ownOrders(t, c, len(want[c.UserID])), want[c.UserID])
	}
}
