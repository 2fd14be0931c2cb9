// Command chaos injects faults into a store and checks the promises of docs/design.md. It starts a store of its own,
// with a proxy between the functions and AWS, and ends it.
//
//	make chaos SEED=1 MINUTES=30
//	make chaos ONLY=outage MINUTES=10
//	make chaos ONLY=contention
//
// Each round is drawn from a seed: who buys what at once, and which calls to AWS are refused, delayed, cut off or lost,
// which processes are killed and when the emulator goes away. After the faults, requests without a definite answer are
// repeated, and the checker checks all requests, answers, calls and stored items against the invariants
// (invariants.go). The seeds count up from SEED; a seed whose round broke an invariant is run again with MINUTES=0. The
// outage and the contention are rounds of their own (outage.go, contention.go).
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// longRun is the size of a round in a long run.
var longRun = size{steps: 400, workers: 24, buyers: 8, restarts: true}

func main() {
	testing.Init() // rapid asks for its flags
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SEED"), "1"), 10, 64)
	if err != nil {
		return fmt.Errorf("reading SEED: %w", err)
	}
	minutes, err := strconv.ParseFloat(cmp.Or(os.Getenv("MINUTES"), "10"), 64)
	if err != nil {
		return fmt.Errorf("reading MINUTES: %w", err)
	}
	long := time.Duration(minutes * float64(time.Minute))
	runs := map[string]func(*env) error{
		"":           func(e *env) error { return longRounds(ctx, e, seed, long) },
		"outage":     func(e *env) error { return outage(ctx, e, os.Stdout, long) },
		"contention": func(e *env) error { return contention(ctx, e, os.Stdout) },
	}
	do := runs[os.Getenv("ONLY")]
	if do == nil {
		return fmt.Errorf("ONLY is %q; it can be outage or contention", os.Getenv("ONLY"))
	}
	return inEnv(ctx, do)
}

// inEnv runs do on a store of its own.
func inEnv(ctx context.Context, do func(*env) error) (err error) {
	folder, err := os.MkdirTemp("", "shop-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	fmt.Fprintln(os.Stderr, "starting a store …")
	e, err := newEnv(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	return do(e)
}

// longRounds runs rounds, at least one, and begins none after so long.
func longRounds(ctx context.Context, e *env, seed uint64, long time.Duration) error {
	r, err := newRunner(ctx, e, os.Stdout, longRun)
	if err != nil {
		return err
	}
	end := time.Now().Add(long)
	return r.rounds(ctx, seed, func() bool { return time.Now().Before(end) })
}
