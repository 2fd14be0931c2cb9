package redrive

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"shop/internal/notification"
)

// ledger has two failed mails a page, and an empty page between each two.
type ledger struct {
	failed   map[string]time.Time // by mail
	requeued map[string]notification.Mail
	fails    map[string]error // by mail, or of the page after it
	on       func(mailID string)
}

func newLedger(n int) *ledger {
	l := &ledger{
		failed: map[string]time.Time{}, requeued: map[string]notification.Mail{}, fails: map[string]error{},
		on: func(string) {},
	}
	for i := range n { // the last failed first
		l.failed[fmt.Sprint("mail ", i)] = opened.Add(-time.Duration(i) * time.Hour)
	}
	return l
}

func (l *ledger) Failed(
	ctx context.Context, since time.Time, after string,
) (mails []notification.FailedMail, next string, err error) {
	if err := errors.Join(ctx.Err(), l.fails["after "+after]); err != nil {
		return nil, "", err
	}
	id, wasEmpty := after, false
	if n := len(after); n > 0 && after[n-1] == '!' {
		id, wasEmpty = after[:n-1], true
	}
	if after != "" && !wasEmpty {
		return nil, after + "!", nil
	}
	for _, mailID := range slices.Sorted(maps.Keys(l.failed)) {
		if mailID <= id || l.failed[mailID].Before(since) {
			continue
		}
		if mails = append(mails, notification.FailedMail{ID: mailID, FailedAt: l.failed[mailID]}); len(mails) == 2 {
			return mails, mailID, nil
		}
	}
	return mails, "", nil
}

func (l *ledger) Requeue(ctx context.Context, mail notification.Mail) error {
	l.on(mail.ID)
	if err := errors.Join(ctx.Err(), l.fails[mail.ID]); err != nil {
		return err
	}
	if _, failed := l.failed[mail.ID]; !failed {
		return notification.ErrNotFailed
	}
	delete(l.failed, mail.ID)
	l.requeued[mail.ID] = mail
	return nil
}

func clock() time.Time { return opened.Add(time.Hour) }

func TestCountMails(t *testing.T) {
	l := newLedger(7)
	got, err := (&Outbox{Ledger: l, Now: clock}).Run(t.Context())
	want := Mails{Found: 7, Last: opened}
	for i := 6; i >= 2; i-- {
		want.First = append(want.First,
			notification.FailedMail{ID: fmt.Sprint("mail ", i), FailedAt: opened.Add(-time.Duration(i) * time.Hour)})
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if len(l.failed) != 7 || len(l.requeued) != 0 {
		t.Errorf("changed the ledger: %+v", l)
	}
}

// TestRequeue: every failed mail is requeued, due now, and a second run does nothing more.
func TestRequeue(t *testing.T) {
	l := newLedger(7)
	o := &Outbox{Ledger: l, Requeue: true, Now: clock}
	if got, err := o.Run(t.Context()); err != nil || got.Found != 7 || got.Requeued != 7 || len(l.failed) != 0 {
		t.Errorf("got %+v, %v, left %v", got, err, l.failed)
	}
	for id, got := range l.requeued {
		if want := notification.Requeue(id, clock()); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got, err := o.Run(t.Context()); err != nil || got.Found != 0 || got.Requeued != 0 || len(l.requeued) != 7 {
		t.Errorf("again: got %+v, %v", got, err)
	}
}

func TestRequeueSince(t *testing.T) {
	l := newLedger(7)
	got, err := (&Outbox{Ledger: l, Requeue: true, Now: clock, Since: opened.Add(-2 * time.Hour)}).Run(t.Context())
	if err != nil || got.Requeued != 3 || len(l.failed) != 4 {
		t.Errorf("got %+v, %v, left %v", got, err, l.failed)
	}
}

// TestRequeueWhatIsNotFailed: one that another made pending meanwhile is found, but not counted as requeued by this
// run.
func TestRequeueWhatIsNotFailed(t *testing.T) {
	l := newLedger(3)
	l.on = func(mailID string) {
		if mailID == "mail 1" {
			delete(l.failed, mailID)
		}
	}
	if got, err := (&Outbox{Ledger: l, Requeue: true, Now: clock}).Run(t.Context()); err != nil || got.Found != 3 ||
		got.Requeued != 2 {
		t.Errorf("got %+v, %v, want 3 found and 2 requeued", got, err)
	}
}

func TestRequeueCutShort(t *testing.T) {
	for name, spoil := range map[string]func(*ledger){
		"at a mail": func(l *ledger) { l.fails["mail 2"] = errDown },
		"at a page": func(l *ledger) { l.fails["after mail 1"] = errDown },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLedger(7)
			spoil(l)
			if got, err := (&Outbox{Ledger: l, Requeue: true, Now: clock}).Run(t.Context()); !errors.Is(err, errDown) ||
				got.Requeued != 2 || len(l.failed) != 5 {
				t.Errorf("got %+v, %v, left %v, want 2 requeued", got, err, l.failed)
			}
		})
	}
	ctx, interrupt := context.WithCancel(t.Context())
	l := newLedger(7)
	l.on = func(mailID string) {
		if mailID == "mail 3" {
			interrupt()
		}
	}
	if got, err := (&Outbox{Ledger: l, Requeue: true, Now: clock}).Run(ctx); !errors.Is(err, context.Canceled) ||
		got.Requeued != 3 {
		t.Errorf("got %+v, %v, want 3 requeued before the interrupt", got, err)
	}
}

func TestProgressOfMails(t *testing.T) {
	var told []int
	if _, err := (&Outbox{Ledger: newLedger(3), Now: clock, Progress: func(n int) {
		told = append(told, n)
	}}).Run(t.Context()); err != nil || fmt.Sprint(told) != "[2 2 3]" {
		t.Errorf("told %v, %v", told, err)
	}
}
