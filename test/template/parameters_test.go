package template

import (
	"fmt"
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

// TestMailAddresses: SES refuses every mail of a store whose own address it cannot read, and says it as it does of a
// customer's address.
func TestMailAddresses(t *testing.T) {
	tpl := Need(t)
	for name, optional := range map[string]bool{
		"Sender": false, "ReplyTo": true, "StockAlertsTo": true, "OperatorEmail": true,
	} {
		pattern := regexp.MustCompile("^(?:" + fmt.Sprint(tpl.Parameters[name]["AllowedPattern"]) + ")$")
		if pattern.MatchString("") != optional {
			t.Errorf("%s: may be empty: %v, want %v", name, !optional, optional)
		}
		for _, address := range []string{
			"info@example.com", "Info@Shop.Example.COM", "o'brien.shop+mail_1@a-b.co.uk", "a@b.de", "1@2.example",
			"info@xn--bcher-kva.de", "info@example.xn--p1ai",
		} {
			if !pattern.MatchString(address) {
				t.Errorf("%s: %q is refused", name, address)
			}
		}
		for _, text := range []string{
			"info@bücher.de", "info@shop,com", "bücher@example.com", "info", "info@", "@example.com", "info@localhost",
			"info@example.com.", "info@.example.com", "info@a..example", "info@-a.example", "info@a-.example",
			"info@10.0.0.1", "in fo@example.com", "a@b@example.com", "a..b@example.com", ".a@example.com",
			"a.@example.com", "a@example.com,b@example.com", "Shop <info@example.com>", "info@example.com\n", " ",
		} {
			if pattern.MatchString(text) {
				t.Errorf("%s: %q is taken", name, text)
			}
		}
	}
}
