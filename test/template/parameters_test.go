package template

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestParametersAreDocumented: each has a description, a default unless nobody can guess it, and its place in the table
// of docs/deployment.md, which names no other.
func TestParametersAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(Root(), "docs/deployment.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Parameters\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			listed = append(listed, regexp.MustCompile(`[A-Z][A-Za-z0-9]+`).FindAllString(cells[1], -1)...)
		}
	}
	tpl := Need(t)
	for name, parameter := range tpl.Parameters {
		if !slices.Contains(listed, name) {
			t.Errorf("docs/deployment.md does not list %s", name)
		}
		if description, _ := parameter["Description"].(string); description == "" {
			t.Errorf("%s has no description", name)
		}
		if _, has := parameter["Default"]; !has && name != "Stage" && name != "Sender" {
			t.Errorf("%s has no default", name)
		}
	}
	for _, name := range listed {
		if tpl.Parameters[name] == nil {
			t.Errorf("docs/deployment.md lists %s, which is no parameter", name)
		}
	}
}
