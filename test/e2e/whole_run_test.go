package e2e

import (
	"strings"
	"testing"
)

// TestJudgeMails shows that the check at the end of a run can fail.
func TestJudgeMails(t *testing.T) {
	t.Parallel()
	to := func(address, text string) mail { return mail{To: []string{address}, BodyText: text} }
	orders := map[string]string{"ord_a": "e2e-a@example.com", "ord_b": "e2e-a@example.com"}
	a, b := to("e2e-a@example.com", "order ord_a"), to("e2e-a@example.com", "order ord_b")
	reset := "https://shop/reset-password#token=" + strings.Repeat("A", 43) + "\n"
	link, stray := to("e2e-c@example.com", reset), to("e2e-a@example.com", reset)
	links := map[string]int{"e2e-c@example.com": 1, "e2e-nobody@example.com": 0}
	tests := map[string]struct {
		mails    []mail
		failures int
	}{
		"one each":              {[]mail{a, b, link, to("other@example.com", "ord_c")}, 0},
		"none for one":          {[]mail{a, link}, 2},
		"two for one":           {[]mail{a, b, b, link}, 2},
		"one to someone else":   {[]mail{a, link, to("e2e-x@example.com", "order ord_b")}, 2},
		"one for no order here": {[]mail{a, b, link, to("e2e-a@example.com", "order ord_d")}, 1},
		"no link":               {[]mail{a, b}, 1},
		"two links":             {[]mail{a, b, link, link}, 1},
		"a link not asked for":  {[]mail{a, b, link, stray}, 1},
		"a link to nobody":      {[]mail{a, b, link, to("e2e-nobody@example.com", reset)}, 1},
	}
	for name, tt := range tests {
		if got := judgeMails(tt.mails, orders, links); len(got) != tt.failures {
			t.Errorf("%s: failures = %q, want %d", name, got, tt.failures)
		}
	}
}

// TestMissingCodes: a record that saw nothing lacks every code.
func TestMissingCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, code := range provokedCodes[1:] {
		seen[code] = true
	}
	if got := missingCodes(seen); len(got) != 1 || got[0] != "no answer carried the codes "+provokedCodes[0] {
		t.Errorf("missing = %q, want %s", got, provokedCodes[0])
	}
	seen[provokedCodes[0]] = true
	if got := missingCodes(seen); len(got) != 0 {
		t.Errorf("missing = %q, want none", got)
	}
}
