package notification

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"shop/internal/user"
	"slices"
	"testing"
	"time"
)

// list is a list of suppressed addresses that notes what it was told.
type list struct {
	entries map[string]string // reason and time, by hash
	fails   error
}

func (l *list) Add(_ context.Context, addressHash string, reason Reason, now time.Time) error {
	if l.fails == nil {
		l.entries[addressHash] = fmt.Sprint(reason, " at ", now.Sub(opened))
	}
	return l.fails
}

// ada is the address of ord_1.
var ada = addressOf("ord_1")

// report takes a report to a addressSuppressor, an hour after ord_1 was placed.
func (l *list) report(led *ledger, r Report) error {
	led.pass(time.Hour)
	return (&Suppressor{List: l, Ledger: led, Now: led.time}).Suppress(context.Background(), r)
}

func TestSuppress(t *testing.T) {
	bounced := map[string]string{user.AddressHash(ada): "bounce at 1h0m0s"}
	complained := map[string]string{user.AddressHash(ada): "complaint at 1h0m0s"}
	for name, c := range map[string]struct {
		report    Report
		want      map[string]string
		wantState State // of ord_1's mail, which was sent
	}{
		"bounced for good":          {Report{mailID, "message 1", ada, Bounced, true, true}, bounced, Failed},
		"bounced for now":           {Report{mailID, "message 1", ada, Bounced, false, false}, nil, Sent},
		"complaint":                 {Report{mailID, "message 1", ada, Complained, true, false}, complained, Sent},
		"never sent for complaints": {Report{mailID, "message 1", ada, Complained, true, true}, complained, Failed},
		"names no mail":             {Report{"", "message 1", ada, Complained, true, true}, complained, Sent},
		"names another mail": {
			Report{"order-placed#ord_2", "message 1", ada, Complained, true, true}, complained, Sent,
		},
		"of an earlier sending": {Report{mailID, "message 0", ada, Bounced, true, true}, bounced, Sent},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger()
			l.entries[mailID] = settled(Sent, "message 1")
			suppressed := &list{entries: map[string]string{}}
			if err := suppressed.report(l, c.report); err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(suppressed.entries, c.want) {
				t.Errorf("suppressed %v, want %v", suppressed.entries, c.want)
			}
			wantEntry(t, l, settled(c.wantState, "message 1"))
		})
	}
}

// TestSuppressBeforeTheMark: a report may come before the mail was marked sent. The mark then finds it.
func TestSuppressBeforeTheMark(t *testing.T) {
	l := newLedger("ord_1")
	p := newFakeProvider(l)
	l.meanwhile["mark sent"] = func() {
		s := &Suppressor{List: p, Ledger: l, Now: l.time}
		if err := s.Suppress(context.Background(), Report{mailID, "message 1", ada, Bounced, true, true}); err != nil {
			t.Error(err)
		}
	}
	if outcome, err := p.delivery().Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSent {
		t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
	}
	want := settled(Failed, "message 1")
	want.lost = "message 1 "
	wantEntry(t, l, want)
	wantCalls(t, l, "claim", "send", "mark lost", "mark sent")
}

// TestSuppressALaterSending: a mail that bounced is sent once more by the operator. The report of the bounce, doubled
// or late, fails it neither while it is pending nor once it was sent.
func TestSuppressALaterSending(t *testing.T) {
	l := newLedger("ord_1")
	p := newFakeProvider(l)
	bounce := Report{mailID, "message 1", ada, Bounced, true, true}
	report := func() {
		if err := (&Suppressor{List: p, Ledger: l, Now: l.time}).Suppress(context.Background(), bounce); err != nil {
			t.Error(err)
		}
		clear(p.list) // the operator lifts the suppression
	}
	deliver := func() {
		if outcome, err := p.delivery().Deliver(context.Background(), mailID); err != nil || outcome != OutcomeSent {
			t.Errorf("got %s and error %v, want %s", outcome, err, OutcomeSent)
		}
	}
	deliver()
	report()
	l.requeue(mailID)
	report()
	deliver()
	report()
	if e := l.entries[mailID]; e.State != Sent || e.message != "message 2" {
		t.Errorf("got %+v, want it sent with message 2", e)
	}
}

// TestSuppressAgain: the same report twice, and one after an error, which then does what the first left undone.
func TestSuppressAgain(t *testing.T) {
	bounce := Report{mailID, "message 1", ada, Bounced, true, true}
	for _, down := range []string{"neither", "list", "ledger"} {
		t.Run(down, func(t *testing.T) {
			l := newLedger()
			l.entries[mailID] = settled(Sent, "message 1")
			suppressed := &list{entries: map[string]string{}}
			suppressed.fails = map[string]error{"list": errDown}[down]
			l.fails["mark lost"] = map[string]error{"ledger": errDown}[down]
			if err := suppressed.report(l, bounce); errors.Is(err, errDown) != (down != "neither") {
				t.Errorf("at first: got %v", err)
			}
			suppressed.fails, l.fails = nil, map[string]error{}
			if err := suppressed.report(l, bounce); err != nil {
				t.Errorf("again: got %v", err)
			}
			if got := slices.Collect(maps.Keys(suppressed.entries)); !slices.Equal(
				got, []string{user.AddressHash(ada)},
			) {
				t.Errorf("suppressed %v", suppressed.entries)
			}
			wantEntry(t, l, settled(Failed, "message 1"))
		})
	}
}
