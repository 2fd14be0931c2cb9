// Package need lets a test ask for what its surroundings must provide.
package need

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
		missing(t, name)
	}
	return value
}

func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not set, and with CI=true no test may be skipped", name)
	}
	t.Skipf("%s is not set", name)
}
