package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

// TestTransitions: an order's life as the contract tells it, and no other.
func TestTransitions(t *testing.T) {
	want := []string{
		"placed packed", "placed cancelling", "placed cancelled", "packed shipped", "packed cancelling",
		"packed cancelled", "shipped delivered", "cancelling cancelled",
	}
	var got []string
	for from := Placed; from <= Cancelled; from++ {
		for to := Placed; to <= Cancelled; to++ {
			if from.mayBecome(to) {
				got = append(got, from.String()+" "+to.String())
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStatusesByName(t *testing.T) {
	for s := Placed; s <= Cancelled; s++ {
		if got, known := ParseStatus(s.String()); !known || got != s {
			t.Errorf("%s is read as %s, %v", s, got, known)
		}
	}
	for _, name := range []string{"", "Placed", "unknown", "placed "} {
		if got, known := ParseStatus(name); known {
			t.Errorf("%q is read as %s", name, got)
		}
	}
	if got := Status(9).String(); got != "unknown" {
		t.Errorf("got %q, want unknown", got)
	}
}

// oneOrder is a store of one order.
type oneOrder struct {
	Order
	fails func(*oneOrder, Change) error // what a change answers, if it is not nil
	calls int

	missed []string // the announcements
	left   int      // cancellations to the relay
}

func (s *oneOrder) Owned(context.Context, user.Caller, string) (Order, error) { return s.Order, nil }
func (s *oneOrder) Stored(context.Context, string) (Order, error)             { return s.Order, nil }

func (s *oneOrder) Change(_ context.Context, _ Order, c Change, tracking string) error {
	s.calls++
	if s.fails != nil {
		return s.fails(s, c)
	}
	s.set(c, tracking)
	return nil
}

func (s *oneOrder) set(c Change, tracking string) {
	s.Status, s.Changes = c.To, append(s.Changes, c)
	if tracking != "" {
		s.Tracking = tracking
	}
}

func (s *oneOrder) progress() *Progress {
	return &Progress{Orders: s, Now: opened.UTC, Announce: func(_ context.Context, id string, reached Status) error {
		return fmt.Errorf("the queue is down for %s of %s", reached, id)
	}, Missed: func(_ context.Context, _ string, err error) { s.missed = append(s.missed, err.Error()) },
		Left: func(context.Context, string, error) { s.left++ }}
}

// many is an order of so many products.
func many(n int) Order {
	o := Order{ID: "ord_a", UserID: buyer.UserID}
	for i := range n {
		o.Lines = append(o.Lines, Line{ProductID: fmt.Sprint(i), Quantity: 1})
	}
	return o
}

// TestReturned: over all changes of a cancellation each line comes back once, and never more at once than a transaction
// takes. An order may have as many as two changes return.
func TestReturned(t *testing.T) {
	for n := 1; n <= MaxProducts; n++ {
		s := &oneOrder{Order: many(n)}
		o, changed, err := s.progress().Cancel(t.Context(), buyer, "ord_a")
		if err != nil || !changed || o.Status != Cancelled || (len(o.Changes) == 2) != (n > MaxReturned) {
			t.Fatalf("%d products: got %s by %+v, %v and %v", n, o.Status, o.Changes, changed, err)
		}
		var back []Line
		for _, c := range o.Changes {
			lines := o.Returned(c)
			if len(lines) > MaxReturned {
				t.Errorf("%d products: %d come back at once", n, len(lines))
			}
			back = append(back, lines...)
		}
		if !slices.Equal(back, o.Lines) {
			t.Errorf("%d products: %d come back", n, len(back))
		}
		if want := (Change{From: Placed, To: Cancelled, By: buyer.UserID, At: opened}); o.Asked() != want {
			t.Errorf("%d products: %+v was asked for, want %+v", n, o.Asked(), want)
		}
	}
	packing := Change{From: Placed, To: Packed}
	if got := many(3).Returned(packing); len(got) > 0 {
		t.Errorf("packing returns %v", got)
	}
}

// TestEndLeftToTheRelay: a cancellation that stays half done is answered as it is, and ended by a repeat or the relay,
// in the name of who cancelled.
func TestEndLeftToTheRelay(t *testing.T) {
	for by, end := range map[string]func(*oneOrder) error{
		"a repeat": func(s *oneOrder) error {
			_, changed, err := s.progress().Set(t.Context(), boss, StatusRequest{OrderID: "ord_a", To: Cancelled})
			if changed {
				t.Error("a repeat changed it")
			}
			return err
		},
		"the relay": func(s *oneOrder) error {
			return second(s.finisher("ord_a").Run(t.Context(), opened.Add(1)))
		},
	} {
		down := errors.New("the table is down")
		s := &oneOrder{Order: many(50), fails: func(s *oneOrder, c Change) error {
			if c.From == Cancelling {
				return down
			}
			s.set(c, "")
			return nil
		}}
		o, changed, err := s.progress().Set(t.Context(), boss, StatusRequest{OrderID: "ord_a", To: Cancelled})
		if err != nil || !changed || o.Status != Cancelling || s.left != 1 || len(s.missed) != 1 {
			t.Fatalf("%s: got %s, %v and %v after %d left and %q", by, o.Status, changed, err, s.left, s.missed)
		}
		s.fails = nil
		if err := end(s); err != nil || s.Status != Cancelled || s.Changes[1].By != boss.UserID || s.calls != 3 {
			t.Errorf("%s: got %s by %+v after %d calls and %v", by, s.Status, s.Changes, s.calls, err)
		}
	}
}

func second[A any](_ A, err error) error { return err }

// unfinished are the orders that are being cancelled.
type unfinished []string

func (u unfinished) Cancelling(context.Context, int) ([]string, error) { return u, nil }

func (s *oneOrder) finisher(ids ...string) *Finisher {
	return &Finisher{Unfinished: unfinished(ids), Progress: s.progress()}
}

// TestFinisher: what fails holds up nothing, what others ended is left alone, and nothing is begun too late.
func TestFinisher(t *testing.T) {
	down := errors.New("the table is down")
	s := &oneOrder{Order: many(50)}
	s.Status = Cancelling
	s.fails = func(s *oneOrder, c Change) error {
		if s.calls == 1 {
			return down
		}
		s.set(c, "")
		return nil
	}
	ended, err := s.finisher("ord_a", "ord_a", "ord_a").Run(t.Context(), opened.Add(1))
	if ended != 2 || !errors.Is(err, down) || s.calls != 2 || s.Status != Cancelled {
		t.Errorf("got %d and %v after %d calls, want 2 after 2", ended, err, s.calls)
	}
	late := &oneOrder{Order: Order{Status: Cancelling}}
	if ended, err := late.finisher("ord_a").Run(t.Context(), opened); ended != 0 || err != nil || late.calls != 0 {
		t.Errorf("too late: got %d and %v after %d calls, want nothing", ended, err, late.calls)
	}
}

// TestEndMetAnother: who ends a cancellation that another ended first takes that for the end.
func TestEndMetAnother(t *testing.T) {
	s := &oneOrder{Order: many(50), fails: func(s *oneOrder, c Change) error {
		s.set(c, "")
		if c.From == Cancelling {
			return &StatusChangedError{Present: Cancelled}
		}
		return nil
	}}
	o, changed, err := s.progress().Cancel(t.Context(), buyer, "ord_a")
	if err != nil || !changed || o.Status != Cancelled || s.left != 0 {
		t.Errorf("got %s, %v and %v, %d left", o.Status, changed, err, s.left)
	}
}

// TestMissedAnnouncement: the change is made all the same, and it is noted.
func TestMissedAnnouncement(t *testing.T) {
	s := &oneOrder{Order: Order{ID: "ord_a", Status: Packed}}
	_, changed, err := s.progress().Set(t.Context(), boss, StatusRequest{From: Packed, To: Shipped})
	want := "the queue is down for shipped of ord_a"
	if err != nil || !changed || !slices.Equal(s.missed, []string{want}) {
		t.Errorf("got %v, %v and %q, want a change and %q", changed, err, s.missed, want)
	}
}

var (
	buyer = user.Caller{UserID: "usr_ada"}
	boss  = user.Caller{UserID: "usr_boss", Role: user.RoleAdmin}
)

// TestChangeMetItsOwn: a change that was carried out though its answer was lost is found in the order, and is no
// conflict; that of another is.
func TestChangeMetItsOwn(t *testing.T) {
	s := &oneOrder{fails: func(s *oneOrder, c Change) error {
		s.set(c, "")
		return &StatusChangedError{Present: c.To}
	}}
	o, changed, err := s.progress().Set(t.Context(), boss, StatusRequest{From: Placed, To: Packed})
	if err != nil || !changed || o.Status != Packed || len(o.Changes) != 1 {
		t.Errorf("got %+v, %v, %v", o, changed, err)
	}
	var other *StatusChangedError
	_, _, err = s.progress().Set(t.Context(), user.Caller{UserID: "usr_other"}, StatusRequest{From: Placed, To: Packed})
	if !errors.As(err, &other) || other.Present != Packed {
		t.Errorf("another admin's: got %v, want that it is packed", err)
	}
}

// TestRepeats: the same request again is answered with what it made, once. Another parcel is another request.
func TestRepeats(t *testing.T) {
	s := &oneOrder{Order: Order{Status: Packed}}
	ship := StatusRequest{From: Packed, To: Shipped, Tracking: "RM 1"}
	for _, r := range []StatusRequest{ship, {From: Shipped, To: Delivered}} {
		for _, first := range []bool{true, false} {
			o, changed, err := s.progress().Set(t.Context(), boss, r)
			if err != nil || changed != first || o.Status != r.To || o.Tracking != "RM 1" {
				t.Errorf("%+v: got %+v, %v, %v", r, o, changed, err)
			}
		}
	}
	other := &oneOrder{Order: Order{Status: Packed}}
	if _, _, err := other.progress().Set(t.Context(), boss, ship); err != nil {
		t.Fatal(err)
	}
	ship.Tracking = "RM 2"
	if _, _, err := other.progress().Set(t.Context(), boss, ship); !errors.As(err, new(*StatusChangedError)) {
		t.Errorf("another parcel: got %v, want that it is shipped", err)
	}
}

// TestCancelMeetsAnother: who comes second is told that it is cancelled, or why it cannot be.
func TestCancelMeetsAnother(t *testing.T) {
	for by, to := range map[string]Status{"an admin cancelled": Cancelled, "an admin packed": Packed} {
		s := &oneOrder{fails: func(s *oneOrder, _ Change) error {
			s.set(Change{To: to, By: boss.UserID, At: opened}, "")
			return &StatusChangedError{Present: to}
		}}
		o, changed, err := s.progress().Cancel(t.Context(), buyer, "ord_a")
		var other *StatusChangedError
		switch {
		case changed:
			t.Errorf("%s: this call cancelled", by)
		case to == Cancelled && (err != nil || o.Status != Cancelled):
			t.Errorf("%s: got %+v, %v", by, o, err)
		case to == Packed && !errors.As(err, &other):
			t.Errorf("%s: got %v, want that it is packed", by, err)
		}
	}
}

// TestImpossibleStatusRequests are refused before anything is read or written.
func TestImpossibleStatusRequests(t *testing.T) {
	s := &oneOrder{}
	for _, request := range []StatusRequest{
		{From: Placed, To: Placed}, {From: Placed, To: Shipped}, {From: Shipped, To: Cancelled},
		{From: Cancelled, To: Placed}, {From: Placed, To: Cancelling}, {From: Cancelling, To: Cancelled},
		{From: Placed, To: Packed, Tracking: "RM 1"}, {From: Packed, To: Shipped, Tracking: "a\nb"},
		{From: Packed, To: Shipped, Tracking: strings.Repeat("a", 201)},
	} {
		var problems validation.Errors
		if _, _, err := s.progress().Set(t.Context(), boss, request); !errors.As(err, &problems) || s.calls > 0 {
			t.Errorf("%+v: got %v after %d changes, want validation.Errors", request, err, s.calls)
		}
	}
}

// TestSummaryLeavesOutCancelled: as if they had never been placed.
func TestSummaryLeavesOutCancelled(t *testing.T) {
	f := &feed{}
	for _, s := range []Status{Cancelling, Cancelled} {
		f.orders = append(f.orders, Order{Status: s, PlacedAt: opened, Lines: []Line{{ProductID: "LAMP", Quantity: 1}}})
	}
	today := opened.Truncate(24 * time.Hour)
	if got, err := f.summarize(today, today, 10); err != nil || got.Orders != 0 || len(got.TopProducts) > 0 {
		t.Errorf("got %+v and error %v, want nothing", got, err)
	}
}
