package e2e

import (
	"net/http"
	"testing"
)

// TestRepeatedCheckout: the same key and request is the same order, once.
func TestRepeatedCheckout(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	again := place(c, unique(), basket(some(p.ProductID, 3)))
	first := send(t, again)
	want := accepted(t, first)
	for range 3 {
		a := send(t, again)
		wantSameOrder(t, replayed(t, a), want)
		if got := a.header.Get("Location"); got != first.header.Get("Location") {
			t.Errorf("Location = %q, want %q", got, first.header.Get("Location"))
		}
	}
	wantStock(t, p.ProductID, 7)
	ownOrders(t, c, 1)
	awaitMails(t, c.Email, 1)
}

// TestRepeatAfterTheStoreMovedOn: what was accepted stays accepted.
func TestRepeatAfterTheStoreMovedOn(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*testing.T, adminProduct){
		"sold out":  func(t *testing.T, p adminProduct) { restock(t, p.ProductID, 7, 0) },
		"repriced":  func(t *testing.T, p adminProduct) { resave(t, p, priced(9999)) },
		"renamed":   func(t *testing.T, p adminProduct) { resave(t, p, named("Renamed "+unique())) },
		"taken off": func(t *testing.T, p adminProduct) { resave(t, p, inactive) },
		"all of it": func(t *testing.T, p adminProduct) {
			restock(t, p.ProductID, 7, 0)
			resave(t, p, priced(1), inactive)
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			c, p := newCustomer(t), newProduct(t)
			total := pounds(3 * 1999)
			again := place(c, unique(), checkout{[]line{some(p.ProductID, 3)}, &total})
			want := accepted(t, send(t, again))
			change(t, p)
			wantSameOrder(t, replayed(t, send(t, again)), want)
			wantSameOrder(t, seeOrder(t, c, want.OrderID), want)
		})
	}
}

// TestSameRequest: in any order, and in as many lines as one likes, the same
// products in the same quantities are the same request.
func TestSameRequest(t *testing.T) {
	t.Parallel()
	c, lamp, vase := newCustomer(t), newProduct(t).ProductID, newProduct(t).ProductID
	key := unique()
	want := accepted(t, send(t, place(c, key, basket(some(lamp, 3), some(vase, 2)))))
	for name, body := range map[string]any{
		"other order": basket(some(vase, 2), some(lamp, 3)),
		"split lines": basket(some(lamp, 1), some(vase, 1), some(lamp, 2), some(vase, 1)),
		"other members": `{ "items" : [ {"quantity":3,"product_id":"` + lamp + `"}, {"quantity":2,"product_id":"` +
			vase + `"} ] }`,
	} {
		t.Run(name, func(t *testing.T) { wantSameOrder(t, replayed(t, send(t, place(c, key, body))), want) })
	}
	wantStock(t, lamp, 7)
	wantStock(t, vase, 8)
	ownOrders(t, c, 1)
}

// TestRefusedCheckoutIsNotRemembered: once it can be had, its key is good.
func TestRefusedCheckoutIsNotRemembered(t *testing.T) {
	t.Parallel()
	total := pounds(2500)
	tests := map[string]struct {
		saved  func(*saveProduct)
		status int
		mend   func(*testing.T, adminProduct)
	}{
		"sold out": {stocked(0), http.StatusConflict, func(t *testing.T, p adminProduct) {
			restock(t, p.ProductID, 0, 1)
		}},
		"taken off": {inactive, http.StatusNotFound, func(t *testing.T, p adminProduct) {
			resave(t, p, func(d *saveProduct) { d.Active = true })
		}},
		"repriced": {priced(2501), http.StatusConflict, func(t *testing.T, p adminProduct) {
			resave(t, p, priced(2500))
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, p := newCustomer(t), newProduct(t, priced(2500), tt.saved)
			again := place(c, unique(), checkout{[]line{one(p.ProductID)}, &total})
			send(t, again).want(t, tt.status)
			send(t, again).want(t, tt.status)
			tt.mend(t, p)
			accepted(t, send(t, again))
			replayed(t, send(t, again))
		})
	}
}

// TestKeysBelongToTheirCustomer: two customers may hit on the same key.
func TestKeysBelongToTheirCustomer(t *testing.T) {
	t.Parallel()
	p, key := newProduct(t), unique()
	seen := map[string]bool{}
	for _, c := range newCustomers(t, 2) {
		o := accepted(t, send(t, place(c, key, basket(one(p.ProductID)))))
		if o.UserID != c.UserID || seen[o.OrderID] {
			t.Errorf("order %s of %s, want one of %s's own", o.OrderID, o.UserID, c.UserID)
		}
		seen[o.OrderID] = true
	}
	wantStock(t, p.ProductID, 8)
}
