package contention

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWait: the cap doubles from the first to the most, is the first again at the end, and no attempt is begun after
// the limit.
func TestWait(t *testing.T) {
	p := Policy{First: 20 * time.Millisecond, Most: 50 * time.Millisecond, Limit: time.Second}
	longest := func(d time.Duration) time.Duration { return d - 1 }
	for n, want := range map[int]time.Duration{1: 20, 2: 40, 3: 50, 4: 50, 1000: 50} {
		if got, again := p.Wait(n, 0, longest); !again || got != want*time.Millisecond-1 {
			t.Errorf("after attempt %d: got %s, %v; want just under %d ms", n, got, again, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n, since := rapid.IntRange(1, 1<<40).Draw(t, "n"), rapid.Int64Range(0, int64(2*time.Second)).Draw(t, "since")
		wait, again := p.Wait(n, time.Duration(since), longest)
		if again && (wait < 0 || time.Duration(since)+wait > p.Limit) || !again && since < int64(p.Limit-p.Most) {
			t.Errorf("after %d and %d: %s, %v", n, since, wait, again)
		}
	})
	p.Final = 300 * time.Millisecond
	for since, want := range map[time.Duration]time.Duration{699: 50, 700: 20, 980: 20} {
		if got, again := p.Wait(9, since*time.Millisecond, longest); !again || got != want*time.Millisecond-1 {
			t.Errorf("after %d ms of 1,000: got %s, %v; want just under %d ms", since, got, again, want)
		}
	}
	if _, again := p.Wait(9, 981*time.Millisecond, longest); again {
		t.Error("an attempt may begin after the limit")
	}
	if _, again := Once.Wait(1, 0, longest); again {
		t.Error("what is tried once is tried again")
	}
	if under := p.Under(WithLimit(t.Context(), time.Minute)); under != p {
		t.Errorf("under a limit that is longer: %+v", under)
	}
	if under := p.Under(WithLimit(t.Context(), 0)); under.Limit > 0 {
		t.Errorf("when none is left: %s", under.Limit)
	}
	if left := p.Since(time.Now().Add(-time.Minute)); left.Limit > -58*time.Second {
		t.Errorf("after a minute %s of a second are left", left.Limit)
	}
}
