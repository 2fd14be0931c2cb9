package main

import (
	"context"
	"fmt"
	"time"

	"shop/internal/password"
)

// Lambda gives a function one whole virtual processor for each 1,769 MB of its memory.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
const (
	memoryOfOneProcessor = 1769 // MB
	memoryOfLogIn        = 1024 // MB, in template.yaml
	hashes               = 30
)

// passwordHash measures one hash, the most of what a log-in takes.
func passwordHash(ctx context.Context, _ *store, _ time.Duration) ([]row, error) {
	hasher := password.New(password.DefaultParams)
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
	took := milliseconds(median(times))
	return []row{
		{what: fmt.Sprintf("one password hash, median of %d", hashes), figure: fmt.Sprintf("%.1f ms", took)},
		{
			what:   fmt.Sprintf("the same in a function of %d MB, by calculation (× %d/%d)", memoryOfLogIn, memoryOfOneProcessor, memoryOfLogIn),
			figure: fmt.Sprintf("%.1f ms", took*memoryOfOneProcessor/memoryOfLogIn),
		},
	}, nil
}
