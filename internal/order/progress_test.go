package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

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
	s.Tracking = tracking
}

func (s *oneOrder) progress() *Progress {
	return &Progress{Orders: s, Now: opened.UTC, Announce: func(_ context.Context, id string, reached Status) error {
		return fmt.Errorf("the queue is down for %s of %s", reached, id)
	}, Missed: func(_ context.Context, _ string, err error) { s.missed = append(s.missed, err.Error()) }}
}

// TestMissedAnnouncement: the change is made all the same, and it is noted.
func TestMissedAnnouncement(t *testing.T) {
	s := &oneOrder{Order: Order{ID: "ord_a", Status: Packed}}
	_, changed, err := s.progress().Set(t.Context(), boss, Step{From: Packed, To: Shipped})
	if want := "the queue is down for shipped of ord_a"; err != nil || !changed || !slices.Equal(s.missed, []string{want}) {
		t.Errorf("got %v, %v and %q, want a change and %q", changed, err, s.missed, want)
	}
}

var (
	buyer = user.Caller{UserID: "usr_ada"}
	boss  = user.Caller{UserID: "usr_boss", Admin: true}
)

// TestChangeMetItsOwn: a change that was carried out though its answer was lost is found in the order, and is no
// conflict; that of another is.
func TestChangeMetItsOwn(t *testing.T) {
	s := &oneOrder{fails: func(s *oneOrder, c Change) error {
		s.set(c, "")
		return &StatusChangedError{Present: c.To}
	}}
	o, changed, err := s.progress().Set(t.Context(), boss, Step{From: Placed, To: Packed})
	if err != nil || !changed || o.Status != Packed || len(o.Changes) != 1 {
		t.Errorf("got %+v, %v, %v", o, changed, err)
	}
	var other *StatusChangedError
	_, _, err = s.progress().Set(t.Context(), user.Caller{UserID: "usr_other"}, Step{From: Placed, To: Packed})
	if !errors.As(err, &other) || other.Present != Packed {
		t.Errorf("another admin's: got %v, want that it is packed", err)
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

// TestStepsThatAreNone are refused before anything is read or written.
func TestStepsThatAreNone(t *testing.T) {
	s := &oneOrder{}
	for _, step := range []Step{
		{From: Placed, To: Placed}, {From: Placed, To: Shipped}, {From: Shipped, To: Cancelled},
		{From: Cancelled, To: Placed}, {From: Placed, To: Cancelling}, {From: Cancelling, To: Cancelled},
		{From: Placed, To: Packed, Tracking: "RM 1"}, {From: Packed, To: Shipped, Tracking: "a\nb"},
		{From: Packed, To: Shipped, Tracking: strings.Repeat("a", 201)},
	} {
		var problems validation.Errors
		if _, _, err := s.progress().Set(t.Context(), boss, step); !errors.As(err, &problems) || s.calls > 0 {
			t.Errorf("%+v: got %v after %d changes, want validation.Errors", step, err, s.calls)
		}
	}
}

// TestSummaryLeavesOutCancelled: as if they had never been placed.
func TestSummaryLeavesOutCancelled(t *testing.T) {
	var sum tally
	for _, s := range []Status{Cancelling, Cancelled} {
		sum.add(Order{Status: s, PlacedAt: opened, Lines: []Line{{ProductID: "LAMP", Quantity: 1}}})
	}
	if len(sum.days) > 0 || len(sum.products) > 0 {
		t.Errorf("got %+v, want nothing", sum)
	}
}
