package awsfault

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestUnits: an item bears the transactions that it has units for, and refuses others until it has some again. The
// clock stands still meanwhile.
func TestUnits(t *testing.T) { synctest.Test(t, units) }

func units(t *testing.T) {
	o := &Overlap{Units: 4}
	for n, throttled := range []bool{false, false, true} {
		met, reasons := o.take([]string{"lamp"}, true)
		if met != throttled || met && reasons[0] != "ThrottlingError" {
			t.Errorf("transaction %d: got %v %q, want it throttled: %v", n, met, reasons, throttled)
		}
		o.release([]string{"lamp"})
	}
	if met, reasons := o.take([]string{"lamp"}, false); met {
		t.Errorf("a read is refused: %q", reasons)
	}
	o.written["lamp"] = budget{o.written["lamp"].units, time.Now().Add(-time.Hour)}
	if met, _ := o.take([]string{"lamp"}, true); met {
		t.Error("an hour later it is throttled still")
	}
	want := []string{"None", "TransactionConflict"}
	if _, reasons := o.take([]string{"order", "lamp"}, true); !slices.Equal(reasons, want) {
		t.Errorf("got %q, want %q", reasons, want)
	}
}
