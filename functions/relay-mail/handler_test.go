package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/deadline"
	"shop/internal/notification"
	"shop/internal/observe/observetest"
)

// run is a relay.
type run func(max int, until time.Time) (notification.Relayed, error)

func (r run) Run(_ context.Context, max int, until time.Time) (notification.Relayed, error) {
	return r(max, until)
}

// finishing is a finisher.
type finishing func(until time.Time) (int, error)

func (f finishing) Run(_ context.Context, until time.Time) (int, error) { return f(until) }

// summing is a summer.
type summing func(until time.Time) (int, error)

func (f summing) Sum(_ context.Context, until time.Time) (int, error) { return f(until) }

func nothingToFinish(time.Time) (int, error) { return 0, nil }

// invoke gives event.json to the function as Lambda does, and returns what it answers and logs.
func invoke(ctx context.Context, t *testing.T, r relay) (answer, log string, err error) {
	t.Helper()
	return invokeBoth(ctx, t, finishing(nothingToFinish), r)
}

func invokeBoth(ctx context.Context, t *testing.T, f finisher, r relay) (answer, log string, err error) {
	t.Helper()
	return observetest.Invoke(ctx, relayMail(f, summing(nothingToFinish), r, 840), observetest.ScheduledEvent(t))
}

func TestRelayMail(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	calls := 0
	answer, log, err := invoke(ctx, t, run(func(max int, until time.Time) (notification.Relayed, error) {
		calls++
		if max != 840 || !until.Equal(end.Add(-15*time.Second)) {
			t.Errorf("at most %d until %s, want 840 until 15 seconds before %s", max, until, end)
		}
		return notification.Relayed{Sent: 17, Unknown: 4}, nil
	}))
	if err != nil || answer != "null" || calls != 1 {
		t.Errorf("answer %s, error %v after %d calls, want null after 1", answer, err, calls)
	}
	wantSent(t, log, 17, 4)
}

func wantSent(t *testing.T, log string, sent, unknown int) {
	t.Helper()
	var line struct {
		Level, Msg    string
		Sent, Unknown int
	}
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	if line.Level != "INFO" || line.Msg != "mails relayed" || line.Sent != sent || line.Unknown != unknown {
		t.Errorf("log = %s, want %d mails relayed and %d of unknown kinds", log, sent, unknown)
	}
}

// TestFault: the invocation fails, so that the schedule's alarm sees it, and what was sent before is told.
func TestFault(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	fault := errors.New("the queue is down")
	_, log, err := invoke(ctx, t,
		run(func(int, time.Time) (notification.Relayed, error) { return notification.Relayed{Sent: 3}, fault }))
	if !errors.Is(err, fault) || err.Error() != "relaying mails: the queue is down" {
		t.Errorf("error = %v", err)
	}
	wantSent(t, log, 3, 0)
}

// TestOldestMail: a run that failed counts the oldest mail if it found one. No age would say that none is pending.
func TestOldestMail(t *testing.T) {
	for name, c := range map[string]struct {
		done notification.Relayed
		err  error
		want map[string]int64
	}{
		"none":     {want: map[string]int64{"MailsRelayed": 0, "MailsOfUnknownKind": 0, "OldestMail": 0}},
		"not read": {err: errors.New("down"), want: map[string]int64{"MailsRelayed": 0, "MailsOfUnknownKind": 0}},
		"not sent": {done: notification.Relayed{Oldest: time.Hour}, err: errors.New("down"),
			want: map[string]int64{"MailsRelayed": 0, "MailsOfUnknownKind": 0, "OldestMail": 3600}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		got := observetest.Measured(t, func() {
			_, _, _ = invoke(ctx, t, run(func(int, time.Time) (notification.Relayed, error) { return c.done, c.err }))
		})
		cancel()
		if !maps.Equal(got, c.want) {
			t.Errorf("%s: measured %v, want %v", name, got, c.want)
		}
	}
}

// TestCancellations: they are ended before the mails are relayed, and where that fails the mails are relayed all the
// same.
func TestCancellations(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	fault := errors.New("the table is down")
	var order []string
	_, log, err := invokeBoth(ctx, t, finishing(func(time.Time) (int, error) {
		order = append(order, "cancellations")
		return 2, fault
	}), run(func(int, time.Time) (notification.Relayed, error) {
		order = append(order, "mails")
		return notification.Relayed{Sent: 3}, nil
	}))
	if !errors.Is(err, fault) || err.Error() != "ending cancellations: the table is down" {
		t.Errorf("error = %v", err)
	}
	ended, sent, _ := strings.Cut(log, "\n")
	if !strings.Contains(ended, `"msg":"cancellations ended"`) || !strings.Contains(ended, `"ended":2`) {
		t.Errorf("log = %s, want 2 cancellations ended", ended)
	}
	wantSent(t, sent, 3, 0)
	if !slices.Equal(order, []string{"cancellations", "mails"}) {
		t.Errorf("did %v", order)
	}
}

// TestMailsHaveTime: cancellations and sums that take all the time they get leave the mails 20 seconds to begin in,
// and the cancellations leave the sums five.
func TestMailsHaveTime(t *testing.T) {
	end := time.Now().Add(50 * time.Second)
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	want := func(what string, until time.Time, before time.Duration) {
		if !until.Equal(end.Add(-before)) {
			t.Errorf("%s until %s before the end, want %s", what, end.Sub(until), before)
		}
	}
	_, _, err := observetest.Invoke(ctx, relayMail(
		finishing(func(until time.Time) (int, error) {
			want("cancellations", until, 40*time.Second)
			return 0, nil
		}),
		summing(func(until time.Time) (int, error) {
			want("sums", until, 35*time.Second)
			return 0, nil
		}),
		run(func(_ int, until time.Time) (notification.Relayed, error) {
			want("mails", until, 15*time.Second)
			return notification.Relayed{}, nil
		}), 840), observetest.ScheduledEvent(t))
	if err != nil {
		t.Error(err)
	}
}

// untilEnd is a relay whose run lasts until its ctx ends.
type untilEnd struct{}

func (untilEnd) Run(ctx context.Context, _ int, _ time.Time) (notification.Relayed, error) {
	<-ctx.Done()
	return notification.Relayed{Sent: 3}, ctx.Err()
}

// TestAnswersBeforeItIsCutOff: a run that uses all of the time ends a second early, and tells what it sent.
func TestAnswersBeforeItIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		_, log, err := invoke(ctx, t, untilEnd{})
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil || time.Since(start) != 49*time.Second {
			t.Errorf("error %v after %s, and of Lambda's context %v", err, time.Since(start), ctx.Err())
		}
		wantSent(t, log, 3, 0)
	})
}

// TestTimeToEnd: a batch begun at the last moment, whose events hang at every attempt, leaves time to make a mail due
// again.
func TestTimeToEnd(t *testing.T) {
	if least := 3*deadline.Call + deadline.Call + deadline.ShutdownMargin; toFinish < least {
		t.Errorf("%s is left to end a run, want %s", toFinish, least)
	}
}

func TestNoDeadline(t *testing.T) {
	_, log, err := invoke(t.Context(), t, run(nil))
	if !errors.Is(err, deadline.ErrNoDeadline) || log != "" {
		t.Errorf("error = %v, want %v; log %s", err, deadline.ErrNoDeadline, log)
	}
}

// TestSumFails: mails are relayed all the same, and the invocation fails, so that the schedule's alarm sees it.
func TestSumFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	down, relayed := errors.New("the table is down"), 0
	_, log, err := observetest.Invoke(ctx, relayMail(finishing(nothingToFinish),
		summing(func(time.Time) (int, error) { return 2, down }),
		run(func(int, time.Time) (notification.Relayed, error) {
			relayed++
			return notification.Relayed{}, nil
		}), 840), observetest.ScheduledEvent(t))
	if err == nil || !strings.Contains(err.Error(), down.Error()) || relayed != 1 ||
		!strings.Contains(log, `"noted":2`) {
		t.Errorf("got error %v after %d runs of the relay, and the log %s", err, relayed, log)
	}
}
