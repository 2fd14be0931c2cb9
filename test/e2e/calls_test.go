package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	storeduser "shop/internal/user"
	"shop/test/storelock"
	"shop/test/testenv"
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
	url := strings.TrimSuffix(testenv.Env(t, "SHOP_PROXY_URL"), "/") + path
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

// settled waits until no function has called AWS for a while, and gives up soon
// where the schedule is at work: wantCalls measures again then.
func settled(t *testing.T) counts {
	t.Helper()
	before := counted(t)
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		time.Sleep(400 * time.Millisecond)
		now := counted(t)
		if maps.Equal(before, now) {
			break
		}
		before = now
	}
	return before
}

// budget is what a flow may cost.
type budget struct {
	total   int            // calls at most
	exactly map[string]int // of these operations
}

func (b budget) holds(c counts) bool {
	for operation, n := range b.exactly {
		if c.of(operation) != n {
			return false
		}
	}
	return c.total() <= b.total
}

// wantCalls fails unless do can be seen to cost no more than its budget. It
// measures until it does, because what else runs can only add: the relay,
// which runs every minute, or a process that starts and fetches the public key.
// The tests of other packages wait meanwhile.
func wantCalls(t *testing.T, b budget, do func()) {
	t.Helper()
	testenv.Env(t, "SHOP_PROXY_URL")
	defer storelock.Exclusive(t)()
	do() // so that a process is warm
	var seen []counts
	for range 8 {
		settled(t)
		proxyCall(t, "POST", "/reset").Body.Close()
		do()
		c := settled(t)
		if b.holds(c) {
			return
		}
		seen = append(seen, c)
	}
	t.Errorf("calls = %v, want at most %d, and exactly %v", seen, b.total, b.exactly)
}

// The tests below do not run beside others: what those call would be counted.
// The numbers are those that the design promises.

func TestCallsOfSignUp(t *testing.T) {
	needStore(t)
	wantCalls(t, budget{1, map[string]int{"PutItem": 1}}, func() {
		send(t, postUser(signUp{freshEmail(), password, "A"})).want(t, http.StatusCreated)
	})
}

func TestCallsOfLogIn(t *testing.T) {
	c := newCustomer(t)
	wantCalls(t, budget{4, map[string]int{"Sign": 1}}, func() {
		send(t, postSession(logIn{c.Email, password})).want(t, http.StatusCreated)
	})
}

// TestCallsOfWrongGuesses: one is looked for and counted, known address or
// not. So is one that is refused, until the reserve is used up: then nothing is
// written.
func TestCallsOfWrongGuesses(t *testing.T) {
	c, addr := newCustomer(t), freshAddr()
	for _, email := range []string{c.Email, freshEmail()} {
		wrong := postSession(logIn{email, "wrong " + password}).callingFrom(addr)
		wantCalls(t, budget{2, map[string]int{"BatchGetItem": 1, "Sign": 0}}, func() {
			send(t, wrong).refused(t, http.StatusUnauthorized, "invalid_credentials")
		})
		throttle(t, email, addr)
		prolong(t, email, addr, storeduser.PerAddressAndClient)
		wantCalls(t, budget{2, map[string]int{"BatchGetItem": 1, "Sign": 0}}, func() {
			send(t, wrong).refused(t, http.StatusTooManyRequests, "too_many_requests")
		})
		for range 20 {
			send(t, wrong)
		}
		prolong(t, email, addr, storeduser.Reserve)
		wantCalls(t, budget{1, map[string]int{"BatchGetItem": 1}}, func() {
			send(t, wrong).refused(t, http.StatusTooManyRequests, "too_many_requests")
		})
	}
}

// TestCallsOfMachines: an exchange costs what a log-in does, and a call that notes the key's use, which writes once an
// hour. A guess costs what one at log-in does.
func TestCallsOfMachines(t *testing.T) {
	needStore(t)
	key, id := newAPIKey(t, "history")
	wantCalls(t, budget{5, map[string]int{"Sign": 1, "UpdateItem": 1}}, func() { machine(t, key) })
	wantCalls(t, budget{2, map[string]int{"BatchGetItem": 1, "Sign": 0}}, func() {
		send(t, exchange(id+"."+strings.Repeat("A", 43))).refused(t, http.StatusUnauthorized, "invalid_api_key")
	})
	operator(t, "api-key", "revoke", id)
}

func TestCallsOfRefresh(t *testing.T) {
	s := newSession(t, newCustomer(t))
	used := s
	wantCalls(t, budget{4, map[string]int{"GetItem": 2, "Sign": 1, "UpdateItem": 1}},
		func() { used, s = s, refreshed(t, s) })
	id, _, _ := strings.Cut(used.RefreshToken, ".")
	wantCalls(t, budget{3, map[string]int{"GetItem": 2, "Sign": 1}}, func() {
		// However long it takes to measure, the token was used a moment ago.
		rewrite(t, "AuthStateTable", "session_id", id, "SET used_at = :at",
			map[string]types.AttributeValue{":at": stamp(time.Now())})
		refreshed(t, used)
	})
}

// TestCallsOfOwnAccount: the password costs what it costs at a log-in, and what is done with it one call, or two with
// its key and one for the event of the mail.
func TestCallsOfOwnAccount(t *testing.T) {
	c := newCustomer(t)
	newOrder(t, c, one(newProduct(t).ProductID))
	awaitMails(t, c.Email, 1)
	wantCalls(t, budget{1, map[string]int{"GetItem": 1}}, func() { send(t, viewAccount(c)).want(t, http.StatusOK) })
	wantCalls(t, budget{2, map[string]int{"UpdateItem": 1, "GetItem": 1}},
		func() { send(t, rename(c, "Ada")).want(t, http.StatusOK) })
	export := call{method: "GET", path: "/users/me/export", from: c}
	wantCalls(t, budget{3, map[string]int{"GetItem": 1, "Query": 2}}, func() { send(t, export).want(t, http.StatusOK) })
	wantCalls(t, budget{3, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 2}}, func() {
		send(t, endSessions(c, password)).want(t, http.StatusNoContent)
	})
}

// TestCallsOfChangePassword: with a key, one call more looks for an earlier request; the mail is four.
func TestCallsOfChangePassword(t *testing.T) {
	c := newCustomer(t)
	s := newSession(t, c)
	from, to, generation := password, newPassword, 0
	wantCalls(t, budget{5 + 4, map[string]int{
		"TransactGetItems": 1, "BatchGetItem": 2, "TransactWriteItems": 2, "SendMessage": 1, "SendEmail": 1,
	}}, func() {
		send(t, changePassword(c.by(s.AccessToken), from, to).keyed(unique())).want(t, http.StatusNoContent)
		from, to = to, from
		generation++
		awaitState(t, fmt.Sprintf("password-changed#%s-%d", c.UserID, generation), "sent")
	})
}

// TestCallsOfBrowserSessions: as many as those of other clients. That a log-in ends a session costs no call.
func TestCallsOfBrowserSessions(t *testing.T) {
	c, b := newCustomer(t), &browser{}
	wantCalls(t, budget{4, map[string]int{"BatchGetItem": 1, "TransactWriteItems": 2, "Sign": 1}},
		func() { b.logIn(t, c) })
	wantCalls(t, budget{4, map[string]int{"GetItem": 2, "Sign": 1, "UpdateItem": 1}}, func() { b.refresh(t) })
	wantCalls(t, budget{1, map[string]int{"DeleteItem": 1}},
		func() { send(t, b.ask("/revoke", struct{}{})).want(t, http.StatusNoContent) })
}

func TestCallsOfLogOut(t *testing.T) {
	s := newSession(t, newCustomer(t))
	wantCalls(t, budget{1, map[string]int{"DeleteItem": 1}},
		func() { send(t, logOut(s.RefreshToken)).want(t, http.StatusNoContent) })
}

func TestCallsOfBrowse(t *testing.T) {
	prefix := "Counted " + unique()
	shelf(t, prefix, "a", "b")
	wantCalls(t, budget{2, map[string]int{"Query": 1}}, func() { send(t, browse(prefix)).want(t, http.StatusOK) })
}

func TestCallsOfPick(t *testing.T) {
	ids := strings.Join(newProducts(t, 60), ",")
	for some, calls := range map[string]int{newProduct(t).ProductID: 1, ids: 2} {
		pick := call{method: "GET", path: "/products"}.with("ids", some)
		wantCalls(t, budget{calls, map[string]int{"BatchGetItem": calls}},
			func() { send(t, pick).want(t, http.StatusOK) })
	}
}

func TestCallsOfView(t *testing.T) {
	p := newProduct(t)
	wantCalls(t, budget{1, nil}, func() { send(t, viewProduct(p.ProductID)).want(t, http.StatusOK) })
}

// TestCallsOfCheckoutAndNotify: three calls for the order, whatever it holds,
// and four for its mail.
func TestCallsOfCheckoutAndNotify(t *testing.T) {
	c, a, b := newCustomer(t), newProduct(t, stocked(plenty)), newProduct(t, stocked(plenty))
	// One BatchGetItem reads the goods, the other the order and whether its address is suppressed.
	seven := map[string]int{
		"BatchGetItem": 2, "TransactWriteItems": 1, "SendMessage": 1, "UpdateItem": 2, "SendEmail": 1,
	}
	sent := 0
	wantCalls(t, budget{3 + 4, seven}, func() {
		newOrder(t, c, some(a.ProductID, 2), one(b.ProductID))
		sent++
		awaitMails(t, c.Email, sent)
	})
}

// TestCallsOfPicture: the role, and whether the picture is there; then the upload is looked for, read, copied and
// removed.
func TestCallsOfPicture(t *testing.T) {
	boss := admin(t)
	two := map[string]int{"GetItem": 1, "ListObjectsV2": 1}
	wantCalls(t, budget{2, two}, func() { send(t, beginPNG(boss, newPNG(t))).want(t, http.StatusCreated) })
	var content []byte
	whole := map[string]int{"ListObjectsV2": 3, "GetObject": 1, "PutObject": 1, "DeleteObject": 1}
	wantCalls(t, budget{2 + 6, whole}, func() {
		content = newPNG(t)
		uploaded(t, boss, content)
		send(t, finish(boss, hexSHA256(content))).want(t, http.StatusCreated)
	})
	wantCalls(t, budget{2, two}, func() { send(t, finish(boss, hexSHA256(content))).want(t, http.StatusOK) })
}

func TestCallsOfAdjustment(t *testing.T) {
	boss, p := admin(t), newProduct(t, stocked(plenty))
	// the role, the product, the change
	wantCalls(t, budget{3, map[string]int{"GetItem": 1, "TransactWriteItems": 1}}, func() {
		send(t, stockAdjust(boss, p.ProductID, adjustStock{1, "found"})).want(t, http.StatusOK)
	})
}

// TestCallsOfKeyedAdjustment: a key costs a look for an earlier request, which answers a repeat.
func TestCallsOfKeyedAdjustment(t *testing.T) {
	boss, p, key := admin(t), newProduct(t, stocked(plenty)), unique()
	adjust := func(key string) {
		send(t, stockAdjust(boss, p.ProductID, adjustStock{1, "found"}).keyed(key)).want(t, http.StatusOK)
	}
	wantCalls(t, budget{4, map[string]int{"GetItem": 2, "TransactWriteItems": 1}}, func() { adjust(unique()) })
	wantCalls(t, budget{3, map[string]int{"GetItem": 2, "TransactWriteItems": 0}}, func() { adjust(key) })
}

func TestCallsOfStocktake(t *testing.T) {
	p := newProduct(t)
	seen := p.Stock
	wantCalls(t, budget{2, map[string]int{"TransactWriteItems": 1}}, func() {
		restock(t, p.ProductID, seen, seen+1)
		seen++
	})
}

// TestCallsOfBackInStock: asking reads the product and what the customer waits for, and writes once; all else is one
// call.
func TestCallsOfBackInStock(t *testing.T) {
	c, p := newCustomer(t), newProduct(t, stocked(0))
	wantCalls(t, budget{3, map[string]int{"BatchGetItem": 1, "Query": 1, "UpdateItem": 1}},
		func() { ask(t, c, p.ProductID) })
	wantCalls(t, budget{1, map[string]int{"GetItem": 1}}, func() { wantAwaits(t, c, p.ProductID, true) })
	wantCalls(t, budget{1, map[string]int{"DeleteItem": 1}},
		func() { send(t, awaiting("DELETE", c, p.ProductID)).want(t, http.StatusNoContent) })
}

// TestCallsOfHistory: a page is one round of one query a shard, and the role.
func TestCallsOfHistory(t *testing.T) {
	boss := admin(t)
	newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	for _, list := range []call{history(boss), history(boss).with("from", "2020-01-01T00:00:00Z")} {
		wantCalls(t, budget{8 + 1, map[string]int{"Query": 8}}, func() { pageOf[order](t, list) })
	}
}

// TestCallsOfSummary: the role, how far orders are counted, the days, the products of today, and what is not counted
// yet by one query a shard.
func TestCallsOfSummary(t *testing.T) {
	boss := admin(t)
	newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	invoke(t, "CountSalesFunction", map[string]any{}) // so that it is known how far orders are counted
	today := summaryOf(boss, time.Now().UTC().Format(time.DateOnly), "")
	wantCalls(t, budget{4 + 8, map[string]int{"GetItem": 2}}, func() { send(t, today).want(t, http.StatusOK) })
	past := summaryOf(boss, "2020-01-01", "2020-12-31")
	wantCalls(t, budget{4, map[string]int{"GetItem": 2}}, func() { send(t, past).want(t, http.StatusOK) })
}

// TestCallsOfAdminReads: what is low is one query and its products, by name is one query a shelf, and an address costs
// one look.
func TestCallsOfAdminReads(t *testing.T) {
	boss, c := admin(t), newCustomer(t)
	p := newProduct(t, named("Calls "+unique()), stocked(2))
	low, byName := lowStock(p.Name), call{method: "GET", path: "/admin/products", from: boss}.with("q", p.Name)
	low.from = boss
	wantCalls(t, budget{5, map[string]int{"GetItem": 1, "Query": 1}},
		func() { send(t, low.with("limit", "100")).want(t, http.StatusOK) })
	wantCalls(t, budget{4, map[string]int{"GetItem": 1, "Query": 2}}, func() { send(t, byName).want(t, http.StatusOK) })
	wantCalls(t, budget{3, map[string]int{"GetItem": 2, "Query": 1}}, func() {
		send(t, history(boss).with("email", c.Email)).want(t, http.StatusOK)
	})
}

// TestCallsOfRequestReset: two calls to ask and five for the mail, of which one
// stores the link; for an address that nobody has the same two to ask.
func TestCallsOfRequestReset(t *testing.T) {
	known := newCustomers(t, 10)
	next := 0
	wantCalls(t, budget{
		2 + 5, map[string]int{"PutItem": 2, "SendMessage": 1, "UpdateItem": 2, "BatchGetItem": 1, "SendEmail": 1},
	}, func() {
		c := known[next]
		next++
		journal.linked(c.Email, 1)
		send(t, requestReset(c.Email)).want(t, http.StatusAccepted)
		awaitLinks(t, c.Email, 1)
	})
	wantCalls(t, budget{2 + 3, map[string]int{"PutItem": 1, "SendMessage": 1, "UpdateItem": 2, "BatchGetItem": 1}},
		func() {
			nobody := freshEmail()
			send(t, requestReset(nobody)).want(t, http.StatusAccepted)
			awaitState(t, "password-reset#"+hashOf(nobody), "dropped")
		})
}
