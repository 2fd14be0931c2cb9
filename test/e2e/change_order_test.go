package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func cancellation(from caller, orderID string) call {
	return call{method: "POST", path: "/orders/" + orderID + "/cancellation", from: from}
}

func statusSet(from caller, orderID string, body any) call {
	return call{method: "PUT", path: "/admin/orders/" + orderID + "/status", from: from, body: body}
}

func to(status, from, tracking string) setStatus {
	return setStatus{Status: status, CompareStatus: from, Tracking: tracking}
}

// step has an admin change an order's status.
func step(t *testing.T, orderID, from, status string) order {
	t.Helper()
	c := statusSet(admin(t), orderID, to(status, from, ""))
	return decode[order](t, send(t, c).want(t, http.StatusOK))
}

// wantChanges compares the changes of an order, but for their times.
func wantChanges(t *testing.T, o order, status string, want ...statusChange) {
	t.Helper()
	got := slices.Clone(o.Changes)
	for i := range got {
		wantNow(t, "at", got[i].At)
		got[i].At = ""
	}
	if o.Status != status || !slices.Equal(got, want) {
		t.Errorf("the order is %s by %+v, want %s by %+v", o.Status, got, status, want)
	}
}

// TestCancelOrder: the units come back once, with a movement that names the order; the lists and the summary follow; a
// repeat of the cancellation is answered again, and one of the checkout as before.
func TestCancelOrder(t *testing.T) {
	t.Parallel()
	c, p, key := newCustomer(t), newProduct(t), unique()
	o := accepted(t, send(t, place(c, key, basket(some(p.ProductID, 3)))))
	for range 2 {
		got := decode[order](t, send(t, cancellation(c, o.OrderID)).want(t, http.StatusOK))
		wantChanges(t, got, "cancelled", statusChange{From: "placed", Status: "cancelled", By: "customer"})
	}
	wantStock(t, p.ProductID, 10)
	if again := replayed(t, send(t, place(c, key, basket(some(p.ProductID, 3))))); again.Status != "placed" {
		t.Errorf("a repeat of the checkout is answered %s, want placed", again.Status)
	}
	wantChanges(t, seeOrder(t, c, o.OrderID), "cancelled", statusChange{From: "placed", Status: "cancelled", By: "customer"})
	moved := allPages[movement](t, movementsOf(admin(t), p.ProductID))
	if m := moved[0]; len(moved) != 2 || m.OrderID != o.OrderID || m.Delta != 3 || m.By != c.UserID {
		t.Errorf("movements = %+v, want 3 units of %s back, once", moved, o.OrderID)
	}
	eventually(t, 10*time.Second, "the lists say that it is cancelled", func() bool {
		all := call{method: "GET", path: "/admin/orders", from: admin(t)}.with("customer", c.UserID)
		return ownOrders(t, c, 1)[0].Status == "cancelled" && allPages[order](t, all)[0].Status == "cancelled"
	})
}

// TestStatusMails: one on shipped and one on cancelled, with what they tell, and none on the rest.
func TestStatusMails(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	o := newOrder(t, c, one(p.ProductID))
	step(t, o.OrderID, "placed", "packed")
	send(t, statusSet(admin(t), o.OrderID, to("shipped", "packed", "RM 1234"))).want(t, http.StatusOK)
	step(t, o.OrderID, "shipped", "delivered")
	other := newOrder(t, c, one(p.ProductID))
	send(t, cancellation(c, other.OrderID)).want(t, http.StatusOK)
	var told []string
	for _, m := range awaitMails(t, c.Email, 4) {
		if !m.tellsAStatus() {
			continue
		}
		if of := (map[bool]string{true: other.OrderID, false: o.OrderID})[strings.Contains(m.BodyText, "cancelled")]; !strings.Contains(m.BodyText, of) {
			t.Errorf("a mail is not about %s:\n%s", of, m.BodyText)
		}
		told = append(told, m.BodyText)
	}
	if all := strings.Join(told, ""); len(told) != 2 || !strings.Contains(all, "RM 1234") || !strings.Contains(all, p.Name) {
		t.Errorf("got %q, want one that tells the parcel and one of the cancelled order", told)
	}
}

func TestCancelOrderRefused(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	o := newOrder(t, c, one(p.ProductID))
	send(t, cancellation(newCustomer(t), o.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	send(t, cancellation(c, "ord_"+strings.Repeat("a", 26))).refused(t, http.StatusNotFound, "order_not_found")
	step(t, o.OrderID, "placed", "packed")
	refused := send(t, cancellation(c, o.OrderID)).refused(t, http.StatusConflict, "status_changed")
	if refused.OrderStatus != "packed" {
		t.Errorf("order_status = %q, want packed", refused.OrderStatus)
	}
	wantStock(t, p.ProductID, 9)
}

func TestCancelOrderOfManyProducts(t *testing.T) {
	t.Parallel()
	c, ids := newCustomer(t), newProducts(t, 50)
	var lines []line
	for _, id := range ids {
		lines = append(lines, one(id))
	}
	largest := newOrder(t, c, lines[:49]...)
	send(t, cancellation(c, largest.OrderID)).want(t, http.StatusOK)
	for _, id := range ids {
		wantStock(t, id, 10)
	}
	send(t, cancellation(c, newOrder(t, c, lines...).OrderID)).refused(t, http.StatusConflict, "order_too_large")
}

func TestOrderStatus(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	packed := statusChange{From: "placed", Status: "packed", By: "shop"}
	shipped := statusChange{From: "packed", Status: "shipped", By: "shop"}
	delivered := statusChange{From: "shipped", Status: "delivered", By: "shop"}
	wantChanges(t, step(t, o.OrderID, "placed", "packed"), "packed", packed)
	ship := statusSet(admin(t), o.OrderID, to("shipped", "packed", "RM 1"))
	for range 2 { // a repeat is answered again
		got := decode[order](t, send(t, ship).want(t, http.StatusOK))
		wantChanges(t, got, "shipped", packed, shipped)
	}
	step(t, o.OrderID, "shipped", "delivered")
	got := seeOrder(t, c, o.OrderID)
	wantChanges(t, got, "delivered", packed, shipped, delivered)
	if got.Tracking != "RM 1" {
		t.Errorf("tracking = %q, want RM 1", got.Tracking)
	}
}

func TestOrderStatusRefused(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	o := newOrder(t, newCustomer(t), some(p.ProductID, 2))
	step(t, o.OrderID, "placed", "packed")
	refused := send(t, statusSet(admin(t), o.OrderID, to("cancelled", "placed", ""))).
		refused(t, http.StatusConflict, "status_changed")
	if refused.OrderStatus != "packed" {
		t.Errorf("order_status = %q, want packed", refused.OrderStatus)
	}
	for field, body := range map[string]any{
		"status":         to("delivered", "packed", ""),
		"compare_status": to("shipped", "wrapped", ""),
		"tracking":       to("cancelled", "packed", "RM 1"),
	} {
		bad := send(t, statusSet(admin(t), o.OrderID, body)).refused(t, http.StatusBadRequest, "invalid_request")
		if bad.Errors[0].Field != field {
			t.Errorf("errors = %+v, want one of %s", bad.Errors, field)
		}
	}
	nobodys := statusSet(admin(t), "ord_"+strings.Repeat("a", 26), to("packed", "placed", ""))
	send(t, nobodys).refused(t, http.StatusNotFound, "order_not_found")
	wantChanges(t, step(t, o.OrderID, "packed", "cancelled"), "cancelled",
		statusChange{From: "placed", Status: "packed", By: "shop"}, statusChange{From: "packed", Status: "cancelled", By: "shop"})
	wantStock(t, p.ProductID, 10)
}

// TestCallsOfCancellation: the order is read, then the stocks, then all is written, and the event sent; and its mail takes
// four.
func TestCallsOfCancellation(t *testing.T) {
	c, p := newCustomer(t), newProduct(t, stocked(100))
	var orders []order
	for range 9 { // as often as wantCalls may do it
		orders = append(orders, newOrder(t, c, one(p.ProductID)))
	}
	wantCalls(t, budget{8, map[string]int{"GetItem": 1, "TransactWriteItems": 1}}, func() {
		send(t, cancellation(c, orders[0].OrderID)).want(t, http.StatusOK)
		orders = orders[1:]
	})
}
