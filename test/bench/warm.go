package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// makeWorkload is a method of sandbox that makes a workload.
type makeWorkload func(*sandbox, context.Context) (workload, error)

func warmPlaceOrder(ctx context.Context, s *store, e effort) ([]row, error) {
	return warm(ctx, s, (*sandbox).placeOrder, e)
}

func warmViewProduct(ctx context.Context, s *store, e effort) ([]row, error) {
	return warm(ctx, s, (*sandbox).viewProduct, e)
}

func warmNotify(ctx context.Context, s *store, e effort) ([]row, error) {
	return warm(ctx, s, (*sandbox).notify, e)
}

// warm compares the times of single calls of a function and of its bare one.
func warm(ctx context.Context, s *store, work makeWorkload, e effort) (rows []row, err error) {
	box, err := s.sandbox(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.remove()) }()
	w, err := work(box, ctx)
	if err != nil {
		return nil, err
	}
	binaries, err := s.pair(ctx, w.function)
	if err != nil {
		return nil, err
	}
	if err := box.sameCalls(ctx, binaries, w); err != nil {
		return nil, err
	}
	ours, bare, err := s.duel(ctx, binaries, w, e)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%s, warm call, %%s (%d calls each%s)", w.function, len(ours.calls), w.losses.remark())
	return []row{
		warmRow(fmt.Sprintf(what, "p50"), ours.calls, bare.calls, 0.50, medianGoal[w.function]),
		warmRow(fmt.Sprintf(what, "p99"), ours.calls, bare.calls, 0.99, 1.25),
		processorRow(w.function, ours.processor, bare.processor),
	}, nil
}

// medianGoal is what each function's p50 is to be of the bare one's.
var medianGoal = map[string]float64{"place-order": 1.00, "view-product": 0.95, "notify": 1.00}

// side is what was measured of one of the two processes.
type side struct {
	calls     []time.Duration
	processor time.Duration // of a call, on average
}

// processorTime is the end of what a row of processor time is called.
const processorTime = ", processor time a call"

func processorRow(function string, ours, bare time.Duration) row {
	return atMost(function+processorTime, milliseconds(ours), milliseconds(bare), 1.05, "%.2f ms")
}

func warmRow(what string, ours, bare []time.Duration, q, goal float64) row {
	return atMost(what, milliseconds(quantile(ours, q)), milliseconds(quantile(bare, q)), goal, "%.2f ms").
		withSamples(ours, bare, q)
}

// duel calls one process of each in turn, so that whatever else the machine does meets both alike, and returns what it
// took.
func (s *store) duel(ctx context.Context, binaries pair, w workload, e effort) (ours, bare side, err error) {
	us, err := launch(ctx, s, binaries.ours, w.environment)
	if err != nil {
		return side{}, side{}, err
	}
	defer us.end()
	them, err := launch(ctx, s, binaries.bare, w.environment)
	if err != nil {
		return side{}, side{}, err
	}
	defer them.end()
	ours.calls, bare.calls, err = duelRounds(ctx, w, us, them, e)
	if err != nil {
		return side{}, side{}, err
	}
	us.end()
	them.end()
	ours.processor, bare.processor = us.processorTime(), them.processorTime()
	return ours, bare, nil
}

// duelRounds warms both up, and returns the times of the calls after that.
func duelRounds(ctx context.Context, w workload, us, them *process, e effort) (ours, bare []time.Duration, err error) {
	if _, _, err := rounds(ctx, w, us, them, func(n int) bool { return n < e.warmUp }); err != nil {
		return nil, nil, err
	}
	end := time.Now().Add(e.duration)
	ours, bare, err = rounds(ctx, w, us, them, func(n int) bool { return n < 2 || time.Now().Before(end) })
	if err == nil && w.check != nil {
		err = w.check(ctx)
	}
	return ours, bare, err
}

// rounds calls both once in each round, and whoever was first is second in the next one.
func rounds(
	ctx context.Context, w workload, us, them *process, goOn func(n int) bool,
) (ours, bare []time.Duration, err error) {
	first, second, firsts, seconds := us, them, &ours, &bare
	for n := 0; goOn(n); n++ {
		if err := once(ctx, w, first, firsts); err != nil {
			return nil, nil, err
		}
		if err := once(ctx, w, second, seconds); err != nil {
			return nil, nil, err
		}
		first, second, firsts, seconds = second, first, seconds, firsts
	}
	return ours, bare, nil
}

// once adds the time of a call that succeeded.
func once(ctx context.Context, w workload, p *process, times *[]time.Duration) error {
	payload, err := w.next(ctx)
	if err != nil {
		return fmt.Errorf("making an event: %w", err)
	}
	took, err := p.call(ctx, payload, w.want)
	if err == nil {
		*times = append(*times, took)
	}
	return w.losses.note(err)
}
