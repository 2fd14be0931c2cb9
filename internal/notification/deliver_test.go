package notification

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/user"
)

const mailID = "order-placed#ord_1"

func wantCalls(t *testing.T, l *ledger, want ...string) {
	t.Helper()
	if !slices.Equal(l.calls, want) {
		t.Errorf("got the calls %q, want %q", l.calls, want)
	}
}

func wantEntry(t *testing.T, l *ledger, want entry) {
	t.Helper()
	if got := l.entries[want.ID]; got != want {
		t.Errorf("got the entry %+v, want %+v", got, want)
	}
}

// untouched is the entry of ord_1 as it was made.
func untouched() entry { return entry{Mail: NewOrderMail("ord_1", addressOf("ord_1"), opened)} }

// settled is the entry of ord_1 in a state for good.
func settled(state State, message string) entry {
	mail := untouched().Mail
	mail.State, mail.DueAt = state, time.Time{}
	return entry{Mail: mail, message: message}
}

func TestDeliver(t *testing.T) {
	l := newLedger("ord_1", "ord_2")
	p := newFakeProvider(l)
	outcome, err := p.delivery().Deliver(context.Background(), mailID)
	if err != nil || outcome != OutcomeSent || p.sent["ord_1"] != 1 || len(p.sent) != 1 {
		t.Errorf("got %s, sent %v and error %v, want %s, one and none", outcome, p.sent, err, OutcomeSent)
	}
	wantEntry(t, l, settled(Sent, "message 1"))
	wantCalls(t, l, "claim", "send", "mark sent")
}

// TestDeliverLeases: while the mail is being sent, it is leased from now for the time of a lease.
func TestDeliverLeases(t *testing.T) {
	l := newLedger("ord_1")
	l.pass(time.Hour)
	p := newFakeProvider(l)
	want := untouched()
	want.lease, want.until = "attempt 1", opened.Add(time.Hour+35*time.Second)
	l.meanwhile["send"] = func() { wantEntry(t, l, want) }
	if outcome, err := p.delivery().Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSent {
		t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
	}
	if len(l.meanwhile) != 0 {
		t.Error("nothing was sent")
	}
}

// TestDeliverTwice: an event that arrives twice, also while the first is being handled, is acknowledged without another
// mail.
func TestDeliverTwice(t *testing.T) {
	for _, when := range []string{"afterwards", "send", "mark sent"} {
		t.Run(when, func(t *testing.T) {
			l := newLedger("ord_1")
			p := newFakeProvider(l)
			d := p.delivery()
			again := func() {
				if outcome, err := d.Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSettled {
					t.Errorf("again: got %s and error %v, want %s", outcome, err, OutcomeSettled)
				}
			}
			l.meanwhile[when] = again
			if outcome, err := d.Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSent {
				t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
			}
			if when == "afterwards" {
				again()
			} else if len(l.meanwhile) != 0 {
				t.Error("nothing came between")
			}
			if p.sent["ord_1"] != 1 {
				t.Errorf("sent %d mails, want 1", p.sent["ord_1"])
			}
			wantEntry(t, l, settled(Sent, "message 1"))
		})
	}
}

func TestDeliverSettled(t *testing.T) {
	leased := untouched()
	leased.lease, leased.until = "another", opened
	for name, e := range map[string]entry{
		"sent": settled(Sent, "message 7"), "failed": settled(Failed, ""), "leased until now": leased,
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			l.entries[mailID] = e
			p := newFakeProvider(l)
			outcome, err := p.delivery().Deliver(context.Background(), mailID)
			if err != nil || outcome != OutcomeSettled || len(p.sent) != 0 {
				t.Errorf("got %s, sent %v and error %v, want %s", outcome, p.sent, err, OutcomeSettled)
			}
			wantEntry(t, l, e)
			wantCalls(t, l, "claim")
		})
	}
}

// TestDeliverAfterACrash: the lease of an attempt that ended without a word ends, too.
func TestDeliverAfterACrash(t *testing.T) {
	l := newLedger("ord_1")
	e := untouched()
	e.lease, e.until = "another", opened.Add(35*time.Second)
	l.entries[mailID] = e
	l.pass(35*time.Second + time.Millisecond)
	p := newFakeProvider(l)
	if outcome, err := p.delivery().Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSent {
		t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
	}
	wantEntry(t, l, settled(Sent, "message 1"))
}

func TestDeliverUnknownMail(t *testing.T) {
	p := newFakeProvider(newLedger("ord_2"))
	outcome, err := p.delivery().Deliver(context.Background(), mailID)
	if !errors.Is(err, ErrNotFound) || outcome != "" || len(p.sent) != 0 {
		t.Errorf("got %q, sent %v and error %v, want %v", outcome, p.sent, err, ErrNotFound)
	}
}

// TestDeliverLeavesToTheRelay: whatever fails before the mail was surely sent and may pass, the lease ends and the mail
// stays pending, due as it was. An order that is missing is no exception: it was stored with the mail, so it is the
// tables that are not right, a restore of one before the other for example, and that is the operator's to mend. It is
// never ErrNotFound, which would say that the mail has no record.
func TestDeliverLeavesToTheRelay(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*fakeProvider)
		cause error
		sent  int
	}{
		"provider down":      {func(p *fakeProvider) { p.fails = errDown }, errDown, 0},
		"provider's answer":  {func(p *fakeProvider) { p.lost = errDown }, errDown, 1},
		"order not readable": {func(p *fakeProvider) { p.missing["ord_1"] = errDown }, errDown, 0},
		"order missing":      {func(p *fakeProvider) { p.missing["ord_1"] = order.ErrNotFound }, order.ErrNotFound, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger("ord_1")
			l.pass(90 * time.Second)
			p := newFakeProvider(l)
			c.spoil(p)
			outcome, err := p.delivery().Deliver(context.Background(), mailID)
			if !errors.Is(err, c.cause) || errors.Is(err, ErrNotFound) || outcome != OutcomePostponed ||
				p.sent["ord_1"] != c.sent {
				t.Errorf("got %s, sent %v and error %v, want %s, %d and %v",
					outcome, p.sent, err, OutcomePostponed, c.sent, c.cause)
			}
			wantEntry(t, l, untouched())
		})
	}
}

// TestDeliverOutOfTurn: a mail whose turn would come too late is released, and its provider not called.
func TestDeliverOutOfTurn(t *testing.T) {
	l := newLedger("ord_1")
	l.pass(90 * time.Second)
	p := newFakeProvider(l)
	d := p.delivery()
	tooLate := errors.New("no turn in time")
	d.Pace = func(context.Context, Mail) error { return tooLate }
	outcome, err := d.Deliver(context.Background(), mailID)
	if !errors.Is(err, tooLate) || outcome != OutcomePostponed || p.sent["ord_1"] != 0 {
		t.Errorf("got %s, sent %v and error %v, want %s and none", outcome, p.sent, err, OutcomePostponed)
	}
	wantEntry(t, l, untouched())
}

// TestDeliverUnanswered: a provider that sends and whose answers never come gets one customer three mails. Outages of
// which it is known that nothing was sent, and processes that end without a word, do not count.
func TestDeliverUnanswered(t *testing.T) {
	l := newLedger("ord_1")
	noAnswer := fmt.Errorf("sending: %w", ErrNoAnswer)
	sent := 0
	attempt := func(lost, fails error, want Outcome) {
		t.Helper()
		p := newFakeProvider(l)
		p.lost, p.fails = lost, fails
		outcome, err := p.delivery().Deliver(context.Background(), mailID)
		if outcome != want || (err == nil) != (want == OutcomeSettled) {
			t.Errorf("got %q and error %v, want %s", outcome, err, want)
		}
		if errors.Is(err, ErrUnanswered) != (want == OutcomeFailed) {
			t.Errorf("got error %v after %d mails", err, sent)
		}
		sent += p.sent["ord_1"]
	}
	crash := func() {
		e := l.entries[mailID]
		e.lease, e.until = "another", l.now
		l.entries[mailID] = e
		l.pass(time.Minute)
	}
	for range 5 {
		attempt(nil, errDown, OutcomePostponed)
		crash()
	}
	attempt(noAnswer, nil, OutcomePostponed)
	crash()
	attempt(nil, errDown, OutcomePostponed)
	attempt(noAnswer, nil, OutcomePostponed)
	crash()
	attempt(nil, errDown, OutcomePostponed)
	attempt(noAnswer, nil, OutcomeFailed)
	attempt(nil, nil, OutcomeSettled)
	if e := l.entries[mailID]; sent != 3 || e.State != Failed || e.lease != "" {
		t.Errorf("got %d mails and %+v, want 3 and a failed mail", sent, e)
	}
	l.requeue(mailID)
	attempt(noAnswer, nil, OutcomePostponed) // a redrive begins anew
}

// statuses makes mails of statuses, whose subject is the kind, and sends them.
type statuses struct{ sent []Message }

func (s *statuses) Render(kind Kind, o order.Order) (Message, error) {
	return Message{To: o.Email, Subject: string(kind)}, nil
}

func (s *statuses) Send(_ context.Context, m Message) (string, error) {
	s.sent = append(s.sent, m)
	return "message 1", nil
}

// TestDeliverAStatus: what tells of a status is read as a confirmation is, and sent by its own text.
func TestDeliverAStatus(t *testing.T) {
	for reached, want := range ofStatuses {
		l := newLedger()
		mail, told := NewStatusMail("ord_1", reached, addressOf("ord_1"), opened)
		l.entries[mail.ID] = entry{Mail: mail}
		d, own := newFakeProvider(l).delivery(), &statuses{}
		d.StatusMail, d.Mailer = own, own
		outcome, err := d.Deliver(context.Background(), mail.ID)
		message := Message{MailID: mail.ID, To: addressOf("ord_1"), Subject: string(want)}
		if err != nil || !told || outcome != OutcomeSent || !slices.Equal(own.sent, []Message{message}) {
			t.Errorf("%s: got %s, sent %+v and error %v, want %+v", reached, outcome, own.sent, err, message)
		}
	}
	for _, quiet := range []order.Status{order.Placed, order.Packed, order.Delivered} {
		if mail, told := NewStatusMail("ord_1", quiet, "ada@example.com", opened); told {
			t.Errorf("%s is told by %s", quiet, mail.ID)
		}
	}
}

func TestDeliverAnUnknownKind(t *testing.T) {
	l := newLedger()
	unknown := Mail{ID: "order-returned#ord_1", State: Pending, CreatedAt: opened, DueAt: opened}
	l.entries[unknown.ID] = entry{Mail: unknown}
	p := newFakeProvider(l)
	outcome, err := p.delivery().Deliver(context.Background(), unknown.ID)
	if err == nil || errors.Is(err, ErrNotFound) || outcome != OutcomePostponed || len(p.sent) != 0 {
		t.Errorf("got %s, sent %v and error %v, want %s", outcome, p.sent, err, OutcomePostponed)
	}
	wantEntry(t, l, entry{Mail: unknown})
}

// TestDeliverGivesUp: a mail that is refused for good, or failed once more after 72 hours, is not pending any more. One
// that succeeds after 72 hours is sent.
func TestDeliverGivesUp(t *testing.T) {
	refused := fmt.Errorf("at the provider: %w", ErrRefused)
	for name, c := range map[string]struct {
		pending time.Duration
		fails   error
		want    Outcome
		state   State
	}{
		"refused at once":           {0, refused, OutcomeFailed, Failed},
		"refused after 72 h":        {72*time.Hour + time.Millisecond, refused, OutcomeFailed, Failed},
		"down for 72 h":             {72 * time.Hour, errDown, OutcomePostponed, Pending},
		"down for more than 72 h":   {72*time.Hour + time.Millisecond, errDown, OutcomeFailed, Failed},
		"up after more than 72 h":   {100 * time.Hour, nil, OutcomeSent, Sent},
		"down, but not for as long": {time.Hour, errDown, OutcomePostponed, Pending},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger("ord_1")
			l.pass(c.pending)
			p := newFakeProvider(l)
			p.fails = c.fails
			outcome, err := p.delivery().Deliver(context.Background(), mailID)
			if outcome != c.want || !errors.Is(err, c.fails) {
				t.Errorf("got %s and error %v, want %s and %v", outcome, err, c.want, c.fails)
			}
			if got := l.entries[mailID]; got.State != c.state || got.lease != "" ||
				got.DueAt.IsZero() != (c.state != Pending) {
				t.Errorf("got the entry %+v, want %s without a lease, and due only while pending", got, c.state)
			}
		})
	}
}

// TestDeliverToASuppressedAddress: its mail fails and is never sent, one of an earlier version, too.
func TestDeliverToASuppressedAddress(t *testing.T) {
	for name, hash := range map[string]string{
		"mail with the hash": user.AddressHash(addressOf("ord_1")), "mail without": "",
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger("ord_1", "ord_2")
			e := l.entries[mailID]
			e.AddressHash = hash
			l.entries[mailID] = e
			p := newFakeProvider(l)
			p.list[user.AddressHash(addressOf("ord_1"))] = true
			outcome, err := p.delivery().Deliver(context.Background(), mailID)
			if outcome != OutcomeFailed || !errors.Is(err, ErrSuppressed) || len(p.sent) != 0 {
				t.Errorf("got %s, sent %v and error %v, want %s and %v",
					outcome, p.sent, err, OutcomeFailed, ErrSuppressed)
			}
			want := settled(Failed, "")
			want.AddressHash = hash
			wantEntry(t, l, want)
			if outcome, err := p.delivery().Deliver(
				context.Background(), OrderMailID("ord_2"),
			); outcome != OutcomeSent {
				t.Errorf("another address: got %s and error %v, want %s", outcome, err, OutcomeSent)
			}
		})
	}
}

// TestDeliverCannotNote: what became of the mail cannot be written. It stays pending and leased, so that the relay
// returns to it when the lease ended.
func TestDeliverCannotNote(t *testing.T) {
	for call, c := range map[string]struct {
		fails error
		sent  int
	}{"mark sent": {nil, 1}, "mark failed": {ErrRefused, 0}, "release": {errors.New("throttled"), 0}} {
		t.Run(call, func(t *testing.T) {
			l := newLedger("ord_1")
			l.fails[call] = errDown
			p := newFakeProvider(l)
			p.fails = c.fails
			outcome, err := p.delivery().Deliver(context.Background(), mailID)
			if outcome != "" || !errors.Is(err, errDown) || !errors.Is(err, c.fails) && c.fails != nil ||
				p.sent["ord_1"] != c.sent {
				t.Errorf("got %q, sent %v and error %v, want %v and %v", outcome, p.sent, err, errDown, c.fails)
			}
			want := untouched()
			want.lease, want.until = "attempt 1", opened.Add(35*time.Second)
			wantEntry(t, l, want)
		})
	}
}

func TestDeliverCannotClaim(t *testing.T) {
	l := newLedger("ord_1")
	l.fails["claim"] = errDown
	p := newFakeProvider(l)
	if outcome, err := p.delivery().Deliver(context.Background(), mailID); outcome != "" || !errors.Is(err, errDown) ||
		len(p.sent) != 0 {
		t.Errorf("got %q, sent %v and error %v, want %v", outcome, p.sent, err, errDown)
	}
	wantEntry(t, l, untouched())
}

// TestDeliverTooLate: another attempt holds the mail by the time that this one fails. What it wrote stands.
func TestDeliverTooLate(t *testing.T) {
	for name, fails := range map[string]error{"reschedule": errDown, "failed": ErrRefused} {
		t.Run(name, func(t *testing.T) {
			l := newLedger("ord_1")
			p, other := newFakeProvider(l), newFakeProvider(l)
			p.fails = fails
			l.meanwhile["send"] = func() {
				l.pass(time.Minute)
				if outcome, err := other.delivery().Deliver(context.Background(), mailID); err != nil ||
					outcome != OutcomeSent {
					t.Errorf("the other: got %s and error %v, want %s", outcome, err, OutcomeSent)
				}
			}
			if outcome, err := p.delivery().Deliver(context.Background(), mailID); !errors.Is(err, fails) {
				t.Errorf("got %s and error %v, want %v", outcome, err, fails)
			}
			wantEntry(t, l, settled(Sent, "message 1"))
		})
	}
}
