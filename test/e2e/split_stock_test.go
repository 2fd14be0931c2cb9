package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestSplitStock: the operator splits a stock and puts it together; customers and admins see one stock all the while,
// and its lists once the relay has summed it.
func TestSplitStock(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	split := func(counters, want string) {
		t.Helper()
		if out := operator(t, "split-stock", p.ProductID, counters); !strings.Contains(out, p.ProductID+want) {
			t.Errorf("shop split-stock %s said %q, want %q", counters, out, want)
		}
	}
	split("4", " has 10 units on 4 counters")
	customer := newCustomer(t)
	o := newOrder(t, customer, some(p.ProductID, 8))
	wantStock(t, p.ProductID, 2)
	send(t, place(customer, "three", basket(some(p.ProductID, 3)))).refused(t, http.StatusConflict, "out_of_stock")
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Errorf("the relay: %s", out)
	}
	resave(t, p, named("A "+p.ProductID))
	restock(t, p.ProductID, 2, 30)
	send(t, stockAdjust(admin(t), p.ProductID, adjustStock{-5, "damaged"})).want(t, http.StatusOK)
	send(t, call{method: "POST", path: "/orders/" + o.OrderID + "/cancellation", from: customer}).want(t, http.StatusOK)
	wantStock(t, p.ProductID, 33)
	split("1", " has 33 units, and its stock is not split")
	wantStock(t, p.ProductID, 33)
	if out, failed := operatorSays(t, "split-stock", "no-such-product", "2"); !failed ||
		!strings.Contains(out, "has no product no-such-product") {
		t.Errorf("of no product shop split-stock said %q", out)
	}
}
