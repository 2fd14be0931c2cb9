package main

import (
	"context"
	"fmt"
	"time"

	"shop/internal/password"
	"shop/test/template"
)

// passwordHash measures one hash, the most of what a log-in takes, at the template's cost.
func passwordHash(ctx context.Context, _ *store, e effort) ([]row, error) {
	deployed, err := template.Read()
	if err != nil {
		return nil, err
	}
	cost, err := deployed.PasswordCost()
	if err != nil {
		return nil, err
	}
	times, err := hashTimes(ctx, password.New(cost), e.hashes)
	if err != nil {
		return nil, err
	}
	took := median(times)
	after, err := afterAChange(ctx, cost, e.hashes)
	if err != nil {
		return nil, err
	}
	memory := deployed.Memory("LogInFunction")
	return []row{
		after,
		{what: fmt.Sprintf("one password hash (%s), median of %d",
			cost, e.hashes), figure: fmt.Sprintf("%.1f ms", milliseconds(took))},
		{
			what: fmt.Sprintf("the same in a function of %d MB, by calculation (× %d/%d)",
				memory, template.MemoryOfOneProcessor, memory),
			figure: fmt.Sprintf("%.1f ms", milliseconds(template.InFunction(took, memory))),
		},
	}, nil
}

// afterAChange compares the check of a hash from before the cost was changed with the dummy's that an unknown address
// takes.
func afterAChange(ctx context.Context, cost password.Params, hashes int) (row, error) {
	before := cost
	before.MemoryKiB /= 2
	old, err := password.New(before).Hash("correct horse battery staple")
	if err != nil {
		return row{}, err
	}
	hasher := password.New(cost, before)
	var known, unknown []time.Duration
	for range hashes {
		start := time.Now()
		if _, err := hasher.Check(old, "a wrong one, and long enough"); err != nil {
			return row{}, err
		}
		known, start = append(known, time.Since(start)), time.Now()
		hasher.CheckDummy("a wrong one, and long enough")
		unknown = append(unknown, time.Since(start))
		if err := context.Cause(ctx); err != nil {
			return row{}, err
		}
	}
	what := fmt.Sprintf(
		"after the cost was changed from %s: the hash for an unknown address, median of %d; the limit is the check of an old one",
		before, hashes,
	)
	return atMost(what, milliseconds(median(unknown)), milliseconds(median(known)), 1.1, "%.1f ms"), nil
}

func hashTimes(ctx context.Context, hasher password.Hasher, hashes int) ([]time.Duration, error) {
	var times []time.Duration
	for range hashes {
		start := time.Now()
		if _, err := hasher.Hash("correct horse battery staple"); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start))
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
	}
	return times, nil
}
