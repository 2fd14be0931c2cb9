package catalogue

import (
	"os"
	"strings"
	"testing"
)

// TestColumnsAreDocumented: README, the page on imports and the tool's help name each column of a catalogue.
func TestColumnsAreDocumented(t *testing.T) {
	const root = "../../../../"
	for _, file := range []string{"README.md", "docs/import.md", "cmd/shop/import.go"} {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, column := range append(columns.Required, columns.Optional...) {
			if !strings.Contains(string(text), column) {
				t.Errorf("%s does not name %s", file, column)
			}
		}
	}
}
