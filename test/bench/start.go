package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// starts compares the time from exec to the first poll of the runtime API, which AWS bills as the init phase.
func starts(ctx context.Context, s *store, e effort) (rows []row, err error) {
	box, err := s.sandbox(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.remove()) }()
	for _, function := range []string{"view-product", "place-order", "notify"} {
		binaries, err := s.pair(ctx, function)
		if err != nil {
			return nil, err
		}
		ours, bare, err := s.startAlternately(ctx, binaries, box.environment(), e.starts)
		if err != nil {
			return nil, err
		}
		what := fmt.Sprintf("%s, start, median of %d", function, len(ours))
		rows = append(rows, atMost(what, milliseconds(median(ours)), milliseconds(median(bare)), 1.1, "%.1f ms").
			withSamples(ours, bare, 0.5))
	}
	return rows, nil
}

// startAlternately returns the times of the starts, but for the first of each, which reads the file from the disk.
func (s *store) startAlternately(
	ctx context.Context, binaries pair, environment []string, times int,
) (ours, bare []time.Duration, err error) {
	for n := range times + 1 {
		our, err := s.startOnce(ctx, binaries.ours, environment)
		if err != nil {
			return nil, nil, err
		}
		its, err := s.startOnce(ctx, binaries.bare, environment)
		if err != nil {
			return nil, nil, err
		}
		if n > 0 {
			ours, bare = append(ours, our), append(bare, its)
		}
	}
	return ours, bare, nil
}

func (s *store) startOnce(ctx context.Context, binary string, environment []string) (time.Duration, error) {
	p, err := launch(ctx, s, binary, environment)
	if err != nil {
		return 0, err
	}
	p.end()
	return p.started, nil
}
