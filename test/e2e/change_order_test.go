package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/test/faultproxy"
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
	wantChanges(t, seeOrder(t, c, o.OrderID), "cancelled",
		statusChange{From: "placed", Status: "cancelled", By: "customer"})
	moved := allPages[movement](t, movementsOf(admin(t), p.ProductID))
	if m := moved[0]; len(moved) != 2 || m.OrderID != o.OrderID || m.Delta != 3 || m.By != c.UserID {
		t.Errorf("movements = %+v, want 3 units of %s back, once", moved, o.OrderID)
	}
	eventually(t, time.Minute, "the lists say that it is cancelled", func() bool {
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
		if of := (map[bool]string{
			true: other.OrderID, false: o.OrderID,
		})[strings.Contains(m.BodyText, "cancelled")]; !strings.Contains(m.BodyText, of) {
			t.Errorf("a mail is not about %s:\n%s", of, m.BodyText)
		}
		told = append(told, m.BodyText)
	}
	if all := strings.Join(told, ""); len(told) != 2 || !strings.Contains(all, "RM 1234") ||
		!strings.Contains(all, p.Name) {
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

// someOfEach are lines of one unit each.
func someOfEach(ids []string) []line {
	lines := make([]line, len(ids))
	for i, id := range ids {
		lines[i] = one(id)
	}
	return lines
}

// wantStocks fails the test unless the first n products have 10 units, and the others 9.
func wantStocks(t *testing.T, ids []string, n int) {
	t.Helper()
	for i, id := range ids {
		if i < n {
			wantStock(t, id, 10)
		} else {
			wantStock(t, id, 9)
		}
	}
}

// inTwo are the changes of an order of many products that its customer cancelled.
var inTwo = []statusChange{
	{From: "placed", Status: "cancelling", By: "customer"}, {From: "cancelling", Status: "cancelled", By: "customer"},
}

func TestCancelOrderOfManyProducts(t *testing.T) {
	t.Parallel()
	c, ids := newCustomer(t), newProducts(t, 98)
	for n, want := range map[int][]statusChange{
		49: {{From: "placed", Status: "cancelled", By: "customer"}}, 98: inTwo,
	} {
		o := newOrder(t, c, someOfEach(ids[:n])...)
		got := decode[order](t, send(t, cancellation(c, o.OrderID)).want(t, http.StatusOK))
		wantChanges(t, got, "cancelled", want...)
		wantStocks(t, ids, len(ids))
	}
}

// TestCancellationKilledBetween: the process is killed when half of the units are back. Nobody but the relay goes on;
// then all are back, once, and one mail tells it.
func TestCancellationKilledBetween(t *testing.T) {
	c, ids := newCustomer(t), newProducts(t, 98)
	o := newOrder(t, c, someOfEach(ids)...)
	awaitMails(t, c.Email, 1)
	release := faulty(t,
		faultproxy.Rule{Operation: "TransactWriteItems", Fault: faultproxy.KilledAfter, Share: 1, Times: 1},
		faultproxy.Rule{Operation: "TransactWriteItems", Fault: faultproxy.Refused, Share: 1})
	if a, err := cancellation(c, o.OrderID).exchange(t.Context()); err == nil {
		t.Errorf("the cancellation was answered %d: %s", a.status, clip(a.body))
	}
	wantChanges(t, seeOrder(t, c, o.OrderID), "cancelling", inTwo[:1]...)
	wantStocks(t, ids, 49)
	release()
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
	wantChanges(t, seeOrder(t, c, o.OrderID), "cancelled", inTwo...)
	wantStocks(t, ids, 98)
	for _, id := range []string{ids[0], ids[97]} {
		if moved := allPages[movement](t, movementsOf(admin(t), id)); len(moved) != 2 || moved[0].OrderID != o.OrderID {
			t.Errorf("movements of %s = %+v, want one of %s", id, moved, o.OrderID)
		}
	}
	if mails := awaitMails(t, c.Email, 2); !strings.Contains(mails[0].BodyText+mails[1].BodyText, "cancelled") {
		t.Errorf("mails = %+v, want one of the cancelled order", mails)
	}
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
	for range 2 {
		step(t, o.OrderID, "shipped", "delivered")
	}
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
		statusChange{From: "placed", Status: "packed", By: "shop"},
		statusChange{From: "packed", Status: "cancelled", By: "shop"})
	wantStock(t, p.ProductID, 10)
}

// TestCallsOfCancellation: the order is read, then the stocks, then all is written, and the event sent; and its mail
// takes four.
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

// TestCallsOfLargeCancellation: for each of its two halves the stocks are read and all is written.
func TestCallsOfLargeCancellation(t *testing.T) {
	c, ids := newCustomer(t), newProducts(t, 50)
	var orders []order
	for range 9 {
		orders = append(orders, newOrder(t, c, someOfEach(ids)...))
	}
	most := budget{10, map[string]int{"GetItem": 1, "TransactWriteItems": 2}}
	wantCalls(t, most, func() {
		send(t, cancellation(c, orders[0].OrderID)).want(t, http.StatusOK)
		orders = orders[1:]
	})
}
