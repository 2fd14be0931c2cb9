package main

import (
	"errors"
	"fmt"
	"sync"
)

// losses counts the calls of a workload, of both sides, and those among them that failed. The emulator loses an answer
// now and then; the SDK repeats the call, and the condition of a write fails on the write itself. The store's functions
// know their own writes; the bare ones do not, and fail. What failed is measured no further, and ends the run only
// where there is much of it.
type losses struct {
	mu            sync.Mutex
	calls, failed int
}

// tolerated is how many of so many calls may fail: one in a hundred, and one.
func tolerated(calls int) int { return 1 + calls/100 }

// note counts a call. It returns an error unless the call succeeded, or failed as some may.
func (l *losses) note(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if !errors.Is(err, errInvocation) {
		return err
	}
	if l.failed++; l.failed > tolerated(l.calls) {
		return fmt.Errorf("%d of %d calls failed, at last: %w", l.failed, l.calls, err)
	}
	return nil
}

// count returns how many calls failed.
func (l *losses) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// remark says in a row how many calls failed; nothing where none did.
func (l *losses) remark() string {
	if n := l.count(); n > 0 {
		return fmt.Sprintf(", %d failed and left out", n)
	}
	return ""
}
