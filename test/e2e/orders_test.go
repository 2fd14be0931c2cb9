package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func place(from caller, key string, body any) call {
	return call{method: "POST", path: "/orders", from: from, key: key, body: body}
}

func basket(lines ...line) checkout { return checkout{Items: lines} }

// some is a line of so many units of a product.
func some(id string, units int64) line { return line{ProductID: id, Quantity: units} }

func one(id string) line { return some(id, 1) }

// newOrder places an order that must be accepted, under a fresh key.
func newOrder(t *testing.T, from caller, lines ...line) order {
	t.Helper()
	return accepted(t, send(t, place(from, unique(), basket(lines...))))
}

// accepted is the order of a checkout accepted for the first time.
func accepted(t *testing.T, a answer) order {
	t.Helper()
	if got := a.want(t, http.StatusCreated).header.Get("Idempotent-Replayed"); got != "" {
		t.Fatalf("Idempotent-Replayed = %q on a first answer, want none", got)
	}
	o := decode[order](t, a)
	if o.EmailStatus != "pending" {
		t.Errorf("email_status of a first answer = %q, want pending", o.EmailStatus)
	}
	return o
}

// replayed is the order of a checkout that was accepted before.
func replayed(t *testing.T, a answer) order {
	t.Helper()
	if got := a.want(t, http.StatusCreated).header.Get("Idempotent-Replayed"); got != "true" {
		t.Fatalf("Idempotent-Replayed = %q, want true", got)
	}
	return decode[order](t, a)
}

func getOrder(from caller, id string) call {
	return call{method: "GET", path: "/orders/" + id, from: from}
}

func seeOrder(t *testing.T, from caller, id string) order {
	t.Helper()
	return decode[order](t, send(t, getOrder(from, id)).want(t, http.StatusOK))
}

// byID sorts lines, whose order the contract leaves open.
func byID(o order) order {
	o.Items = slices.SortedFunc(slices.Values(o.Items), func(a, b orderLine) int {
		return strings.Compare(a.ProductID, b.ProductID)
	})
	return o
}

func wantSameOrder(t *testing.T, got, want order) {
	t.Helper()
	if g, w := byID(got.Listed()), byID(want.Listed()); !equalJSON(g, w) {
		t.Errorf("order = %+v, want %+v", g, w)
	}
}

// bought is the line of an order for n of the product.
func bought(p adminProduct, n int64) orderLine {
	return orderLine{
		ProductID: p.ProductID, Name: p.Name, UnitPrice: p.Price, Quantity: n, LineTotal: pounds(p.Price.Amount * n),
	}
}

// ownOrders is the customer's list, once it holds n orders.
func ownOrders(t *testing.T, from caller, n int) []order {
	t.Helper()
	return settledOrders(t, call{method: "GET", path: "/orders", from: from}, n)
}

// settledOrders reads a list of orders until it holds n: lists may lag.
func settledOrders(t *testing.T, c call, n int) []order {
	t.Helper()
	var orders []order
	eventually(t, time.Minute, "the list holds every order", func() bool {
		orders = allPages[order](t, c)
		return len(orders) >= n
	})
	if len(orders) != n {
		t.Fatalf("%s lists %d orders, want %d", c.path, len(orders), n)
	}
	return orders
}
