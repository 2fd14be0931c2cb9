package notification

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

func (l *ledger) relay(q *line) *Relay { return &Relay{Ledger: l, Queue: q, Now: l.time} }

// always is later than any run.
var always = opened.Add(1000 * time.Hour)

// pendingMails is a ledger of n pending mails, ord_01 the oldest, all of them due.
func pendingMails(n int) *ledger {
	var orders []string
	for i := range n {
		orders = append(orders, fmt.Sprintf("ord_%02d", i+1))
	}
	l := newLedger(orders...)
	l.pass(time.Hour)
	return l
}

// mails are the ids of the mails of the orders first to last.
func mails(first, last int) []string {
	var ids []string
	for i := first; i <= last; i++ {
		ids = append(ids, OrderMailID(fmt.Sprintf("ord_%02d", i)))
	}
	return ids
}

func wantRun(t *testing.T, r *Relay, max int, until time.Time, want int, fails error) {
	t.Helper()
	got, err := r.Run(context.Background(), max, until)
	if got.Oldest = 0; got != (Relayed{Sent: want}) || !errors.Is(err, fails) {
		t.Errorf("got %+v and error %v, want %d sent and %v", got, err, want, fails)
	}
}

// wantAttempts checks how often each mail was rescheduled, and that a mail that never was is due as it was made.
func wantAttempts(t *testing.T, l *ledger, attempt int, ids ...string) {
	t.Helper()
	for _, id := range ids {
		e := l.entries[id]
		due := e.CreatedAt.Add(2 * time.Minute)
		if attempt > 0 {
			due = l.entries[id].Reschedule(l.now).DueAt.Add(-delay(attempt + 1)).Add(delay(attempt))
		}
		if e.Attempt != attempt || !e.DueAt.Equal(due) {
			t.Errorf("%s: got attempt %d, due %s, want %d, %s", id, e.Attempt, e.DueAt, attempt, due)
		}
	}
}

// TestRelay: what is due goes out oldest first in batches of ten, once an attempt; what is not due or not pending
// stays.
func TestRelay(t *testing.T) {
	l, q := pendingMails(25), &line{}
	early := Mail{ID: "order-placed#early", State: Pending, CreatedAt: l.now, DueAt: l.now.Add(time.Millisecond)}
	l.entries[early.ID] = entry{Mail: early}
	l.entries[mailID] = settled(Sent, "message 1")
	wantRun(t, l.relay(q), 2000, always, 25, nil)
	if want := [][]string{mails(1, 10), mails(11, 20), mails(21, 25)}; fmt.Sprint(q.batches) != fmt.Sprint(want) {
		t.Errorf("got the batches %q, want %q", q.batches, want)
	}
	wantAttempts(t, l, 1, mails(1, 25)...)
	wantEntry(t, l, entry{Mail: early})
	wantEntry(t, l, settled(Sent, "message 1"))
	wantRun(t, l.relay(q), 2000, always, 0, nil)
}

// TestRelayTellsTheOldest: the age of the oldest mail that is due, of a known kind, however often it was tried; 0 when
// none is.
func TestRelayTellsTheOldest(t *testing.T) {
	l, q := pendingMails(3), &line{}
	unknown := Mail{ID: "a-later-kind#1", State: Pending, CreatedAt: l.now.Add(-100 * time.Hour), DueAt: l.now}
	old := Mail{
		ID: OrderMailID("ord_old"), State: Pending, CreatedAt: l.now.Add(-26 * time.Hour), DueAt: l.now, Attempt: 30,
	}
	l.entries[unknown.ID], l.entries[old.ID] = entry{Mail: unknown}, entry{Mail: old}
	for _, want := range []time.Duration{26 * time.Hour, 0} {
		done, err := l.relay(q).Run(context.Background(), 2000, always)
		if err != nil || done.Oldest != want {
			t.Errorf("the oldest is %s, %v, want %s", done.Oldest, err, want)
		}
	}
}

// TestRelayOnceAStep: a minute's schedule sends an event when the mail is due again, and at no other minute.
func TestRelayOnceAStep(t *testing.T) {
	l, q := newLedger("ord_1"), &line{}
	var at []int
	for minute := range 200 {
		done, err := l.relay(q).Run(context.Background(), 2000, always)
		if err != nil {
			t.Fatal(err)
		}
		if done.Sent > 0 {
			at = append(at, minute)
		}
		l.pass(time.Minute)
	}
	if want := []int{2, 6, 14, 30, 62, 122, 182}; !slices.Equal(at, want) || len(q.events) != len(want) {
		t.Errorf("got %d events in the minutes %v, want one in each of %v", len(q.events), at, want)
	}
}

func TestRelayDueNow(t *testing.T) {
	l, q := newLedger("ord_1"), &line{}
	l.pass(2*time.Minute - time.Millisecond)
	wantRun(t, l.relay(q), 2000, always, 0, nil)
	l.pass(time.Millisecond)
	wantRun(t, l.relay(q), 2000, always, 1, nil)
}

func TestRelayTakesTheOldestFirst(t *testing.T) {
	l, q := pendingMails(25), &line{}
	wantRun(t, l.relay(q), 12, always, 12, nil)
	if !slices.Equal(q.events, mails(1, 12)) {
		t.Errorf("got the events %q, want %q", q.events, mails(1, 12))
	}
	wantAttempts(t, l, 0, mails(13, 25)...)
}

// TestRelayReschedulesFirst: when the events are sent, the ledger has the next attempt already, so that a relay that
// ends there sends none twice.
func TestRelayReschedulesFirst(t *testing.T) {
	l, q := pendingMails(3), &line{}
	q.on = func() { wantAttempts(t, l, 1, mails(1, 3)...) }
	wantRun(t, l.relay(q), 2000, always, 3, nil)
	if len(q.batches) != 1 {
		t.Errorf("got %d batches, want 1", len(q.batches))
	}
}

// TestRelayStopsAtUntil: nothing is begun at until or later; what was left is due as before.
func TestRelayStopsAtUntil(t *testing.T) {
	for limit, want := range map[time.Duration]int{
		0: 0, time.Second: 10, time.Second + 1: 20, 2 * time.Second: 20, time.Minute: 25,
	} {
		l, q := pendingMails(25), &line{}
		q.on = func() { l.pass(time.Second) }
		wantRun(t, l.relay(q), 2000, l.time().Add(limit), want, nil)
		if !slices.Equal(q.events, mails(1, want)) {
			t.Errorf("until %s: got the events %q, want %q", limit, q.events, mails(1, want))
		}
		wantAttempts(t, l, 0, mails(want+1, 25)...)
	}
}

// TestRelayRefusedEvents: exactly the mails whose events the queue refused are due again as they were, and they hold up
// no others.
func TestRelayRefusedEvents(t *testing.T) {
	l, q := pendingMails(25), &line{refuses: map[string]bool{}}
	refused := []string{mails(1, 1)[0], mails(10, 10)[0], mails(13, 13)[0]}
	for _, id := range refused {
		q.refuses[id] = true
	}
	wantRun(t, l.relay(q), 2000, always, 22, errDown)
	sent := slices.DeleteFunc(mails(1, 25), func(id string) bool { return q.refuses[id] })
	if !slices.Equal(q.events, sent) {
		t.Errorf("got the events %q, want %q", q.events, sent)
	}
	wantAttempts(t, l, 0, refused...)
	wantAttempts(t, l, 1, sent...)
	q.refuses, q.events = nil, nil
	wantRun(t, l.relay(q), 2000, always, 3, nil)
	if !slices.Equal(q.events, refused) {
		t.Errorf("then got the events %q, want %q", q.events, refused)
	}
}

// TestRelayQueueDown: an outage ends the run with everything due as before; the next run sends it.
func TestRelayQueueDown(t *testing.T) {
	l, q := pendingMails(25), &line{fails: errDown}
	wantRun(t, l.relay(q), 2000, always, 0, errDown)
	if len(q.batches) != 1 {
		t.Errorf("got %d batches, want 1", len(q.batches))
	}
	wantAttempts(t, l, 0, mails(1, 25)...)
	q.fails = nil
	wantRun(t, l.relay(q), 2000, always, 25, nil)
}

// TestRelayOneQueueDown: an outage of one queue leaves its mails due as before, and holds up none of the other's,
// whichever were due first.
func TestRelayOneQueueDown(t *testing.T) {
	for name, c := range map[string]struct {
		accounts time.Duration // when account mails were made, after the orders' mails
		down     Kind
	}{
		"accounts, due first": {-time.Hour, VerifyEmail},
		"accounts, due last":  {time.Minute, VerifyEmail},
		"orders, due first":   {time.Minute, OrderPlaced},
		"orders, due last":    {-time.Hour, OrderPlaced},
	} {
		t.Run(name, func(t *testing.T) {
			l, q := pendingMails(12), &line{refuses: map[string]bool{}}
			for i := range 12 {
				m := NewVerificationMail(fmt.Sprintf("usr_%02d", i), "ada@example.com", opened.Add(c.accounts))
				l.entries[m.ID] = entry{Mail: m}
			}
			var down, others []string
			for _, id := range slices.Sorted(maps.Keys(l.entries)) {
				if kind, _ := CutMailID(id); Kind(kind) == c.down {
					down, q.refuses[id] = append(down, id), true
				} else {
					others = append(others, id)
				}
			}
			wantRun(t, l.relay(q), 2000, always, 12, errDown)
			if slices.Sort(q.events); !slices.Equal(q.events, others) {
				t.Errorf("got the events %q, want %q", q.events, others)
			}
			if len(q.batches) != 1+2 {
				t.Errorf("got %d batches, want one of the queue that is down", len(q.batches))
			}
			for _, id := range down {
				if attempt := l.entries[id].Attempt; attempt != 0 {
					t.Errorf("%s: got attempt %d, want 0", id, attempt)
				}
			}
		})
	}
}

// TestRelayCannotReschedule: mails that cannot be rescheduled, a whole batch of them too, stay due as they were, and
// hold up no others.
func TestRelayCannotReschedule(t *testing.T) {
	l, q := pendingMails(45), &line{}
	stuck := append(mails(5, 5), mails(11, 20)...)
	for _, id := range stuck {
		l.fails["reschedule "+id] = errDown
	}
	wantRun(t, l.relay(q), 2000, always, 34, errDown)
	sent := slices.DeleteFunc(mails(1, 45), func(id string) bool { return slices.Contains(stuck, id) })
	if !slices.Equal(q.events, sent) {
		t.Errorf("got the events %q, want %q", q.events, sent)
	}
	wantAttempts(t, l, 1, sent...)
	wantAttempts(t, l, 0, stuck...)
}

// TestRelayCannotRescheduleInTime: a ledger at which each call takes long and fails is asked for one batch, all of
// which begins in time, and for none after until.
func TestRelayCannotRescheduleInTime(t *testing.T) {
	l, q := pendingMails(25), &line{}
	l.fails["reschedule"] = errDown
	var begun sync.WaitGroup
	begun.Add(10)
	for _, id := range mails(1, 25) {
		l.meanwhile["reschedule "+id] = func() {
			begun.Done()
			begun.Wait()
			l.pass(9 * time.Second)
		}
	}
	wantRun(t, l.relay(q), 2000, l.time().Add(35*time.Second), 0, errDown)
	if got := len(l.calls); got != 1+10 {
		t.Errorf("got %d calls, want one that looks and 10 that reschedule", got)
	}
}

// TestRelayUnknownKinds: mails of kinds that this version does not know are rescheduled, without an event, and
// counted. However many they are, also where they alone fill the first batches or share one, they hold up no others.
func TestRelayUnknownKinds(t *testing.T) {
	for _, n := range []int{9, 10, 35} {
		l, q := pendingMails(12), &line{}
		var unknown []string
		for i := range n {
			mail := Mail{ID: fmt.Sprintf("order-returned#ord_%02d",
				i), State: Pending, CreatedAt: opened.Add(-time.Minute), DueAt: opened.Add(time.Minute)}
			l.entries[mail.ID], unknown = entry{Mail: mail}, append(unknown, mail.ID)
		}
		done, err := l.relay(q).Run(context.Background(), 2000, always)
		if done.Oldest = 0; done != (Relayed{Sent: 12, Unknown: n}) || err != nil ||
			!slices.Equal(q.events, mails(1, 12)) {
			t.Errorf("%d unknown: got %+v, %v and the events %q, want all that are known", n, done, err, q.events)
		}
		wantAttempts(t, l, 1, append(mails(1, 12), unknown...)...)
		wantRun(t, l.relay(q), 2000, always, 0, nil)
	}
}

// TestRelayUnknownKindsInAnOutage: what the queue refused ends the run, whatever else was in the batch.
func TestRelayUnknownKindsInAnOutage(t *testing.T) {
	l, q := pendingMails(25), &line{fails: errDown}
	unknown := Mail{ID: "order-returned#ord_1", State: Pending, CreatedAt: opened, DueAt: opened}
	l.entries[unknown.ID] = entry{Mail: unknown}
	done, err := l.relay(q).Run(context.Background(), 2000, always)
	if done.Oldest = 0; done != (Relayed{Unknown: 1}) || !errors.Is(err, errDown) || len(q.batches) != 1 {
		t.Errorf("got %+v, %v after %d batches, want the end after one", done, err, len(q.batches))
	}
	wantAttempts(t, l, 1, unknown.ID)
	wantAttempts(t, l, 0, mails(1, 25)...)
}

// TestRelayCannotPutBack: the mails whose events were refused cannot be made due again. They come an attempt later, and
// both failures are told.
func TestRelayCannotPutBack(t *testing.T) {
	l, q := pendingMails(3), &line{fails: errDown}
	errThrottled := errors.New("throttled")
	second := "reschedule " + mails(2, 2)[0]
	q.on = func() { l.fails[second] = errThrottled }
	_, err := l.relay(q).Run(context.Background(), 2000, always)
	if !errors.Is(err, errDown) || !errors.Is(err, errThrottled) {
		t.Errorf("got error %v, want %v and %v", err, errDown, errThrottled)
	}
	wantAttempts(t, l, 0, mails(1, 1)[0], mails(3, 3)[0])
	wantAttempts(t, l, 1, mails(2, 2)...)
}

// TestRelayMeetsDelivery: a mail that was delivered, or failed, after it was looked up, gets no event, and its entry
// stays as it is.
func TestRelayMeetsDelivery(t *testing.T) {
	for name, fails := range map[string]error{"delivered": nil, "failed": ErrRefused} {
		t.Run(name, func(t *testing.T) {
			l, q := pendingMails(3), &line{}
			p := newFakeProvider(l)
			p.fails = fails
			var want entry
			l.meanwhile["reschedule "+mails(2, 2)[0]] = func() {
				if _, err := p.delivery().Deliver(context.Background(), mails(2, 2)[0]); !errors.Is(err, fails) {
					t.Error(err)
				}
				want = l.entries[mails(2, 2)[0]]
			}
			wantRun(t, l.relay(q), 2000, always, 2, nil)
			if events := []string{mails(1, 1)[0], mails(3, 3)[0]}; !slices.Equal(q.events, events) {
				t.Errorf("got the events %q, want %q", q.events, events)
			}
			wantEntry(t, l, want)
		})
	}
}

// TestRelayPutsNothingBackThatWentOn: an event was sent though the queue said that it was not, and its mail was
// delivered before it could be made due again. It stays sent.
func TestRelayPutsNothingBackThatWentOn(t *testing.T) {
	l, q := pendingMails(1), &line{fails: errDown}
	p := newFakeProvider(l)
	q.on = func() {
		if outcome, err := p.delivery().Deliver(context.Background(), mails(1, 1)[0]); err != nil ||
			outcome != OutcomeSent {
			t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
		}
	}
	done, err := l.relay(q).Run(context.Background(), 2000, always)
	if done.Sent != 0 || !errors.Is(err, errDown) || errors.Is(err, ErrLeased) {
		t.Errorf("got %+v and error %v, want none sent and %v alone", done, err, errDown)
	}
	if e := l.entries[mails(1, 1)[0]]; e.State != Sent || !e.DueAt.IsZero() {
		t.Errorf("got the entry %+v, want it sent", e)
	}
}

func TestRelayCannotLook(t *testing.T) {
	l, q := pendingMails(3), &line{}
	l.fails["due"] = errDown
	wantRun(t, l.relay(q), 2000, always, 0, errDown)
	wantAttempts(t, l, 0, mails(1, 3)...)
}

// TestRelaysRace: whatever two relays do at once, and wherever one comes between the steps of the other, each mail has
// one event.
func TestRelaysRace(t *testing.T) {
	for _, when := range append([]string{"due"}, reschedulings(mails(1, 25))...) {
		t.Run(when, func(t *testing.T) {
			l, q := pendingMails(25), &line{}
			var others Relayed
			l.meanwhile[when] = func() { others, _ = l.relay(q).Run(context.Background(), 2000, always) }
			done, err := l.relay(q).Run(context.Background(), 2000, always)
			if err != nil || done.Sent+others.Sent != 25 || others.Sent == 0 {
				t.Errorf("got %d and %d sent and error %v, want 25 in all", done.Sent, others.Sent, err)
			}
			wantEach(t, q, 25)
		})
	}
}

func reschedulings(ids []string) []string {
	var calls []string
	for _, id := range ids {
		calls = append(calls, "reschedule "+id)
	}
	return calls
}

func TestRelaysAtOnce(t *testing.T) {
	l, q := pendingMails(95), &line{}
	results := make(chan error)
	for range 4 {
		go func() {
			_, err := l.relay(q).Run(context.Background(), 2000, always)
			results <- err
		}()
	}
	for range 4 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	wantEach(t, q, 95)
}

// wantEach checks that each of n mails has exactly one event.
func wantEach(t *testing.T, q *line, n int) {
	t.Helper()
	got := slices.Sorted(slices.Values(q.events))
	if !slices.Equal(got, mails(1, n)) {
		t.Errorf("got the events %q, want each of %d once", got, n)
	}
}
