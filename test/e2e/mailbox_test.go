package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/test/testenv"
)

// mailPatience is how long a mail may take: a few milliseconds by the queue; if
// that was too slow for the checkout, the relay sends it after two to three minutes,
// and comes back to it four minutes later.
const mailPatience = 8 * time.Minute

// mail is one message in the local mailbox.
type mail struct {
	Source   string
	To       []string
	Subject  string
	BodyText string
	BodyHTML string `json:"BodyHtml"`
}

// mailbox is every mail that was sent, at the address `make mail-url` prints.
func mailbox(ctx context.Context) ([]mail, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Getenv("SHOP_MAIL_URL"), nil)
	if err != nil {
		return nil, fmt.Errorf("reading the mailbox: %w", err)
	}
	resp, err := transport.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reading the mailbox: %w", err)
	}
	defer resp.Body.Close()
	var box struct{ Messages map[string][]mail }
	if err := json.NewDecoder(resp.Body).Decode(&box); err != nil {
		return nil, fmt.Errorf("reading the mailbox: %w", err)
	}
	var all []mail
	for _, account := range box.Messages {
		all = append(all, account...)
	}
	return all, nil
}

// mailsTo are the mails sent to the address.
func mailsTo(t *testing.T, address string) []mail {
	t.Helper()
	testenv.Env(t, "SHOP_MAIL_URL")
	all, err := mailbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(m mail) bool { return !slices.Contains(m.To, address) })
}

// mailCounts are the numbers of mails by address.
func mailCounts(t *testing.T) map[string]int {
	t.Helper()
	testenv.Env(t, "SHOP_MAIL_URL")
	all, err := mailbox(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return countByAddress(all)
}

func countByAddress(all []mail) map[string]int {
	counts := map[string]int{}
	for _, m := range all {
		for _, to := range m.To {
			counts[to]++
		}
	}
	return counts
}

// awaitMails returns the customer's mails once there are n, and fails when
// there are more.
func awaitMails(t *testing.T, address string, n int) []mail {
	t.Helper()
	var mails []mail
	eventually(t, mailPatience, fmt.Sprintf("%d mails to the customer", n), func() bool {
		mails = mailsTo(t, address)
		return len(mails) >= n
	})
	if len(mails) != n {
		t.Fatalf("%d mails to %s, want %d", len(mails), address, n)
	}
	return mails
}

// mailFailures waits until every order of the run has its mail, and every
// address its links, and tells which has none or more than one, and who got mail
// without cause.
func mailFailures(ctx context.Context) []string {
	if os.Getenv("SHOP_MAIL_URL") == "" {
		return nil
	}
	for deadline := time.Now().Add(mailPatience); ; time.Sleep(500 * time.Millisecond) {
		all, err := mailbox(ctx)
		if err != nil {
			return []string{err.Error()}
		}
		failures := judgeMails(all, journal.placedOrders(), journal.mailedLinks())
		if len(failures) == 0 || time.Now().After(deadline) {
			return failures
		}
	}
}

// tellsAStatus reports whether the mail tells that an order was shipped or cancelled.
func (m mail) tellsAStatus() bool {
	return strings.Contains(m.BodyText, "Your order is on its way.") ||
		strings.Contains(m.BodyText, "Your order was cancelled.")
}

// judgeMails: an order of this run has one mail but for those of its status, at its customer's address, an
// address has as many mails with a link as were asked for, and a customer of
// this run has no other mail.
func judgeMails(all []mail, orders map[string]string, links map[string]int) []string {
	var failures []string
	all = slices.DeleteFunc(slices.Clone(all), mail.tellsAStatus)
	linked, other := map[string]int{}, map[string]int{}
	for _, m := range all {
		for _, to := range m.To {
			if m.link() != "" {
				linked[to]++
			} else {
				other[to]++
			}
		}
	}
	placed := map[string]int{}
	for id, address := range orders {
		placed[address]++
		if n := mailsAbout(all, id, address); n != 1 {
			failures = append(failures, fmt.Sprintf("order %s has %d mails, want 1", id, n))
		}
	}
	for address, n := range placed {
		if strings.HasPrefix(address, "e2e-") && other[address] != n {
			failures = append(failures, fmt.Sprintf("%d mails to %s, who placed %d orders", other[address], address, n))
		}
		if links[address] == 0 && linked[address] != 0 {
			failures = append(failures, fmt.Sprintf("%d links to %s, who asked for none", linked[address], address))
		}
	}
	for address, n := range links {
		if linked[address] != n {
			failures = append(failures, fmt.Sprintf("%d links to %s, want %d", linked[address], address, n))
		}
	}
	return failures
}

func mailsAbout(all []mail, orderID, address string) int {
	n := 0
	for _, m := range all {
		if slices.Contains(m.To, address) && strings.Contains(m.BodyText, orderID) {
			n++
		}
	}
	return n
}
