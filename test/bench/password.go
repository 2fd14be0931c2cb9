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
	memory := deployed.Memory("LogInFunction")
	return []row{
		{what: fmt.Sprintf("one password hash (%s), median of %d", cost, e.hashes), figure: fmt.Sprintf("%.1f ms", milliseconds(took))},
		{
			what:   fmt.Sprintf("the same in a function of %d MB, by calculation (× %d/%d)", memory, template.MemoryOfOneProcessor, memory),
			figure: fmt.Sprintf("%.1f ms", milliseconds(template.InFunction(took, memory))),
		},
	}, nil
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
