package template

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"shop/internal/password"
)

// longestHash is what one hash may take in a function.
const longestHash = 100 * time.Millisecond

// measured finds the time of one hash in docs/benchmarks.md, as make bench printed it there, and what it cost.
var measured = regexp.MustCompile(`\| one password hash \((m=\d+,t=\d+,p=\d+)\), median of \d+ \| ([\d.]+) ms \|`)

// TestPasswordHashesAreQuick: the functions that hash have the memory, and so the processor, to do it in time. The time
// is by calculation: the measured one, times what the template's cost is more than the measured one, times the missing
// part of a processor.
func TestPasswordHashesAreQuick(t *testing.T) {
	tpl := Need(t)
	cost, err := tpl.PasswordCost()
	if err != nil {
		t.Fatal(err)
	}
	took, of := documentedHash(t)
	took = time.Duration(float64(took) * float64(cost.Work()) / float64(of.Work()))
	hashing := 0
	for name, function := range tpl.Functions() {
		if At(function, "Properties", "Environment", "Variables", "HASH_COST") == nil {
			continue
		}
		hashing++
		if here := InFunction(took, tpl.Memory(name)); here >= longestHash {
			t.Errorf("one hash takes %s of %d MB %v, want less than %v", name, tpl.Memory(name), here, longestHash)
		}
		if tpl.Memory(name) < 256 { // 19 MiB a hash and what a Go process with the SDK takes
			t.Errorf("%s has %d MB", name, tpl.Memory(name))
		}
	}
	if hashing != 6 {
		t.Errorf("%d functions hash passwords, want those of signing up, logging in, resetting and changing a password, ending sessions and deleting an account",
			hashing)
	}
}

// TestFunctionsThatCheckPasswordsKnowTheCostsBefore: one that did not would answer for an old hash in another time than
// for none.
func TestFunctionsThatCheckPasswordsKnowTheCostsBefore(t *testing.T) {
	tpl := Need(t)
	for _, name := range []string{
		"LogInFunction", "EndSessionsFunction", "ChangePasswordFunction", "DeleteAccountFunction",
	} {
		got := At(tpl.Resources[name], "Properties", "Environment", "Variables", "HASH_COSTS_BEFORE", "Ref")
		if got != "PasswordCostsBefore" {
			t.Errorf("%s has the costs before from %v", name, got)
		}
	}
}

func documentedHash(t *testing.T) (time.Duration, password.Params) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(), "docs/benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := measured.FindSubmatch(text)
	if found == nil {
		t.Fatalf("docs/benchmarks.md has no line like %s", measured)
	}
	var cost password.Params
	if err := cost.UnmarshalText(found[1]); err != nil {
		t.Fatal(err)
	}
	ms, err := strconv.ParseFloat(string(found[2]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(ms * float64(time.Millisecond)), cost
}

func TestInFunction(t *testing.T) {
	for memory, want := range map[int]time.Duration{1769: 20, 3538: 20, 1024: 35, 512: 69} {
		if got := InFunction(20*time.Millisecond, memory).Round(time.Millisecond); got != want*time.Millisecond {
			t.Errorf("%d MB: got %v, want %d ms", memory, got, want)
		}
	}
}
