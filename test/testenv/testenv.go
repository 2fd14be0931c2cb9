// Package testenv reads from the environment what a test needs around it, and skips or fails the test if it is missing.
package testenv

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
)

var skipped atomic.Int64 // tests that missed what they need

// Main runs the tests of a package most of which need a store or a database, and returns the code for [os.Exit]. Where
// tests were skipped for want of it, the code is 1, because go test prints nothing of skips in a package that passes;
// SHOP_ALLOW_SKIPS=true accepts them.
func Main(run func() int) int {
	code := run()
	if n := skipped.Load(); n > 0 && os.Getenv("SHOP_ALLOW_SKIPS") != "true" {
		fmt.Fprintf(os.Stderr, "%d tests were skipped, because what they need is missing (go test -v names it). "+
			"`make test ONLY=./the/package RUN=TestName` starts it and runs them, `make test-up` leaves it running; "+
			"SHOP_ALLOW_SKIPS=true accepts the skips.\n", n)
		return max(code, 1)
	}
	return code
}

// Env returns the value of an environment variable. Where it is unset or empty, the test is skipped with the reason;
// with CI=true it fails instead, so that nothing is left out unnoticed.
func Env(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		missing(t, name+" is not set")
	}
	return value
}

// Given returns the value of an environment variable that a user may have no use for, such as the path of a file that
// is no part of the project. Where it is unset or empty, the test is skipped, with CI=true too: who has the file sets
// the variable, and nothing is skipped.
func Given(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf("%s is not given", name)
	}
	return value
}

// File returns path if there is such a file. Where there is none, the test is skipped, or fails, as by [Env].
func File(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(t, path+" is not there")
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s, and with CI=true no test may be skipped", what)
	}
	skipped.Add(1)
	t.Skipf("%s", what)
}
