package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root is the checkout, seen from this folder.
const root = "../.."

// TestMutantsApply: every defect can be put into today's sources, and tests of the names that are to find it are there.
func TestMutantsApply(t *testing.T) {
	all, err := allMutants(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Errorf("got %d mutants: are the consistent reads still found?", len(all))
	}
	for _, m := range all {
		content, err := m.patched(root)
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
		} else if whole, _ := os.ReadFile(filepath.Join(root, m.file)); content == string(whole) {
			t.Errorf("%s: nothing is changed", m.name)
		}
		for _, pattern := range strings.Split(m.run, "|") {
			if !hasTest(t, m.pkg, pattern) {
				t.Errorf("%s: no test of %s is called %s", m.name, m.pkg, pattern)
			}
		}
	}
}

var testName = regexp.MustCompile(`(?m)^func (Test\w*)\(t \*testing\.T\)`)

func hasTest(t *testing.T, pkg, pattern string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range testName.FindAllStringSubmatch(string(content), -1) {
			if regexp.MustCompile(pattern).MatchString(name[1]) {
				return true
			}
		}
	}
	return false
}
