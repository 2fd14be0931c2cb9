package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"shop/test/alarms"
)

const syntheticProduct = "synthetic-product"

var syntheticOnce sync.Once

// synthetic makes the product of the synthetic customer, and has it sign up,
// which its first visit does and says by failing. A store that is used again has
// both.
func synthetic(t *testing.T) {
	t.Helper()
	needAWS(t)
	syntheticOnce.Do(func() {
		saved := send(t, save(admin(t), syntheticProduct, productDraft(withoutStock)))
		if saved.status != http.StatusCreated {
			saved.want(t, http.StatusOK)
			return
		}
		restock(t, syntheticProduct, 0, 1000)
		out := string(invoke(t, "SyntheticCustomerFunction", map[string]any{}))
		if !strings.Contains(out, "shop verify-user") {
			t.Fatalf("the first visit answered %s", out)
		}
	})
}

// visited has the synthetic customer visit, and returns what the functions
// logged, and what Lambda counted. A mail whose event the queue did not take
// within half a second comes too late for a visit: then it visits again.
func visited(t *testing.T) (lines []string, counted alarms.Series) {
	t.Helper()
	synthetic(t)
	answer := " is pending still: "
	for tries := 0; tries < 3 && strings.Contains(answer, " is pending still: "); tries++ {
		lines = linesWhile(t, func() { answer = string(invoke(t, "SyntheticCustomerFunction", map[string]any{})) })
		counted = alarms.Series{}
		countRun(counted, "SyntheticCustomer", answer)
	}
	return lines, counted
}

// TestSyntheticCustomer: over HTTP, with a password of Secrets Manager, it
// orders and gets its mail; it is counted apart, and no admin's list has it.
func TestSyntheticCustomer(t *testing.T) {
	needAWS(t)
	other := placeSome(t, newCustomer(t), 1)[0]
	counted := alarms.Series{}
	id := ""
	lines, _ := visited(t)
	for _, line := range lines {
		name, text, _ := strings.Cut(line, " ")
		if strings.Contains(text, "Synthetic") {
			measure(counted, text)
		}
		at := strings.Index(text, `"order_id":"ord_`)
		if at >= 0 && strings.Contains(name, "-SyntheticCustomerFunction-") {
			id = text[at+len(`"order_id":"`):][:len("ord_")+26]
		}
	}
	orders, steps := counted["Shop SyntheticOrders Stage=local"], counted["Shop SyntheticStep Stage=local"]
	if id == "" || len(orders) != 1 || len(steps) != 4 {
		t.Fatalf("the visit ordered %q, and counted %v", id, counted)
	}
	journal.placed(order{OrderID: id, Email: lookUp(t, stackOutputs, "SyntheticCustomer")})
	var listed []string
	for _, o := range pageOf[order](t, history(admin(t)).with("limit", "100")).Items {
		listed = append(listed, o.OrderID)
	}
	if slices.Contains(listed, id) || !slices.Contains(listed, other.OrderID) {
		t.Errorf("the history has %v, want %s and not %s", listed, other.OrderID, id)
	}
}

// nothingToBuy has the synthetic customer visit while its product is not on sale.
func nothingToBuy(t *testing.T) alarms.Series {
	synthetic(t)
	p := inventory(t, syntheticProduct)
	resave(t, p, inactive)
	defer resave(t, p)
	return runs(t, "SyntheticCustomer", 1)
}
