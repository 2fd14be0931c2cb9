package notification

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var opened = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

func TestNewOrderMail(t *testing.T) {
	got := NewOrderMail("ord_1", "ada@example.com", opened)
	want := Mail{
		ID: "order-placed#ord_1", State: Pending, CreatedAt: opened, DueAt: opened.Add(2 * time.Minute),
		AddressHash: "tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestRequeue: due at once, and given up 72 hours after now, not after it was ordered.
func TestRequeue(t *testing.T) {
	now := opened.Add(1000 * time.Hour)
	got := Requeue("order-placed#ord_1", now)
	if want := (Mail{ID: "order-placed#ord_1", State: Pending, CreatedAt: now, DueAt: now}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Expired(now.Add(72*time.Hour)) || !got.Expired(now.Add(72*time.Hour+time.Millisecond)) {
		t.Error("it is not pending for exactly 72 hours from now")
	}
}

func TestOrderID(t *testing.T) {
	for id, want := range map[string]string{
		"order-placed#ord_1": "ord_1", "order-placed#a#b": "a#b", "order-returned#ord_1": "", "ord_1": "", "": "",
		"order-placed": "",
	} {
		if got, ok := (Mail{ID: id}).OrderID(); got != want && ok || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", id, got, ok, want)
		}
	}
}

func TestOrderIDReadsOrderMailID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "order")
		if got, ok := (Mail{ID: OrderMailID(want)}).OrderID(); !ok || got != want {
			t.Fatalf("got %q, %v, want %q", got, ok, want)
		}
		if kind, subject := CutMailID(OrderMailID(want)); kind != string(OrderPlaced) || subject != want ||
			MailID(kind, subject) != OrderMailID(want) {
			t.Fatalf("cut into %q and %q, want %q and %q", kind, subject, OrderPlaced, want)
		}
	})
}

// TestReschedule: two minutes, doubling to an hour.
func TestReschedule(t *testing.T) {
	mail := NewOrderMail("ord_1", "ada@example.com", opened)
	if got := mail.DueAt.Sub(opened); got != 2*time.Minute {
		t.Errorf("at first: got %s, want 2m", got)
	}
	for i, want := range []time.Duration{4, 8, 16, 32, 60, 60, 60} {
		now := opened.Add(time.Duration(i) * 7 * time.Hour)
		next := mail.Reschedule(now)
		if got := next.DueAt.Sub(now); got != want*time.Minute || next.Attempt != i+1 {
			t.Errorf("reschedule the %d. time: got %s and attempt %d, want %dm and %d",
				i+1, got, next.Attempt, want, i+1)
		}
		next.DueAt, next.Attempt = mail.DueAt, mail.Attempt
		if next != mail {
			t.Errorf("got %+v, want nothing but attempt and time changed of %+v", next, mail)
		}
		mail = mail.Reschedule(now)
	}
}

func TestRescheduleOfAnyAttempt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mail := Mail{Attempt: rapid.IntRange(0, 1_000_000).Draw(t, "attempt")}
		if wait := mail.Reschedule(opened).DueAt.Sub(opened); wait < 4*time.Minute || wait > time.Hour {
			t.Fatalf("got %s, want 4m to 1h", wait)
		}
	})
}

func TestExpired(t *testing.T) {
	mail := NewOrderMail("ord_1", "ada@example.com", opened)
	for pending, want := range map[time.Duration]bool{
		-time.Hour: false, 0: false, 72 * time.Hour: false, 72*time.Hour + time.Millisecond: true,
		1000 * time.Hour: true,
	} {
		if got := mail.Expired(opened.Add(pending)); got != want {
			t.Errorf("pending for %s: got %v, want %v", pending, got, want)
		}
	}
}
