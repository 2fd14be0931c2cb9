package redrive

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestCount: without being told to send, a run counts every letter and leaves all as it was.
func TestCount(t *testing.T) {
	for _, unrecognised := range []bool{false, true} {
		q := newQueue("a", "", "b", "", "", "", "", "", "", "", "", "c")
		before := slices.Clone(q.letters)
		got, err := (&DeadLetterRun{Queue: q, Unrecognised: unrecognised}).Run(t.Context())
		want := Letters{Understood: 3, Unrecognised: 9, First: []string{"m1", "m3", "m4", "m5", "m6"}}
		if err != nil || !reflect.DeepEqual(got, want) || got.Found() != 12 {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		for i := range q.letters {
			q.letters[i].Handle = ""
		}
		if !slices.Equal(q.letters, before) || len(q.mails) != 0 || q.returned != 12 {
			t.Errorf("left %+v, sent %q, gave %d back, want all left as they were", q.letters, q.mails, q.returned)
		}
		q.wantShown(t)
	}
}

// TestResend: what is understood is sent once, what is not stays unless it is asked for, and a second run does nothing
// more.
func TestResend(t *testing.T) {
	for unrecognised, left := range map[bool]int{false: 2, true: 0} {
		q := newQueue("a", "", "b", "")
		p := &DeadLetterRun{Queue: q, Resend: true, Unrecognised: unrecognised}
		got, err := p.Run(t.Context())
		if err != nil || got.Resent != 4-left || got.Found() != 4 || len(q.letters) != left || len(q.mails) != 4-left {
			t.Errorf("foreign ones %t: got %+v, %v, left %+v, sent %q", unrecognised, got, err, q.letters, q.mails)
		}
		if q.returned != left {
			t.Errorf("foreign ones %t: %d letters were given back, want the %d that are left",
				unrecognised, q.returned, left)
		}
		q.wantShown(t)
		if got, err = p.Run(t.Context()); err != nil || got.Resent != 0 || got.Found() != left {
			t.Errorf("again: got %+v, %v, want %d found and nothing sent", got, err, left)
		}
		q.wantShown(t)
	}
}

func TestNoLetters(t *testing.T) {
	q := newQueue()
	if got, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(t.Context()); err != nil || got.Found() != 0 ||
		q.takes != 1 {
		t.Errorf("got %+v, %v after %d calls", got, err, q.takes)
	}
}

// TestAnyLetters: whatever letters there are, and however soon those that are kept show again, each is counted once,
// each that is understood is sent once, and nothing is lost or left hidden.
func TestAnyLetters(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		q := newQueue(rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b"}), 0, 60).Draw(rt, "letters")...)
		q.longest = rapid.IntRange(7, 100).Draw(rt, "takes until a letter shows again")
		all := len(q.letters)
		got, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(context.Background())
		if err != nil || got.Found() != all || got.Resent != got.Understood || len(q.mails) != got.Resent ||
			len(q.letters) != got.Unrecognised {
			rt.Fatalf("got %+v, %v, left %d, sent %d of %d", got, err, len(q.letters), len(q.mails), all)
		}
		q.wantShown(t)
	})
}

// TestKeptShowAgain: in a long run those that are kept are met again. They are counted once, and given back with their
// last receipt.
func TestKeptShowAgain(t *testing.T) {
	q := newQueue("", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",
		"a", "a")
	q.longest = 1
	got, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(t.Context())
	if err != nil || got.Unrecognised != 1 || got.Resent != 21 || len(q.letters) != 1 || q.receipts < 23 {
		t.Errorf("got %+v, %v after %d receipts, left %+v", got, err, q.receipts, q.letters)
	}
	q.wantShown(t)
}

// TestCutShort: what ends a run loses no letter and hides none, and the report tells what was done.
func TestCutShort(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(q *queue, interrupt func())
		resent int
		err    error
	}{
		"sending fails": {func(q *queue, _ func()) { q.fails["resend m2"] = errDown }, 1, errDown},
		"interrupt at a letter": {func(q *queue, interrupt func()) {
			q.at("resend", "m2", interrupt)
		}, 1, context.Canceled},
		"interrupt after one": {func(q *queue, interrupt func()) {
			q.at("sent", "m0", interrupt)
		}, 1, context.Canceled},
		"interrupt at the end": {func(q *queue, interrupt func()) {
			q.at("sent", "m3", interrupt)
		}, 3, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			q := newQueue("a", "", "b", "c")
			c.spoil(q, interrupt)
			got, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(ctx)
			if !errors.Is(err, c.err) || got.Found() != 4 || got.Resent != c.resent || len(q.mails) != c.resent ||
				len(q.letters) != 4-c.resent {
				t.Errorf("got %+v, %v, sent %q, left %+v, want %d sent", got, err, q.mails, q.letters, c.resent)
			}
			q.wantShown(t)
		})
	}
}

// at does something just before a call, or after a letter was sent.
func (q *queue) at(call, id string, do func()) {
	q.on = func(c, i string) {
		if c == call && i == id {
			do()
		}
	}
}

func TestGivingBackFails(t *testing.T) {
	q := newQueue("")
	q.fails["give back"] = errDown
	got, err := (&DeadLetterRun{Queue: q}).Run(t.Context())
	if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "show again within 1m0s") || got.Unrecognised != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestTakingFails(t *testing.T) {
	q := newQueue("a")
	q.fails["take"] = errDown
	if got, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(t.Context()); !errors.Is(err, errDown) ||
		got.Found() != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestErrorsDoNotTellBodies: a letter may hold anything.
func TestErrorsDoNotTellBodies(t *testing.T) {
	q := newQueue("a")
	q.fails["resend m0"] = errDown
	if _, err := (&DeadLetterRun{Queue: q, Resend: true}).Run(t.Context()); err == nil ||
		strings.Contains(err.Error(), "body") || !strings.Contains(err.Error(), "m0") {
		t.Errorf("got %v, want it to name the letter by its id only", err)
	}
}

func TestProgressOfLetters(t *testing.T) {
	var told []int
	q := newQueue(slices.Repeat([]string{"a"}, 15)...)
	if _, err := (&DeadLetterRun{Queue: q, Progress: func(n int) {
		told = append(told, n)
	}}).Run(t.Context()); err != nil || fmt.Sprint(told) != "[10 15 15]" {
		t.Errorf("told %v, %v", told, err)
	}
}

var opened = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
