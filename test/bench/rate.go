package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// concurrency is how many processes of a function work at once.
const concurrency = 8

// ratePlaceOrder compares how many checkouts a second the functions manage.
func ratePlaceOrder(ctx context.Context, s *store, e effort) (rows []row, err error) {
	box, err := s.sandbox(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.remove()) }()
	w, err := box.placeOrder(ctx)
	if err != nil {
		return nil, err
	}
	binaries, err := s.pair(ctx, w.function)
	if err != nil {
		return nil, err
	}
	ours, bare, err := s.rates(ctx, binaries, w, e)
	what := fmt.Sprintf("checkouts a second, %d at once%s", concurrency, w.losses.remark())
	return []row{atLeast(what, ours, bare, 0.85, "%.0f/s")}, err
}

// rates gives each side its turn until the time is up, and returns the calls a second of each.
func (s *store) rates(ctx context.Context, binaries pair, w workload, e effort) (ours, bare float64, err error) {
	us, err := s.team(ctx, binaries.ours, w, e.turn)
	defer us.end()
	if err != nil {
		return 0, 0, err
	}
	them, err := s.team(ctx, binaries.bare, w, e.turn)
	defer them.end()
	if err != nil {
		return 0, 0, err
	}
	end := time.Now().Add(e.duration)
	for n := 0; n == 0 || time.Now().Before(end); n++ {
		sides := []*team{us, them}
		if n%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			if err := side.work(ctx, w, e.turn); err != nil {
				return 0, 0, err
			}
		}
	}
	return us.rate(), them.rate(), nil
}

// team is several processes of one binary.
type team struct {
	processes []*process
	calls     int
	took      time.Duration
}

// team starts the processes and warms them up. It returns those that were started also with an error.
func (s *store) team(ctx context.Context, binary string, w workload, turn time.Duration) (*team, error) {
	t := &team{}
	for range concurrency {
		p, err := launch(ctx, s, binary, w.environment)
		if err != nil {
			return t, err
		}
		t.processes = append(t.processes, p)
	}
	err := t.work(ctx, w, turn)
	t.calls, t.took = 0, 0
	return t, err
}

func (t *team) end() {
	for _, p := range t.processes {
		p.end()
	}
}

func (t *team) rate() float64 { return float64(t.calls) / t.took.Seconds() }

// work has every process answer one call after the other for a while.
func (t *team) work(ctx context.Context, w workload, turn time.Duration) error {
	start := time.Now()
	calls := make([]int, len(t.processes))
	members, ctx := errgroup.WithContext(ctx)
	for i, p := range t.processes {
		members.Go(func() (err error) {
			calls[i], err = p.callUntil(ctx, w, start.Add(turn))
			return err
		})
	}
	err := members.Wait()
	t.took += time.Since(start)
	for _, n := range calls {
		t.calls += n
	}
	return err
}

func (p *process) callUntil(ctx context.Context, w workload, end time.Time) (calls int, err error) {
	for time.Now().Before(end) {
		payload, err := w.next(ctx)
		if err != nil {
			return calls, fmt.Errorf("making an event: %w", err)
		}
		_, failed := p.call(ctx, payload, w.want)
		if err := w.losses.note(failed); err != nil {
			return calls, err
		}
		if failed == nil {
			calls++
		}
	}
	return calls, nil
}
