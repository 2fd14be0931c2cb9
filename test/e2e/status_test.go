package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestStatus: everything that the store depends on answers, and a dead letter is something to be looked at.
func TestStatus(t *testing.T) {
	out, _ := operatorSays(t, "status")
	for _, subject := range []string{
		"stack", "API", "issuer", "keys", "table Users", "table AuthState", "table Products", "table StockMovements",
		"table Orders", "table Mails",
		"table SuppressedAddresses", "table AccountDeletions", "queue Mail", "SES", "sender",
	} {
		if !regexp.MustCompile(`(?m)^ok +` + subject + ` `).MatchString(out) {
			t.Errorf("%s is not ok", subject)
		}
	}
	for _, subject := range []string{"mails", "queue MailDeadLetter", "queue SuppressionDeadLetter"} {
		if !regexp.MustCompile(`(?m)^(ok|WRONG) +` + subject + ` `).MatchString(out) {
			t.Errorf("%s is not named", subject)
		}
	}
	letter := sendTo(t, deadLetterQueue, "{")
	t.Cleanup(func() { bury(t, letter) })
	again, failed := operatorSays(t, "status")
	if !failed || !regexp.MustCompile(`(?m)^WRONG +queue MailDeadLetter +[1-9]`).MatchString(again) ||
		!strings.Contains(again, " wrong\n") {
		t.Errorf("a dead letter is not shown: %s", again)
	}
	if t.Failed() {
		t.Logf("the page:\n%s", out)
	}
}
