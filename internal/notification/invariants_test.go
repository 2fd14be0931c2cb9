package notification

import (
	"context"
	"errors"
	"fmt"
	"shop/internal/user"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var systemOrders = []string{"ord_1", "ord_2", "ord_3"}

// mailSystem is a ledger, a queue and a provider, each of which fails now and then.
type mailSystem struct {
	*ledger
	queue  *line
	sent   map[string]int // mails, by order
	faults map[string]int // sendings after the provider's yes to which the ledger had no mark, by order
	// orders whose mail the provider refused for good, or reported, since it was pending last
	refused    map[string]bool
	list       map[string]bool     // suppressed addresses, by hash
	taken      map[string][]string // message ids of the sendings that the provider took, by order
	lost       map[string]bool     // message ids that were reported lost
	unanswered map[string]int      // sendings whose answer never came since the mail was pending last, by order
}

func newMailSystem() *mailSystem {
	o := &mailSystem{
		ledger: newLedger(systemOrders...), queue: &line{}, sent: map[string]int{}, faults: map[string]int{},
		refused: map[string]bool{},
		list:    map[string]bool{}, taken: map[string][]string{}, lost: map[string]bool{}, unanswered: map[string]int{},
	}
	for _, id := range systemOrders {
		o.queue.events = append(o.queue.events, OrderMailID(id))
	}
	return o
}

// relays runs the relay, while the queue or the ledger fails now and then.
func (o *mailSystem) relays(t *rapid.T) {
	o.queue.fails = rapid.SampledFrom([]error{nil, nil, errDown}).Draw(t, "queue")
	o.queue.refuses = map[string]bool{OrderMailID("ord_2"): rapid.Bool().Draw(t, "one refused")}
	o.fails["reschedule "+OrderMailID("ord_3")] = rapid.SampledFrom([]error{nil, nil, errDown}).Draw(t, "ledger")
	o.runs(t, o.queue.fails == nil)
	clear(o.fails)
	o.queue.fails, o.queue.refuses = nil, nil
}

func (o *mailSystem) runs(t *rapid.T, up bool) {
	had := len(o.queue.events)
	done, _ := o.relay(o.queue).Run(context.Background(), 2000, always)
	if got := len(o.queue.events) - had; got != done.Sent || !up && got != 0 {
		t.Fatalf("the relay says %d sent, want %d", done.Sent, got)
	}
}

// notifies hands an event to a delivery, and keeps it or not: events come twice. Now and then it takes a while, and
// another delivery comes between.
func (o *mailSystem) notifies(t *rapid.T) {
	if len(o.queue.events) == 0 {
		return
	}
	id := o.queue.events[0]
	if !rapid.Bool().Draw(t, "comes again") {
		o.queue.events = o.queue.events[1:]
	}
	if rapid.Bool().Draw(t, "another between") {
		call := rapid.SampledFrom([]string{"send", "mark sent", "release", "mark failed"}).Draw(t, "before")
		o.meanwhile[call] = func() {
			o.pass(30 * time.Second)
			o.delivers(t, OrderMailID(rapid.SampledFrom(systemOrders).Draw(t, "other")))
		}
	}
	o.delivers(t, id)
	clear(o.meanwhile)
}

// delivers hands an event to a delivery, in which one thing may fail.
func (o *mailSystem) delivers(t *rapid.T, id string) {
	p := o.provider()
	orderID, _ := Mail{ID: id}.OrderID()
	suppressed := o.list[user.AddressHash(addressOf(orderID))]
	switch fault := rapid.SampledFrom([]string{
		"", "", "", "down", "refused", "answer lost", "no answer", "no answer", "claim", "mark sent", "mark failed",
		"release",
	}).Draw(t, "fault"); fault {
	case "":
	case "down":
		p.fails = errDown
	case "refused":
		p.fails, o.refused[orderID] = ErrRefused, true
	case "answer lost":
		p.lost = errDown
	case "no answer":
		p.lost = ErrNoAnswer
	default:
		o.fails[fault] = errDown
	}
	outcome, err := p.delivery().Deliver(context.Background(), id)
	clear(o.fails)
	o.sent[orderID] += p.sent[orderID]
	if suppressed && p.sent[orderID] > 0 {
		t.Fatalf("%s was mailed to a suppressed address", orderID)
	}
	if p.sent[orderID] > 0 && outcome != OutcomeSent {
		o.faults[orderID]++
	}
	if p.lost == ErrNoAnswer {
		o.unanswered[orderID] += p.sent[orderID]
	}
	if (outcome == OutcomeSent || outcome == OutcomeSettled) != (err == nil) {
		t.Fatalf("got %q with error %v", outcome, err)
	}
}

// reports lets the provider report a sending of a mail, also an early one, and one that it reported before: it bounced
// for good, or is called unwanted. It fails no other sending of the mail.
func (o *mailSystem) reports(t *rapid.T) {
	orderID := rapid.SampledFrom(systemOrders).Draw(t, "order")
	if len(o.taken[orderID]) == 0 {
		return
	}
	messageID := rapid.SampledFrom(o.taken[orderID]).Draw(t, "sending")
	r := Report{OrderMailID(orderID), messageID, addressOf(orderID), Complained, true, rapid.Bool().Draw(t, "lost")}
	s := &Suppressor{List: o.provider(), Ledger: o, Now: o.time}
	before := o.entries[r.MailID]
	if err := s.Suppress(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	after := o.entries[r.MailID]
	if mayFail := r.Lost && before.State == Sent &&
		before.message == messageID; after.State != before.State && !mayFail {
		t.Fatalf("%s: a report of %s made it %s, want it %s with %s",
			orderID, messageID, after.State, before.State, before.message)
	}
	o.refused[orderID] = true
	o.lost[messageID] = o.lost[messageID] || r.Lost
}

// redrives lets the operator have a failed mail sent again, to an address that is mailed again.
func (o *mailSystem) redrives(t *rapid.T) {
	orderID := rapid.SampledFrom(systemOrders).Draw(t, "order")
	if o.entries[OrderMailID(orderID)].State != Failed {
		return
	}
	delete(o.list, user.AddressHash(addressOf(orderID)))
	o.requeue(OrderMailID(orderID))
	o.queue.attempts = slices.DeleteFunc(o.queue.attempts,
		func(attempt string) bool { return strings.HasPrefix(attempt, OrderMailID(orderID)) })
	o.refused[orderID], o.sent[orderID], o.faults[orderID], o.unanswered[orderID] = false, 0, 0, 0
}

// fakeProvider is a provider that knows the suppressed addresses, and gives each sending an id of its own.
func (o *mailSystem) provider() *fakeProvider {
	p := newFakeProvider(o.ledger)
	p.list = o.list
	p.named = func(orderID string) string {
		o.taken[orderID] = append(o.taken[orderID], fmt.Sprintf("%s message %03d", orderID, len(o.taken[orderID])))
		return o.taken[orderID][len(o.taken[orderID])-1]
	}
	return p
}

func (o *mailSystem) waits(t *rapid.T) {
	o.pass(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 5 * time.Minute, time.Hour, 20 * time.Hour}).
		Draw(t, "time"))
}

// hold checks the invariants: no mail is lost, none is failed too early, and each fault costs at most one more. That no
// suppressed address is mailed, each delivery checks.
func (o *mailSystem) hold(t *rapid.T) {
	for _, id := range systemOrders {
		e := o.entries[OrderMailID(id)]
		if o.sent[id] > 1+o.faults[id] {
			t.Fatalf("%s: %d mails after %d faults, want one and one more a fault at most",
				id, o.sent[id], o.faults[id])
		}
		if o.unanswered[id] > 3 {
			t.Fatalf("%s: %d mails were sent without an answer, want 3 at most", id, o.unanswered[id])
		}
		switch e.State {
		case Pending:
			if e.DueAt.IsZero() || e.DueAt.After(o.now.Add(time.Hour)) {
				t.Fatalf("%s: pending, and due at %s, want within an hour of %s", id, e.DueAt, o.now)
			}
		case Sent:
			if o.sent[id] == 0 || e.message == "" || !e.DueAt.IsZero() || o.lost[e.message] {
				t.Fatalf("%s: got %+v with %d mails sent, want one that was sent and not lost", id, e, o.sent[id])
			}
		case Failed:
			mayFail := o.refused[id] || o.unanswered[id] == 3 || o.now.Sub(e.CreatedAt) > 72*time.Hour
			if !mayFail || !e.DueAt.IsZero() {
				t.Fatalf("%s: failed after %s, want it pending", id, o.now.Sub(e.CreatedAt))
			}
		}
	}
	seen := map[string]bool{}
	for _, event := range o.queue.attempts {
		if seen[event] {
			t.Fatalf("%s was relayed twice, want once an attempt", event)
		}
		seen[event] = true
	}
}

// mends lets all faults end: within two steps of an hour, every mail that was not failed is sent.
func (o *mailSystem) mends(t *rapid.T) {
	for range 130 {
		o.pass(time.Minute)
		o.runs(t, true)
		for _, id := range o.queue.events {
			p := o.provider()
			if _, err := p.delivery().Deliver(context.Background(), id); err != nil && !errors.Is(err, ErrSuppressed) {
				t.Fatal(err)
			}
			orderID, _ := Mail{ID: id}.OrderID()
			o.sent[orderID] += p.sent[orderID]
		}
		o.queue.events = nil
	}
	for _, id := range systemOrders {
		if state := o.entries[OrderMailID(id)].State; state == Pending {
			t.Fatalf("%s is still pending, want it sent or failed", id)
		}
	}
}

// TestNotificationLaws lets time pass, relays run and deliveries meet, with faults everywhere, and then lets the faults
// end.
func TestNotificationLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := newMailSystem()
		t.Repeat(map[string]func(*rapid.T){
			"relay": o.relays, "notify": o.notifies, "report": o.reports, "redrive": o.redrives, "wait": o.waits,
			"": o.hold,
		})
		o.mends(t)
		o.hold(t)
	})
}
