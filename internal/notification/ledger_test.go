package notification

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"shop/internal/order"
	"shop/internal/user"
)

var errDown = errors.New("the service is down")

// entry is a mail as a ledger keeps it.
type entry struct {
	Mail
	lease   string
	until   time.Time
	message string
	lost    string // message ids that were reported lost while the mail was pending, each followed by a blank
}

// ledger is a store of mails with the conditions of the real one, and a clock that goes when it is told to.
type ledger struct {
	sync.Mutex
	entries map[string]entry
	now     time.Time
	fails   map[string]error // by the name of the call, or of the call and the mail; nothing is done then
	// meanwhile is what others do just before a call, by its name or that and the mail's.
	meanwhile map[string]func()
	calls     []string
	ids       int
}

// addressOf is the address that an order was placed with.
func addressOf(orderID string) string { return orderID + "@example.com" }

// newLedger has the pending confirmations of orders, each ordered a second after the one before.
func newLedger(orders ...string) *ledger {
	l := &ledger{entries: map[string]entry{}, now: opened, fails: map[string]error{}, meanwhile: map[string]func(){}}
	for i, id := range orders {
		mail := NewOrderMail(id, addressOf(id), opened.Add(time.Duration(i)*time.Second))
		l.entries[mail.ID] = entry{Mail: mail}
	}
	return l
}

// newID never gives one twice, whoever asks.
func (l *ledger) newID() string { l.ids++; return fmt.Sprint("attempt ", l.ids) }

func (l *ledger) time() time.Time { l.Lock(); defer l.Unlock(); return l.now }

func (l *ledger) pass(d time.Duration) { l.Lock(); defer l.Unlock(); l.now = l.now.Add(d) }

// call lets others go first and holds the ledger until the returned function is called.
func (l *ledger) call(name, mailID string) (func(), error) {
	for _, key := range []string{name, name + " " + mailID} {
		l.Lock()
		others := l.meanwhile[key]
		delete(l.meanwhile, key)
		l.Unlock()
		if others != nil {
			others()
		}
	}
	l.Lock()
	l.calls = append(l.calls, name)
	return l.Unlock, errors.Join(l.fails[name], l.fails[name+" "+mailID])
}

func (l *ledger) Claim(_ context.Context, mailID, leaseID string, until time.Time) (Mail, error) {
	done, err := l.call("claim", mailID)
	defer done()
	e, exists := l.entries[mailID]
	switch {
	case err != nil:
		return Mail{}, err
	case !exists:
		return Mail{}, ErrNotFound
	case e.State != Pending:
		return Mail{}, ErrNotPending
	case e.lease != "" && e.lease != leaseID && !e.until.Before(l.now):
		return Mail{}, ErrLeased
	}
	e.lease, e.until = leaseID, until
	l.entries[mailID] = e
	return e.Mail, nil
}

func (l *ledger) MarkSent(_ context.Context, mailID, messageID string, now time.Time) error {
	done, err := l.call("mark sent", mailID)
	defer done()
	if err == nil {
		state := Sent
		if strings.Contains(l.entries[mailID].lost, messageID+" ") {
			state = Failed
		}
		l.finish(mailID, func(e entry) bool { return true }, state, messageID)
	}
	return err
}

func (l *ledger) MarkUndelivered(_ context.Context, mailID, leaseID string, as State, now time.Time) error {
	done, err := l.call("mark "+string(as), mailID)
	defer done()
	if err == nil {
		l.finish(mailID, func(e entry) bool { return e.lease == leaseID }, as, "")
	}
	return err
}

func (l *ledger) MarkBounced(_ context.Context, mailID, messageID string, now time.Time) error {
	done, err := l.call("mark lost", mailID)
	defer done()
	switch e := l.entries[mailID]; {
	case err != nil:
	case e.State == Pending:
		e.lost += messageID + " "
		l.entries[mailID] = e
	case e.State == Sent && e.message == messageID:
		e.State, e.DueAt, e.lease, e.until = Failed, time.Time{}, "", time.Time{}
		l.entries[mailID] = e
	}
	return err
}

// requeue makes a mail that failed pending again, as a redrive does.
func (l *ledger) requeue(mailID string) {
	again := Requeue(mailID, l.now)
	again.AddressHash = l.entries[mailID].AddressHash
	l.entries[mailID] = entry{Mail: again, lost: l.entries[mailID].lost}
}

func (l *ledger) finish(mailID string, may func(entry) bool, state State, message string) {
	if e := l.entries[mailID]; e.State == Pending && may(e) {
		e.State, e.DueAt, e.message, e.lease, e.until = state, time.Time{}, message, "", time.Time{}
		if state != Failed {
			e.Address = ""
		}
		l.entries[mailID] = e
	}
}

func (l *ledger) Release(_ context.Context, mailID, leaseID string, unanswered int) error {
	done, err := l.call("release", mailID)
	defer done()
	if e := l.entries[mailID]; err == nil && e.State == Pending && e.lease == leaseID {
		e.lease, e.until, e.Unanswered = "", time.Time{}, unanswered
		l.entries[mailID] = e
	}
	return err
}

func (l *ledger) Due(_ context.Context, now time.Time, max int) ([]Mail, error) {
	done, err := l.call("due", "")
	defer done()
	if err != nil {
		return nil, err
	}
	var due []Mail
	for _, e := range l.entries {
		if e.State == Pending && !e.DueAt.After(now) {
			due = append(due, e.Mail)
		}
	}
	slices.SortFunc(due, func(a, b Mail) int { return a.DueAt.Compare(b.DueAt) })
	return due[:min(max, len(due))], nil
}

func (l *ledger) Reschedule(_ context.Context, before, next Mail) error {
	done, err := l.call("reschedule", before.ID)
	defer done()
	if err != nil {
		return err
	}
	e := l.entries[before.ID]
	if e.State != Pending || !e.DueAt.Equal(before.DueAt) || e.Attempt != before.Attempt {
		return ErrLeased
	}
	e.DueAt, e.Attempt = next.DueAt, next.Attempt
	l.entries[before.ID] = e
	return nil
}

// fakeProvider is an e-mail provider: it notes what it was given. It is also where the orders are.
type fakeProvider struct {
	ledger  *ledger
	fails   error
	missing map[string]error            // why the order cannot be read
	list    map[string]bool             // the addresses that are mailed no more, by hash
	sent    map[string]int              // mails by order
	lost    error                       // what Send answers although the mail was sent
	named   func(orderID string) string // makes message ids; nil counts the mails of an order
}

func newFakeProvider(l *ledger) *fakeProvider {
	return &fakeProvider{ledger: l, missing: map[string]error{}, list: map[string]bool{}, sent: map[string]int{}}
}

func (p *fakeProvider) ForMail(_ context.Context, orderID, addressHash string) (order.Order, error) {
	if err := p.missing[orderID]; err != nil {
		return order.Order{}, err
	}
	o := order.Order{ID: orderID, Email: addressOf(orderID)}
	if hash := user.AddressHash(o.Email); addressHash != "" && addressHash != hash {
		return order.Order{}, fmt.Errorf("asked about the address %s, want %s", addressHash, hash)
	} else if p.list[hash] {
		return order.Order{}, ErrSuppressed
	}
	return o, nil
}

func (p *fakeProvider) Add(_ context.Context, addressHash string, _ Reason, _ time.Time) error {
	p.list[addressHash] = true
	return nil
}

func (p *fakeProvider) Render(o order.Order) Message {
	return Message{To: o.Email, Subject: o.ID}
}

func (p *fakeProvider) Send(_ context.Context, m Message) (string, error) {
	done, _ := p.ledger.call("send", m.Subject)
	defer done()
	if p.fails != nil {
		return "", p.fails
	}
	if m.MailID != OrderMailID(m.Subject) {
		return "", fmt.Errorf("the mail of %s is named %s", m.Subject, m.MailID)
	}
	p.sent[m.Subject]++
	if p.named != nil {
		return p.named(m.Subject), p.lost
	}
	return fmt.Sprint("message ", p.sent[m.Subject]), p.lost
}

// delivery sends the ledger's mails by the fakeProvider, with a lease of 35 seconds.
func (p *fakeProvider) delivery() *Delivery {
	return &Delivery{
		Ledger: p.ledger, Orders: p, Mailer: p, Confirmation: p, Pace: atOnce,
		Lease: 35 * time.Second, NewID: p.ledger.newID, Now: p.ledger.time,
	}
}

// atOnce is a pace that lets every mail go.
func atOnce(context.Context, Mail) error { return nil }

// line is a queue of events. It refuses all when it fails, and those of some mails.
type line struct {
	sync.Mutex
	events   []string   // mail ids
	batches  [][]string // as they were sent
	attempts []string   // of the mails of the events
	fails    error
	refuses  map[string]bool
	on       func() // after each call
}

func (q *line) Send(_ context.Context, mails []Mail) ([]Mail, error) {
	q.Lock()
	defer q.Unlock()
	if q.on != nil {
		defer q.on()
	}
	var batch []string
	for _, m := range mails {
		batch = append(batch, m.ID)
	}
	q.batches = append(q.batches, batch)
	if q.fails != nil || len(mails) > 10 || len(mails) == 0 {
		return mails, errors.Join(errDown, q.fails)
	}
	var unsent []Mail
	for _, m := range mails {
		if q.refuses[m.ID] {
			unsent = append(unsent, m)
		} else {
			q.events, q.attempts = append(q.events, m.ID), append(q.attempts, fmt.Sprint(m.ID, " attempt ", m.Attempt))
		}
	}
	if len(unsent) > 0 {
		return unsent, errDown
	}
	return nil, nil
}
