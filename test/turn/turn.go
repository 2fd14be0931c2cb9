// Package turn has tests of several packages, which run at the same time on one store, take turns: one that disturbs every
// request waits for the others, and they for it.
package turn

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"shop/test/need"
)

// Beside lets t use the store beside others, until it ends. It waits for who has it alone.
func Beside(t testing.TB) {
	t.Helper()
	t.Cleanup(take(t, syscall.LOCK_SH))
}

// Alone lets t have the store alone until it calls end, or ends. It waits for those who use it. The tests of its own package it
// must not run beside.
func Alone(t testing.TB) (end func()) {
	t.Helper()
	end = take(t, syscall.LOCK_EX)
	t.Cleanup(end)
	return end
}

// take locks a file beside the store's data (flock(2)). A process that is killed leaves no lock behind.
func take(t testing.TB, how int) (end func()) {
	t.Helper()
	path := filepath.Join(need.Env(t, "SHOP_DATA"), "tests.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		t.Fatalf("locking %s: %v", path, err)
	}
	return sync.OnceFunc(func() { _ = file.Close() })
}
