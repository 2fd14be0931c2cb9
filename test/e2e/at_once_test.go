package e2e

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// atOnce does n things, at most limit of them at the same time.
func atOnce(t *testing.T, n, limit int, do func(i int) error) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(limit)
	for i := range n {
		g.Go(func() error { return do(i) })
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// eventually asks again until the answer is yes, for what may lag: the lists
// of orders by a second, the mail by the queue. It asks once more when the time
// is over, because one answer may take long.
func eventually(t *testing.T, within time.Duration, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(within); !ask(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %s still not: %s", within, what)
		}
	}
}
