package main

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"shop/test/faultproxy"
)

// The names of calls that faults are planned for, where the operation alone does not tell.
const (
	placeOrder     = "place order"
	moveStock      = "move stock"
	saveProduct    = "save product"
	claimMail      = "claim mail"
	markSent       = "mark mail sent"
	markFailed     = "mark mail failed"
	releaseMail    = "release mail"
	rescheduleMail = "reschedule mail"
	renew          = "renew session"
	signUp         = "sign up"
	countGuess     = "count guess" // a log-in's first transaction
	beginSession   = "begin session"
	endSession     = "end session"
	setPassword    = "set password"
	verifyAddress  = "verify address"
	setRole        = "set role"
	closeAccount   = "close account"
	findRepeat     = "find earlier request" // of an Idempotency-Key
	changeStatus   = "change status"        // of an order
	endCancelling  = "end cancellation"     // the second change of an order of many products
	askWait        = "ask to be told"       // that a product is back
	withdrawWait   = "withdraw a request"   // to be told
	readWait       = "look up a request"
	makeStockMail  = "make a stock mail"
	waitAgain      = "wait again" // the units are gone before the mail was sent
	fulfilWait     = "fulfil a request"
)

// callNames name the calls by what only one of them says. The first that applies decides.
var callNames = []struct{ operations, part, name string }{
	{writes, "attribute_not_exists(order_id)", placeOrder},
	{writes, "REMOVE unfinished", endCancelling},
	{writes, "list_append(if_not_exists(changes", changeStatus},
	{writes, "stock = :before", moveStock},
	{writes, "lease_until = :until", claimMail},
	{writes, "message_id = :message", markSent},
	{writes, "settled_at = :now", markFailed},
	{writes, "due_at = :next", rescheduleMail},
	{writes, "secret_hash = :hash", renew},
	{writes, "REMOVE lease_id, lease_until", releaseMail},
	{writes, "#guesses < :free", countGuess},
	{writes, `"secret_hash":{`, beginSession},
	{writes, "password_hash = :hash", setPassword},
	{writes, "REMOVE unverified", verifyAddress},
	{writes, "role_changed_at = :at", setRole},
	{writes, `"password_hash":{`, signUp},
	{writes, `"deleted_at":{`, closeAccount},
	{writes, "version = :seen", saveProduct},
	{writes, "attribute_not_exists(product_id)", saveProduct},
	{"DeleteItem", `"session_id":{"S":"ses_`, endSession},
	{"TransactGetItems", `"done#`, findRepeat},
	{writes, "requested_at = if_not_exists", askWait},
	{writes, "attribute_exists(waiting_key)", makeStockMail},
	{writes, "SET waiting = :waiting", waitAgain},
	{"DeleteItem", "mail_id = :mail", fulfilWait},
	{"DeleteItem", `"recipient":{"S":"usr_`, withdrawWait},
	{"GetItem", `"recipient":{"S":"usr_`, readWait},
}

const writes = "TransactWriteItems UpdateItem PutItem"

// name tells the store's writes and reads apart.
func name(c *faultproxy.Call) string {
	body := string(c.Body)
	for _, known := range callNames {
		if slices.Contains(strings.Fields(known.operations), c.Operation) && strings.Contains(body, known.part) {
			return known.name
		}
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
	orders        []string // that it speaks of; of another mail than a confirmation the mail's id
	wait          string   // product#user, of a request to be told that a product is back
	to            string   // whom a mail was sent to
	due           string   // when the mail was due that the relay reschedules
}

// faulty reports whether the call was not carried out, or its answer did not arrive. One that was only slow is not.
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

// orderID finds the ids of orders, those of mails that tell of a status or a stock, and those of mails of an unknown
// kind.
var orderID = regexp.MustCompile(`(order-(shipped|cancelled)#)?ord_[a-z2-7]{26}|later_[a-z0-9-]+|` +
	backInStock + `[0-9a-f-]{36}`)

// note keeps what the checker needs of a call. Bodies are not kept, because a long run sees many.
func (b *callLog) note(c *faultproxy.Call) {
	noted := call{
		begin: c.Begin, end: c.End, name: name(c), fault: c.Fault, carried: c.Carried, lost: c.Lost,
		killed: c.Killed != 0,
	}
	switch noted.name {
	case "SendEmail":
		form := c.Form()
		noted.to = form.Get("Destination.ToAddresses.member.1")
		noted.orders = orders(form.Get("Tags.member.1.Value") + "#" + form.Get("Tags.member.2.Value"))
	case rescheduleMail:
		noted.orders = orders(string(c.Body))
		if found := dueBefore.FindSubmatch(c.Body); found != nil {
			noted.due = string(found[1])
		}
	case "SendMessage", "SendMessageBatch", "TransactGetItems", placeOrder, changeStatus, endCancelling, claimMail,
		markSent, markFailed:
		noted.orders = orders(string(c.Body))
	case askWait, withdrawWait, readWait, makeStockMail, waitAgain, fulfilWait:
		noted.orders, noted.wait = orders(string(c.Body)), waitIn(string(c.Body))
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

// take returns what was noted, and forgets it.
func (b *callLog) take() ([]call, []relayRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls, runs := b.calls, b.runs
	b.calls, b.runs = nil, nil
	return calls, runs
}

// noteRun keeps a run of the relay.
func (b *callLog) noteRun(run relayRun) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.runs = append(b.runs, run)
}
