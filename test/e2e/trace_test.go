package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shop/test/testenv"
)

// logLine is a line that a function logged, but for what tests do not look at.
type logLine struct {
	Msg           string `json:"msg"`
	TraceID       string `json:"trace_id"`
	SenderTraceID string `json:"sender_trace_id"`
	OrderID       string `json:"order_id"`
	MailID        string `json:"mail_id"`
}

// logged returns the first line that the store's functions have logged and that
// is wanted.
func logged(t *testing.T, wanted func(logLine) bool) (logLine, bool) {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(testenv.Env(t, "SHOP_DATA"), "emulator.log"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(log)) {
		brace := strings.Index(line, "{") // before it stand the emulator's time and the function's name
		var found logLine
		if brace >= 0 && json.Unmarshal([]byte(line[brace:]), &found) == nil && wanted(found) {
			return found, true
		}
	}
	return logLine{}, false
}

// TestCheckoutAndItsMailAreOneSearch: what notify says of an order's mail names
// the trace of the checkout, and its own. An event that the queue did not take
// within half a second is the relay's: then another order shows it.
func TestCheckoutAndItsMailAreOneSearch(t *testing.T) {
	t.Parallel()
	var checkout, mail logLine
	for tries := 0; tries == 0 || tries < 3 && mail.SenderTraceID != checkout.TraceID; tries++ {
		placed := placeSome(t, newCustomer(t), 1)[0]
		eventually(t, mailPatience, "the lines of the checkout and of its mail", func() bool {
			var ordered, mailed bool
			checkout, ordered = logged(t,
				func(l logLine) bool { return l.Msg == "order placed" && l.OrderID == placed.OrderID })
			mail, mailed = logged(t, func(l logLine) bool {
				return l.Msg == "mail handled" && l.MailID == "order-placed#"+placed.OrderID
			})
			return ordered && mailed
		})
	}
	if checkout.TraceID == "" || mail.SenderTraceID != checkout.TraceID {
		t.Errorf("the checkout's trace is %q, and the mail says it was sent by %q",
			checkout.TraceID, mail.SenderTraceID)
	}
	if mail.TraceID == "" || mail.TraceID == checkout.TraceID {
		t.Errorf("the mail's own trace is %q", mail.TraceID)
	}
}
