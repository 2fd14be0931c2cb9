package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"shop/test/faultproxy"
)

// hanging are the operations that hang at the same time, phase by phase: in
// each, a request meets the first of those that it calls.
var hanging = [][]string{
	{"PutItem", "UpdateItem", "BatchGetItem", "ListObjectsV2"},
	{"GetItem", "TransactWriteItems", "TransactGetItems"},
	{"DeleteItem", "Query", "TransactWriteItems", "GetObject"},
	{"Sign", "TransactGetItems", "PutObject"},
	{"TransactWriteItems", "UpdateItem"},
}

// calls are the operations that a request calls, in their order. GetPublicKey
// is missing: a process calls it once, and its failures are shown by the tests
// of internal/kmssign. SendMessage is missing too, and the note of an API key's use, and the removal of an upload,
// because they fail no request.
var calls = map[string][]string{
	"sign up":              {"PutItem"},
	"log in":               {"BatchGetItem", "TransactWriteItems", "Sign"},
	"refresh a session":    {"GetItem", "Sign", "UpdateItem"},
	"log out":              {"DeleteItem"},
	"log a browser in":     {"BatchGetItem", "TransactWriteItems", "Sign"},
	"refresh a browser's":  {"GetItem", "Sign", "UpdateItem"},
	"log a browser out":    {"DeleteItem"},
	"open a machine's":     {"BatchGetItem", "TransactWriteItems", "Sign"},
	"view an account":      {"GetItem"},
	"rename an account":    {"UpdateItem", "GetItem"},
	"export an account":    {"GetItem", "Query"},
	"end all sessions":     {"BatchGetItem", "TransactWriteItems"},
	"change a password":    {"TransactGetItems", "BatchGetItem", "TransactWriteItems"},
	"verify an address":    {"GetItem"}, // of a token that nobody has: what follows is as in a reset
	"ask for a reset":      {"PutItem"},
	"reset a password":     {"GetItem", "TransactWriteItems"},
	"delete an account":    {"GetItem", "TransactWriteItems"},
	"browse products":      {"Query", "BatchGetItem"},
	"list categories":      {"Query"},
	"view a product":       {"Query"},
	"wait for a product":   {"BatchGetItem", "Query", "UpdateItem"},
	"see what one awaits":  {"GetItem"},
	"wait no more":         {"DeleteItem"},
	"place an order":       {"BatchGetItem", "TransactWriteItems"},
	"place one in vain":    {"BatchGetItem", "TransactGetItems"},
	"list my orders":       {"Query"},
	"view an order":        {"BatchGetItem"},
	"cancel an order":      {"GetItem", "BatchGetItem", "TransactWriteItems"},
	"pack an order":        {"GetItem", "TransactWriteItems"},
	"list the inventory":   {"GetItem", "Query", "BatchGetItem"}, // the first two at once
	"view the inventory":   {"GetItem", "BatchGetItem"},          // at once
	"create a product":     {"GetItem", "BatchGetItem", "TransactWriteItems"},
	"change a product":     {"GetItem", "BatchGetItem", "Query", "TransactGetItems", "TransactWriteItems"},
	"set a stock":          {"GetItem", "TransactWriteItems"},
	"adjust a stock":       {"GetItem", "BatchGetItem", "TransactWriteItems"},
	"list movements":       {"GetItem", "BatchGetItem", "Query"}, // the first two at once
	"begin a picture":      {"GetItem", "ListObjectsV2"},
	"finish a picture":     {"GetItem", "ListObjectsV2", "GetObject", "PutObject"},
	"list orders":          {"GetItem", "Query"}, // at once
	"summarize the orders": {"GetItem", "Query"},
}

// request is one that meets a call that hangs.
type request struct {
	call    call
	unknown bool             // whether a write that hangs leaves it open what became of it
	again   func(*testing.T) // the same request once nothing hangs; it shows that it was done once, and nothing before
}

// requests makes each request, on customers and goods of its own.
var requests = map[string]func(*testing.T) request{
	"sign up": func(t *testing.T) request {
		email := freshEmail()
		c := postUser(signUp{email, password, "Ada"})
		return request{call: c, again: func(t *testing.T) {
			send(t, c).want(t, http.StatusCreated)
			send(t, postSession(logIn{email, password})).want(t, http.StatusCreated)
			send(t, c).refused(t, http.StatusConflict, "email_taken")
		}}
	},
	"log in": func(t *testing.T) request {
		return read(postSession(logIn{newCustomer(t).Email, password}), http.StatusCreated)
	},
	"refresh a session": func(t *testing.T) request {
		return read(refresh(newSession(t, newCustomer(t)).RefreshToken), http.StatusOK)
	},
	"log out": func(t *testing.T) request {
		s := newSession(t, newCustomer(t))
		return request{call: logOut(s.RefreshToken), again: func(t *testing.T) {
			s = refreshed(t, s) // it is still open
			send(t, logOut(s.RefreshToken)).want(t, http.StatusNoContent)
			s.over(t)
		}}
	},
	"log a browser in": func(t *testing.T) request {
		return read((&browser{}).ask("", logIn{newCustomer(t).Email, password}), http.StatusCreated)
	},
	"refresh a browser's": func(t *testing.T) request {
		b := &browser{}
		b.logIn(t, newCustomer(t))
		return read(b.ask("/refresh", struct{}{}), http.StatusOK)
	},
	"log a browser out": func(t *testing.T) request {
		b := &browser{}
		b.logIn(t, newCustomer(t))
		return request{call: b.ask("/revoke", struct{}{}), again: func(t *testing.T) {
			b.refresh(t) // it is still open
			left := *b
			b.keep(t, send(t, b.ask("/revoke", struct{}{})).want(t, http.StatusNoContent))
			left.over(t)
		}}
	},
	"open a machine's": func(t *testing.T) request {
		key, _ := newAPIKey(t, "history")
		return read(exchange(key), http.StatusCreated)
	},
	"view an account":   func(t *testing.T) request { return read(viewAccount(newCustomer(t)), http.StatusOK) },
	"rename an account": func(t *testing.T) request { return read(rename(newCustomer(t), "Zoë"), http.StatusOK) },
	"export an account": func(t *testing.T) request {
		return read(call{method: "GET", path: "/users/me/export", from: newCustomer(t)}, http.StatusOK)
	},
	"end all sessions": func(t *testing.T) request {
		from := newCustomer(t)
		s, c := newSession(t, from), endSessions(from, password)
		return request{call: c, again: func(t *testing.T) {
			s = refreshed(t, s) // it is still open
			send(t, c).want(t, http.StatusNoContent)
			s.over(t)
		}}
	},
	"change a password": func(t *testing.T) request {
		from := newCustomer(t)
		c := changePassword(from, password, newPassword).keyed(unique())
		return request{call: c, again: func(t *testing.T) {
			send(t, postSession(logIn{from.Email, password})).want(t, http.StatusCreated) // it is as it was
			send(t, c).want(t, http.StatusNoContent)
			send(t, c).want(t, http.StatusNoContent)
			send(t, postSession(logIn{from.Email, newPassword})).want(t, http.StatusCreated)
		}}
	},
	"verify an address": func(t *testing.T) request {
		c := verifyEmail(strings.Repeat("A", 43))
		return request{call: c, again: func(t *testing.T) { send(t, c).badToken(t) }}
	},
	"ask for a reset": func(t *testing.T) request { return read(requestReset(freshEmail()), http.StatusAccepted) },
	"reset a password": func(t *testing.T) request {
		from := newCustomer(t)
		c := resetPassword(resetToken(t, from), newPassword)
		return request{call: c, again: func(t *testing.T) {
			send(t, postSession(logIn{from.Email, password})).want(t, http.StatusCreated) // it is as it was
			send(t, c).want(t, http.StatusNoContent)
			send(t, c).badToken(t)
			send(t, postSession(logIn{from.Email, newPassword})).want(t, http.StatusCreated)
		}}
	},
	"delete an account": func(t *testing.T) request {
		from := newCustomer(t)
		c := deleteAccount(from, password)
		return request{call: c, again: func(t *testing.T) {
			send(t, postSession(logIn{from.Email, password})).want(t, http.StatusCreated) // it is as it was
			send(t, c).want(t, http.StatusNoContent)
			send(t, postSession(logIn{from.Email, password})).refused(t, http.StatusUnauthorized, "invalid_credentials")
		}}
	},
	"browse products": func(t *testing.T) request {
		prefix := "Hanging " + unique()
		shelf(t, prefix, "a")
		return read(browse(prefix), http.StatusOK)
	},
	"list categories": func(*testing.T) request {
		return read(call{method: "GET", path: "/categories"}.with("limit", "1"), http.StatusOK)
	},
	"view a product": func(t *testing.T) request { return read(viewProduct(newProduct(t).ProductID), http.StatusOK) },
	"place an order": func(t *testing.T) request {
		from, p := newCustomer(t), newProduct(t)
		c := place(from, unique(), basket(some(p.ProductID, 2)))
		return request{call: c, again: func(t *testing.T) {
			o := accepted(t, send(t, c))
			wantSameOrder(t, replayed(t, send(t, c)), o)
			wantStock(t, p.ProductID, 8)
			ownOrders(t, from, 1)
			awaitMails(t, from.Email, 1)
		}}
	},
	"place one in vain": func(t *testing.T) request {
		p := newProduct(t)
		c := place(newCustomer(t), unique(), basket(some(p.ProductID, 11)))
		return request{call: c, again: func(t *testing.T) {
			send(t, c).refused(t, http.StatusConflict, "out_of_stock")
			wantStock(t, p.ProductID, 10)
			ownOrders(t, c.from, 0)
		}}
	},
	"list my orders": func(t *testing.T) request {
		return read(call{method: "GET", path: "/orders", from: newCustomer(t)}, http.StatusOK)
	},
	"view an order": func(t *testing.T) request {
		from := newCustomer(t)
		o := newOrder(t, from, one(newProduct(t).ProductID))
		awaitMails(t, from.Email, 1)
		return read(getOrder(from, o.OrderID), http.StatusOK)
	},
	"wait for a product": func(t *testing.T) request {
		from, p := newCustomer(t), newProduct(t, stocked(0))
		return request{call: awaiting("PUT", from, p.ProductID), again: func(t *testing.T) {
			ask(t, from, p.ProductID)
			wantAwaits(t, from, p.ProductID, true)
		}}
	},
	"see what one awaits": func(t *testing.T) request {
		return read(awaiting("GET", newCustomer(t), newProduct(t).ProductID), http.StatusOK)
	},
	"wait no more": func(t *testing.T) request {
		from, p := newCustomer(t), newProduct(t, stocked(0))
		ask(t, from, p.ProductID)
		c := awaiting("DELETE", from, p.ProductID)
		return request{call: c, again: func(t *testing.T) {
			send(t, c).want(t, http.StatusNoContent)
			wantAwaits(t, from, p.ProductID, false)
		}}
	},
	"cancel an order": func(t *testing.T) request {
		from, p := newCustomer(t), newProduct(t)
		o := newOrder(t, from, some(p.ProductID, 2))
		awaitMails(t, from.Email, 1)
		c := cancellation(from, o.OrderID)
		return request{call: c, again: func(t *testing.T) {
			wantStock(t, p.ProductID, 8)
			send(t, c).want(t, http.StatusOK)
			wantMoved(t, p.ProductID, 10, 2)
		}}
	},
	"pack an order": func(t *testing.T) request {
		from := newCustomer(t)
		o := newOrder(t, from, one(newProduct(t).ProductID))
		awaitMails(t, from.Email, 1)
		c := statusSet(admin(t), o.OrderID, to("packed", "placed", ""))
		return request{call: c, again: func(t *testing.T) {
			if got := decode[order](t, send(t, c).want(t, http.StatusOK)); len(got.Changes) != 1 {
				t.Errorf("changes = %+v, want one", got.Changes)
			}
		}}
	},
	"list the inventory": func(t *testing.T) request {
		return read(call{method: "GET", path: "/admin/products", from: admin(t)}, http.StatusOK)
	},
	"view the inventory": func(t *testing.T) request {
		return read(call{method: "GET", path: "/admin/products/" + newProduct(t).ProductID, from: admin(t)},
			http.StatusOK)
	},
	"create a product": func(t *testing.T) request {
		id := "e2e-" + unique()
		c := save(admin(t), id, productDraft())
		return request{call: c, unknown: true, again: func(t *testing.T) {
			send(t, c).want(t, http.StatusCreated)
			wantMoved(t, id, 10, 1)
		}}
	},
	"change a product": func(t *testing.T) request {
		p := newProduct(t)
		d := p.Draft()
		d.Name = "Renamed " + p.Name
		c := save(admin(t), p.ProductID, d)
		return request{call: c, unknown: true, again: func(t *testing.T) {
			got := decodeExact[adminProduct](t, send(t, c).want(t, http.StatusOK))
			if got.Name != d.Name || got.Version != p.Version+1 {
				t.Errorf("product = %+v, want the name %s and one version on from %d", got, d.Name, p.Version)
			}
		}}
	},
	"set a stock": func(t *testing.T) request {
		p := newProduct(t)
		c := stockSet(admin(t), p.ProductID, setStock{43, 10, "delivery"})
		return request{call: c, unknown: true, again: func(t *testing.T) {
			send(t, c).want(t, http.StatusOK)
			wantMoved(t, p.ProductID, 43, 2)
		}}
	},
	"adjust a stock": func(t *testing.T) request {
		p := newProduct(t)
		c := stockAdjust(admin(t), p.ProductID, adjustStock{-3, "damaged"})
		return request{call: c, unknown: true, again: func(t *testing.T) {
			send(t, c).want(t, http.StatusOK)
			wantMoved(t, p.ProductID, 7, 2)
		}}
	},
	"list movements": func(t *testing.T) request {
		return read(movementsOf(admin(t), newProduct(t).ProductID), http.StatusOK)
	},
	"begin a picture": func(t *testing.T) request {
		return read(beginPNG(admin(t), newPNG(t)), http.StatusCreated)
	},
	"finish a picture": func(t *testing.T) request {
		content := newPNG(t)
		uploaded(t, admin(t), content)
		return read(finish(admin(t), hexSHA256(content)), http.StatusCreated)
	},
	"list orders": func(t *testing.T) request { return read(history(admin(t)), http.StatusOK) },
	"summarize the orders": func(t *testing.T) request {
		return read(summaryOf(admin(t), "2026-03-01", "2026-03-02"), http.StatusOK)
	},
}

// read is a request that changes nothing, or only once it is carried out.
func read(c call, status int) request {
	return request{call: c, again: func(t *testing.T) { send(t, c).want(t, status) }}
}

func wantMoved(t *testing.T, id string, stock int64, movements int) {
	t.Helper()
	wantStock(t, id, stock)
	if got := allPages[movement](t, movementsOf(admin(t), id)); len(got) != movements {
		t.Errorf("movements = %+v, want %d", got, movements)
	}
}

// TestHangingCalls: when a call to AWS hangs for ever, whichever it is, the
// function answers before it is cut off, says that the store is busy, and has
// left nothing half done: the same request is then served as if it were the
// first. It does not run beside other tests, whose calls would hang too.
func TestHangingCalls(t *testing.T) {
	needStore(t)
	met, routes := map[string]bool{}, map[string]bool{}
	for _, operations := range hanging {
		t.Run(strings.Join(operations, ", "), func(t *testing.T) { hangCalls(t, operations, met, routes) })
	}
	wantEveryRoute(t, routes)
	for name, all := range calls {
		for _, operation := range all {
			if !met[name+": "+operation] {
				t.Errorf("%s was not tried with %s hanging", name, operation)
			}
		}
	}
}

// hangCalls sends all requests that call one of the operations, at once, and
// notes which they were.
func hangCalls(t *testing.T, operations []string, met, routes map[string]bool) {
	all := map[string]request{}
	meets := map[string]string{}
	for name, its := range calls {
		i := slices.IndexFunc(its, func(operation string) bool { return slices.Contains(operations, operation) })
		if i < 0 || met[name+": "+its[i]] {
			continue
		}
		all[name], meets[name] = requests[name](t), its[i]
		met[name+": "+its[i]], routes[all[name].call.route().key] = true, true
	}
	release := hang(t, operations...)
	var at sync.WaitGroup
	for name, r := range all {
		at.Go(func() {
			if err := r.whileHanging(t, meets[name]); err != nil {
				t.Errorf("%s, with %s hanging: %v", name, meets[name], err)
			}
		})
	}
	at.Wait()
	release()
	for name, r := range all {
		t.Run(name+", then", r.again)
	}
}

// whileHanging sends the request, and reports an answer that is not busy.
func (r request) whileHanging(t *testing.T, operation string) error {
	c := r.call
	c.mayBeBusy = true
	a, err := c.exchange(t.Context())
	if err != nil {
		return err
	}
	p, err := a.problem()
	if err != nil || a.status != http.StatusServiceUnavailable || p.Code != "busy" ||
		a.header.Get("Retry-After") == "" {
		return fmt.Errorf("answered %d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), clip(a.body))
	}
	if open := strings.Contains(p.Detail, "not known"); open != (r.unknown && operation == "TransactWriteItems") {
		return errors.New("the answer says " + p.Detail)
	}
	return nil
}

// wantEveryRoute fails unless the requests were to every route. The issuer's
// call AWS once in a process, for the key; a HEAD is its GET, without a body.
func wantEveryRoute(t *testing.T, tried map[string]bool) {
	t.Helper()
	c, err := theContract()
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range c.Routes() {
		if !tried[route] && !strings.HasPrefix(route, "GET /.well-known/") && !strings.HasPrefix(route, "HEAD ") {
			t.Errorf("%s was not tried", route)
		}
	}
}

// TestCheckoutWhileTheQueueHangs: the order is accepted, its mail is pending, and
// the relay sees to it.
func TestCheckoutWhileTheQueueHangs(t *testing.T) {
	c, p := newCustomer(t), newProduct(t)
	release := hang(t, "SendMessage")
	o := newOrder(t, c, some(p.ProductID, 2))
	release()
	wantStock(t, p.ProductID, 8)
	if got := seeOrder(t, c, o.OrderID).EmailStatus; got != "pending" {
		t.Errorf("email_status = %q, want pending: nobody was told of the mail", got)
	}
	requeue(t, o) // as it is in two minutes
	if out := string(invoke(t, "RelayMailFunction", map[string]any{})); strings.Contains(out, "errorMessage") {
		t.Fatalf("the relay failed: %s", out)
	}
	awaitMails(t, c.Email, 1)
}

// TestMailsWhileTheDatabaseHangs: the functions that nobody waits for end by
// themselves, too, and are not cut off: notify answers for its batch, and the
// relay says what failed.
func TestMailsWhileTheDatabaseHangs(t *testing.T) {
	notify, relay := lookUp(t, stackResources, "NotifyFunction"), lookUp(t, stackResources, "RelayMailFunction")
	hang(t, "UpdateItem", "Query")
	event := map[string]string{
		"messageId": "1",
		"body":      `{"type":"order.placed","version":1,"mail_id":"order-placed#ord_x","order_id":"ord_x"}`,
	}
	var both errgroup.Group
	both.Go(func() error {
		out, err := invokeNamed(t.Context(), notify, map[string]any{"Records": []any{event}})
		if got := strings.ReplaceAll(string(out), " ", ""); err == nil && got != `{"batchItemFailures":[]}` {
			err = fmt.Errorf("notify answered %s, want that all is acknowledged", clip(out))
		}
		return err
	})
	both.Go(func() error {
		out, err := invokeNamed(t.Context(), relay, map[string]any{})
		for _, part := range []string{`"ending cancellations: `, `relaying mails: looking for mails that are due: `} {
			if err == nil && !strings.Contains(string(out), part) {
				err = fmt.Errorf("the relay answered %s, want an error with %s", clip(out), part)
			}
		}
		return err
	})
	if err := both.Wait(); err != nil {
		t.Error(err)
	}
}

// TestStockChangeWithoutAnAnswer: all answers to the write are lost. What was
// recorded tells that it was made, and it is made once.
func TestStockChangeWithoutAnAnswer(t *testing.T) {
	p := newProduct(t)
	c := stockAdjust(admin(t), p.ProductID, adjustStock{-3, "damaged"})
	release := faulty(t, faultproxy.Rule{Operation: "TransactWriteItems", Fault: faultproxy.Lost, Share: 1})
	send(t, c).want(t, http.StatusOK)
	release()
	wantMoved(t, p.ProductID, 7, 2)
}
