package main

import (
	"os/exec"
	"strings"
	"testing"
)

// TestProfiledFunctions: with the overlay every function and every bare one begins to profile; without it none does.
func TestProfiledFunctions(t *testing.T) {
	overlay, err := (&store{folder: t.TempDir()}).profiled()
	if err != nil {
		t.Fatal(err)
	}
	packages := []string{"shop/functions/...", "shop/test/bench/bare/..."}
	imports := func(arguments ...string) (lines []string) {
		arguments = append(append([]string{"list", "-f", "{{.Imports}}"}, arguments...), packages...)
		out, err := exec.Command("go", arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("go %v: %v\n%s", arguments, err, out)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	profiled := func(line string) bool { return strings.Contains(line, "shop/test/bench/profiling") }
	for _, line := range imports("-overlay=" + overlay) {
		if !profiled(line) {
			t.Errorf("with the overlay a function imports %s", line)
		}
	}
	for _, line := range imports() {
		if profiled(line) {
			t.Errorf("without it a function imports %s", line)
		}
	}
}
