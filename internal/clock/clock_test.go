package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := Sleep(ctx, 59*time.Second); err != nil || time.Since(start) != 59*time.Second {
			t.Errorf("got %v after %v, want nil after 59 s", err, time.Since(start))
		}
		if err := Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("got %v after %v, want %v after a minute", err, time.Since(start), context.DeadlineExceeded)
		}
	})
}

func TestNowIsUTCInWholeMilliseconds(t *testing.T) {
	earliest := time.Now().Add(-time.Millisecond)
	got := Now()
	if latest := time.Now(); got.Before(earliest) || got.After(latest) {
		t.Errorf("got %v, want it between %v and %v", got, earliest, latest)
	}
	if got.Location() != time.UTC {
		t.Errorf("got the zone %v, want UTC", got.Location())
	}
	if rest := got.Nanosecond() % int(time.Millisecond); rest != 0 {
		t.Errorf("got %d ns beyond the millisecond, want 0", rest)
	}
}

// TestNowIsWhatIsReadBack shows that a time loses nothing when it is stored as RFC 3339 with milliseconds: == tells
// that it has no reading of the monotonic clock, either.
func TestNowIsWhatIsReadBack(t *testing.T) {
	const stored = "2006-01-02T15:04:05.000Z"
	want := Now()
	got, err := time.Parse(stored, want.Format(stored))
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
}
