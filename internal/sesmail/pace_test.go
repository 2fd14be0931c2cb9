package sesmail

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"shop/internal/notification"
)

var (
	confirmationMail = notification.Mail{ID: "order-placed#ord_1"}
	resetMail        = notification.Mail{ID: "password-reset#hash"}
)

func newPace(t *testing.T) *Pace {
	t.Helper()
	pace, err := NewPace(14, 2, 5)
	if err != nil {
		t.Fatal(err)
	}
	return pace
}

// TestPace: five processes with ten orders' mails each send them at 12 a second, and account mails beside them at 2.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := newPace(t)
		for _, c := range []struct {
			mail  notification.Mail
			turns int
			want  time.Duration
		}{
			{confirmationMail, 13, 12 * 5 * time.Second / 12}, {resetMail, 2, time.Second},
		} {
			start := time.Now()
			for range c.turns {
				if err := pace.Wait(t.Context(), c.mail); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(start).Round(time.Millisecond); took != c.want {
				t.Errorf("%d mails like %s took %s, want %s", c.turns, c.mail.ID, took, c.want)
			}
		}
	})
}

// TestPaceTooLate: a turn that leaves too little time to send is refused at once.
func TestPaceTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace, start := newPace(t), time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), toSend+100*time.Millisecond)
		defer cancel()
		if err := pace.Wait(ctx, confirmationMail); err != nil {
			t.Error("the first turn:", err)
		}
		if err := pace.Wait(ctx, confirmationMail); err == nil || time.Since(start) != 0 {
			t.Errorf("the second turn, 417 ms later: error %v after %s", err, time.Since(start))
		}
		cancel()
		if err := pace.Wait(ctx, resetMail); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestPaceOfNothing(t *testing.T) {
	for _, c := range []struct {
		perSecond, accounts float64
		workers             int
	}{{14, 0, 5}, {14, 14, 5}, {14, 15, 5}, {14, 2, 0}, {0, 0, 1}} {
		if _, err := NewPace(c.perSecond, c.accounts, c.workers); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}
