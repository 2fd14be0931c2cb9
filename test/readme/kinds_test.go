package readme

import (
	"slices"
	"strings"
	"testing"
)

// TestDifferencesAreListed: docs/reliability.md says what each difference of the audit is, and docs/operations.md what
// to do about it; neither has another one.
func TestDifferencesAreListed(t *testing.T) {
	kinds := matches(t, "internal/invariants/invariants.go", `Kind = "(\w+)"`)
	slices.Sort(kinds)
	if len(kinds) < 15 {
		t.Fatalf("the audit has the kinds %v, too few to be all", kinds)
	}
	for page, header := range map[string]string{
		"docs/reliability.md": "| difference | what is wrong |", "docs/operations.md": "| kind | what to do |",
	} {
		if listed := kindsOf(read(t, page), header); !slices.Equal(listed, kinds) {
			t.Errorf("%s lists %v, the audit has %v", page, listed, kinds)
		}
	}
}

// kindsOf returns the kinds in the first cells of the table with that header.
func kindsOf(page, header string) []string {
	_, table, _ := strings.Cut(page, "\n"+header+"\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var kinds []string
	for row := range strings.Lines(table) {
		for kind := range strings.SplitSeq(strings.Split(row, "|")[1], ",") {
			if kind = strings.TrimSpace(kind); kind != "---" {
				kinds = append(kinds, kind)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}
