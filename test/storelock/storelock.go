// Package storelock is a lock on the running store, for tests of several packages that run at the same time: a test
// that disturbs every request waits for the others, and they wait for it.
package storelock

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"shop/test/testenv"
)

// Shared takes the lock for t, together with others, until t ends. It waits for a test that has it exclusively.
func Shared(t testing.TB) {
	t.Helper()
	t.Cleanup(take(t, syscall.LOCK_SH))
}

// Exclusive takes the lock for t alone, until t calls end, or ends. It waits for those who share it. The tests of its
// own package it must not run beside.
func Exclusive(t testing.TB) (end func()) {
	t.Helper()
	end = take(t, syscall.LOCK_EX)
	t.Cleanup(end)
	return end
}

// take locks a file beside the store's data (flock(2)). A process that is killed leaves no lock behind.
func take(t testing.TB, how int) (end func()) {
	t.Helper()
	path := filepath.Join(testenv.Env(t, "SHOP_DATA"), "tests.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(file.Fd()), how); err != nil {
		t.Fatalf("locking %s: %v", path, err)
	}
	return sync.OnceFunc(func() { _ = file.Close() })
}
