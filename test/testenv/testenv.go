// Package testenv reads from the environment what a test needs around it, and skips the test or fails it where that is missing.
package testenv

import (
	"os"
	"testing"
)

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

// Given returns the value of an environment variable that a user may have no use for, such as the path of a file that is no
// part of the project. Where it is unset or empty, the test is skipped, with CI=true too: who has the file sets the variable,
// and nothing is skipped.
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
	t.Skipf("%s", what)
}
