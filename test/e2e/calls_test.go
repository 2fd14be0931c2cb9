package e2e

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/test/need"
)

// counts are the calls that functions made to AWS, by operation.
type counts map[string]int

func (c counts) total() int {
	sum := 0
	for _, n := range c {
		sum += n
	}
	return sum
}

// of counts an operation, whatever prefix its name has on the wire.
func (c counts) of(operation string) int {
	sum := 0
	for name, n := range c {
		if name == operation || strings.HasSuffix(name, "."+operation) {
			sum += n
		}
	}
	return sum
}

func proxyCall(t *testing.T, method, path string) *http.Response {
	t.Helper()
	url := strings.TrimSuffix(need.Env(t, "SHOP_PROXY_URL"), "/") + path
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s answered %d", method, url, resp.StatusCode)
	}
	return resp
}

func counted(t *testing.T) counts {
	t.Helper()
	resp := proxyCall(t, "GET", "/counts")
	defer resp.Body.Close()
	var c counts
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// settled waits until no function has called AWS for a while.
func settled(t *testing.T) counts {
	t.Helper()
	before := counted(t)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		time.Sleep(400 * time.Millisecond)
		now := counted(t)
		if maps.Equal(before, now) {
			return now
		}
		before = now
	}
	t.Fatal("functions call AWS without end")
	return nil
}

// least measures the calls that do makes, thrice, and returns the fewest:
// the relay, which runs every minute, or the start of another process, may
// fall into one measurement, and both only add.
func least(t *testing.T, do func()) counts {
	t.Helper()
	do() // so that a process is warm
	var fewest counts
	for range 3 {
		settled(t)
		proxyCall(t, "POST", "/reset").Body.Close()
		do()
		if c := settled(t); fewest == nil || c.total() < fewest.total() {
			fewest = c
		}
	}
	return fewest
}

// wantCalls fails unless exactly these operations were called.
func wantCalls(t *testing.T, got counts, want map[string]int) {
	t.Helper()
	sum := 0
	for operation, n := range want {
		sum += n
		if got.of(operation) != n {
			t.Errorf("%d calls of %s, want %d", got.of(operation), operation, n)
		}
	}
	if got.total() != sum {
		t.Errorf("calls = %v, want %v", got, want)
	}
}

// The tests below do not run beside others: what those call would be counted.
// The numbers are those of part 10 of the design.

func TestCallsOfSignUp(t *testing.T) {
	needStore(t)
	wantCalls(t, least(t, func() {
		send(t, postUser(signUp{freshEmail(), password, "A"})).want(t, http.StatusCreated)
	}), map[string]int{"PutItem": 1})
}

func TestCallsOfLogIn(t *testing.T) {
	c := newCustomer(t)
	got := least(t, func() { send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated) })
	if got.total() > 4 || got.of("Sign") != 1 {
		t.Errorf("calls = %v, want at most 4, one of them Sign", got)
	}
}

func TestCallsOfBrowse(t *testing.T) {
	prefix := "Counted " + unique()
	shelf(t, prefix, "a", "b")
	got := least(t, func() { send(t, browse(prefix)).want(t, http.StatusOK) })
	if got.total() > 2 || got.of("Query") != 1 {
		t.Errorf("calls = %v, want at most 2, one of them Query", got)
	}
}

func TestCallsOfView(t *testing.T) {
	p := newProduct(t)
	if got := least(t, func() { send(t, viewProduct(p.ProductID)).want(t, http.StatusOK) }); got.total() != 1 {
		t.Errorf("calls = %v, want 1", got)
	}
}

// TestCallsOfCheckoutAndNotify: three calls for the order, whatever it holds,
// and four for its mail.
func TestCallsOfCheckoutAndNotify(t *testing.T) {
	c, a, b := newCustomer(t), newProduct(t, stocked(plenty)), newProduct(t, stocked(plenty))
	sent := 0
	got := least(t, func() {
		newOrder(t, c, line{a.ProductID, 2}, one(b.ProductID))
		sent++
		awaitMails(t, c.Email, sent)
	})
	for operation, n := range map[string]int{"BatchGetItem": 1, "TransactWriteItems": 1, "SendMessage": 1, "UpdateItem": 2, "SendEmail": 1} {
		if got.of(operation) != n {
			t.Errorf("%d calls of %s, want %d", got.of(operation), operation, n)
		}
	}
	if got.total() > 3+4 {
		t.Errorf("calls = %v, want 3 of the checkout and 4 of its mail", got)
	}
}

func TestCallsOfStock(t *testing.T) {
	boss, p := admin(t), newProduct(t, stocked(plenty))
	got := least(t, func() { send(t, stockAdjust(boss, p.ProductID, adjustStock{1, "found"})).want(t, http.StatusOK) })
	if got.total() > 2 {
		t.Errorf("calls of an adjustment = %v, want at most 2", got)
	}
	seen := inventory(t, p.ProductID).Stock
	got = least(t, func() {
		restock(t, p.ProductID, seen, seen+1)
		seen++
	})
	if got.total() > 2 {
		t.Errorf("calls of a stocktake = %v, want at most 2", got)
	}
}

// TestCallsOfHistory: a page is one round of one query a shard, and the role.
func TestCallsOfHistory(t *testing.T) {
	boss := admin(t)
	newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	for _, list := range []call{history(boss), history(boss).with("from", "2020-01-01T00:00:00Z")} {
		got := least(t, func() { pageOf[order](t, list) })
		if got.of("Query") != 8 || got.total() > 9 {
			t.Errorf("calls = %v, want 8 Query and the role's", got)
		}
	}
}
