package main

import (
	"regexp"
	"strings"
	"sync"
	"time"

	"shop/test/faultproxy"
)

// The names of calls that faults are planned for, where the operation alone does not tell.
const (
	placeOrder  = "place order"
	moveStock   = "move stock"
	saveProduct = "save product"
	claimMail   = "claim mail"
	markSent    = "mark mail sent"
	markFailed  = "mark mail failed"
	releaseMail = "release mail"
	putOffMail  = "put mail off"
	renew       = "renew session"
)

// name tells the store's transactions and updates apart, by what only one of them says.
func name(c *faultproxy.Call) string {
	if c.Operation != "TransactWriteItems" && c.Operation != "UpdateItem" {
		return c.Operation
	}
	body := string(c.Body)
	for _, known := range []struct{ part, name string }{
		{"attribute_not_exists(order_id)", placeOrder},
		{"stock = :before", moveStock},
		{"lease_until = :until", claimMail},
		{"message_id = :message", markSent},
		{"settled_at = :now", markFailed},
		{"due_at = :next", putOffMail},
		{"secret_hash = :hash", renew},
		{"REMOVE lease_id, lease_until", releaseMail},
	} {
		if strings.Contains(body, known.part) {
			return known.name
		}
	}
	if c.Operation == "TransactWriteItems" {
		return saveProduct
	}
	return c.Operation
}

// call is what the checker needs to know of a call.
type call struct {
	begin, end    time.Time
	name          string
	fault         faultproxy.Kind
	carried, lost bool
	killed        bool
	orders        []string // that it speaks of
	to            string   // whom a mail was sent to
	due           string   // when the mail was due that the relay puts off
}

// faulty tells whether the call was not carried out, or its answer did not arrive. One that was only slow is not.
func (c call) faulty() bool { return c.lost || !c.carried || c.killed }

// callLog keeps the calls of a round.
type callLog struct {
	mu    sync.Mutex
	calls []call
	runs  []relayRun
}

func newCallLog() *callLog { return &callLog{} }

// dueBefore is the time in the condition of the relay's update.
var dueBefore = regexp.MustCompile(`":before":\{"S":"([^"]+)"\}`)

var orderID = regexp.MustCompile(`ord_[a-z2-7]{26}`)

// note takes a call down. Bodies are not kept: a long run sees many.
func (b *callLog) note(c *faultproxy.Call) {
	noted := call{
		begin: c.Begin, end: c.End, name: name(c), fault: c.Fault, carried: c.Carried, lost: c.Lost, killed: c.Killed != 0,
	}
	switch noted.name {
	case "SendEmail":
		form := c.Form()
		noted.to = form.Get("Destination.ToAddresses.member.1")
		noted.orders = orders(form.Get("Message.Body.Text.Data"))
	case putOffMail:
		noted.orders = orders(string(c.Body))
		if found := dueBefore.FindSubmatch(c.Body); found != nil {
			noted.due = string(found[1])
		}
	case "SendMessage", "SendMessageBatch", "TransactGetItems", placeOrder, claimMail, markSent, markFailed:
		noted.orders = orders(string(c.Body))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, noted)
}

// orders finds the ids in a text, each once, in order.
func orders(text string) []string {
	var found []string
	seen := map[string]bool{}
	for _, id := range orderID.FindAllString(text, -1) {
		if !seen[id] {
			seen[id] = true
			found = append(found, id)
		}
	}
	return found
}

// take returns what was noted, and begins a new page.
func (b *callLog) take() ([]call, []relayRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls, runs := b.calls, b.runs
	b.calls, b.runs = nil, nil
	return calls, runs
}

// noteRun takes a run of the relay down.
func (b *callLog) noteRun(run relayRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs = append(b.runs, run)
}
