package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shop/internal/calendar"
)

// SalesMargin is how old an order is at the least when it is counted. The index by which orders are read follows its
// table mostly within a second, and AWS gives no bound; what comes later than this is found by the audit, and counted
// by a rebuild.
const SalesMargin = 15 * time.Minute

const (
	// countEvery is how much time orders are counted of at once, at the least: each time writes a day's products anew.
	countEvery = 5 * time.Minute
	// waitingAtOnce is how many cancelled orders one look returns.
	waitingAtOnce = 1000
)

// ErrOtherZone says that days are counted in another zone than the shop's.
var ErrOtherZone = errors.New(`the zone of the counted days is another than TimeZone: "shop rebuild-sales" counts anew`)

// Counter counts each order once, on its day, some time after it was placed, and takes out the cancelled ones.
//
// What is counted moves on by steps, each of which is one transaction: how far orders are counted goes from one instant
// to the next, and the day between has their sales, both or neither, and only if both are as they were read. So nothing
// is counted twice, however often and by however many a step is tried. An order that is cancelled waits, by a mark that
// the cancellation itself writes, until it is taken out in the transaction that removes the mark, or is passed over.
type Counter struct {
	Feed  Feed
	Sales SalesStore
	Zone  *time.Location
	Now   func() time.Time
	// Most is how much time a step may take in: reading it must end before the function does.
	Most time.Duration
	// Pause is how long what looks wrong in a recount is left alone before it is looked at again: an index follows its
	// table.
	Pause time.Duration
}

// CountProgress is what a run of the counter did.
type CountProgress struct {
	Until     time.Time // orders placed before are counted
	Steps     int
	Corrected int // cancelled orders that were taken out
}

// Run takes cancelled orders out and counts what is due, beginning nothing after until. It returns ErrOtherZone, and
// ErrSalesMoved when somebody else is counting.
func (k *Counter) Run(ctx context.Context, until time.Time) (CountProgress, error) {
	var done CountProgress
	c, err := k.begin(ctx)
	if err != nil || c.Epoch == 0 {
		return done, err
	}
	if done.Corrected, err = k.correct(ctx, c, until); err != nil {
		return done, err
	}
	for done.Until = c.Until; k.Now().Before(until); done.Steps++ {
		next := k.next(c)
		if next.IsZero() {
			break
		}
		if c.Until, err = k.step(ctx, c, next); err != nil {
			return done, err
		}
		done.Until = c.Until
	}
	return done, nil
}

// begin returns how far orders are counted. The first time that is up to the day of the first order.
func (k *Counter) begin(ctx context.Context) (Counted, error) {
	c, err := k.current(ctx)
	if err != nil || c.Epoch > 0 {
		return c, err
	}
	return k.Restart(ctx, c)
}

// current returns how far orders are counted, if ever any were.
func (k *Counter) current(ctx context.Context) (Counted, error) {
	c, err := k.Sales.Counted(ctx)
	if err != nil {
		return c, fmt.Errorf("reading how far orders are counted: %w", err)
	}
	if c.Epoch > 0 && c.Zone != k.Zone.String() {
		return c, fmt.Errorf("%w: it is %s, and TimeZone is %s", ErrOtherZone, c.Zone, k.Zone)
	}
	return c, nil
}

// Restart begins to count anew, from the day of the first order on. Where there is none it does nothing. While the
// first is not older than SalesMargin its list may still get one that was placed before it, on the day before.
func (k *Counter) Restart(ctx context.Context, was Counted) (Counted, error) {
	first, exists, err := k.Feed.First(ctx, time.Time{})
	if err != nil {
		return was, fmt.Errorf("looking for the first order: %w", err)
	}
	if !exists {
		return Counted{}, nil
	}
	if old := k.Now().Add(-SalesMargin); old.Before(first) {
		first = old
	}
	from := calendar.Start(calendar.Of(first, k.Zone), k.Zone)
	c, err := k.Sales.Reset(ctx, was, k.Zone.String(), from)
	if err != nil {
		return was, fmt.Errorf("beginning to count: %w", err)
	}
	return c, nil
}

// next returns up to when the next step counts: the end of the day or a part of it, as far as orders are old enough.
// It is zero while that is too little.
func (k *Counter) next(c Counted) time.Time {
	old := k.Now().Add(-SalesMargin)
	end := calendar.Start(calendar.Next(calendar.Of(c.Until, k.Zone)), k.Zone)
	switch most := c.Until.Add(k.Most); {
	case !end.After(old) && !end.After(most):
		return end
	case !most.After(old):
		return most
	case old.Sub(c.Until) >= countEvery:
		return old
	}
	return time.Time{}
}

// step counts the orders from c.Until to end, which is on the same day, or of fewer where too many of them are
// cancelled. After a day without orders it goes on to the next one that has some. It returns up to when.
func (k *Counter) step(ctx context.Context, c Counted, end time.Time) (time.Time, error) {
	day := calendar.Of(c.Until, k.Zone)
	sold, cancelled, err := k.read(ctx, c.Until, end)
	if err != nil {
		return c.Until, err
	}
	if half := (end.Sub(c.Until) / 2).Truncate(time.Millisecond); len(cancelled) > MaxCorrected && half > 0 {
		return k.step(ctx, c, c.Until.Add(half))
	}
	periods, err := k.with(ctx, c, day, end, func(p *Period) { p.Merge(sold) })
	if err != nil {
		return c.Until, err
	}
	if today := periods[0]; today.Orders == 0 {
		periods = nil
		if end, err = k.passOver(ctx, end); err != nil {
			return c.Until, err
		}
	} else if sold.Orders == 0 {
		periods = periods[1:]
	}
	if err := k.Sales.Save(ctx, SalesStep{Counted: c, Until: end, Periods: periods, Corrected: cancelled}); err != nil {
		return c.Until, fmt.Errorf("counting the orders of %s: %w", day.Format(time.DateOnly), err)
	}
	return end, nil
}

// passOver returns the beginning of the first day from end on that has an order, or of the last one that is old enough,
// or end if that is later.
func (k *Counter) passOver(ctx context.Context, end time.Time) (time.Time, error) {
	day := func(of time.Time) time.Time { return calendar.Start(calendar.Of(of, k.Zone), k.Zone) }
	last := day(k.Now().Add(-SalesMargin))
	if !end.Before(last) {
		return end, nil
	}
	first, exists, err := k.Feed.First(ctx, end)
	switch {
	case err != nil:
		return end, fmt.Errorf("looking for the next order: %w", err)
	case exists && day(first).Before(end): // on the day that end is on
		return end, nil
	case exists && first.Before(last):
		return day(first), nil
	}
	return last, nil
}

// read adds up the orders placed from from to to, and returns the ids of those that are cancelled.
func (k *Counter) read(ctx context.Context, from, to time.Time) (*Sales, []string, error) {
	sold, cancelled := NewSales(), []string(nil)
	err := k.Feed.Each(ctx, from, to, func(o Order) {
		if o.Status.IsSale() {
			sold.Add(o)
		} else {
			cancelled = append(cancelled, o.ID)
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading orders: %w", err)
	}
	return sold, cancelled, nil
}

// with returns the day after change, and where it is over then, its month with it.
func (k *Counter) with(
	ctx context.Context, c Counted, day, until time.Time, change func(*Period),
) ([]Period, error) {
	p, err := k.stored(ctx, c, day, false)
	if err != nil {
		return nil, err
	}
	over := calendar.Start(calendar.Next(day), k.Zone)
	wasOver := !c.Until.Before(over)
	change(&p)
	p.Until = until
	periods := []Period{p}
	if until.Before(over) {
		return periods, nil
	}
	month, err := k.stored(ctx, c, day, true)
	if err != nil {
		return nil, err
	}
	if wasOver {
		change(&month)
	} else {
		month.Merge(p.Sales)
	}
	return append(periods, month), nil
}

// stored returns the day, or its month, with products.
func (k *Counter) stored(ctx context.Context, c Counted, day time.Time, month bool) (Period, error) {
	list, first := k.Sales.Days, day
	if month {
		list, first = k.Sales.Months, day.AddDate(0, 0, 1-day.Day())
	}
	found, err := list(ctx, c, first, first)
	if err != nil {
		return Period{}, fmt.Errorf("reading sales: %w", err)
	}
	if len(found) == 0 {
		return Period{First: first, IsMonth: month, Sales: NewSales()}, nil
	}
	p := found[0]
	if err := k.Sales.Load(ctx, c, &p); err != nil {
		return Period{}, fmt.Errorf("reading sales: %w", err)
	}
	return p, nil
}

// correct takes out the orders that were cancelled after they were counted.
func (k *Counter) correct(ctx context.Context, c Counted, until time.Time) (int, error) {
	waiting, err := k.Sales.Waiting(ctx, c.Until, waitingAtOnce)
	if err != nil {
		return 0, fmt.Errorf("looking for cancelled orders: %w", err)
	}
	corrected := 0
	for len(waiting) > 0 && k.Now().Before(until) {
		day := calendar.Of(waiting[0].PlacedAt, k.Zone)
		var these []Order
		waiting = slices.DeleteFunc(waiting, func(o Order) bool {
			takes := len(these) < MaxCorrected && calendar.Of(o.PlacedAt, k.Zone).Equal(day)
			if takes {
				these = append(these, o)
			}
			return takes
		})
		if err := k.takeOut(ctx, c, day, these); err != nil {
			return corrected, err
		}
		corrected += len(these)
	}
	return corrected, nil
}

func (k *Counter) takeOut(ctx context.Context, c Counted, day time.Time, orders []Order) error {
	ids := make([]string, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	over := calendar.Start(calendar.Next(day), k.Zone)
	until := c.Until
	if over.Before(until) {
		until = over
	}
	periods, err := k.with(ctx, c, day, until, func(p *Period) {
		for _, o := range orders {
			p.Remove(o)
		}
	})
	if err != nil {
		return err
	}
	step := SalesStep{Counted: c, Until: c.Until, Periods: periods, Corrected: ids, Exactly: true}
	if err := k.Sales.Save(ctx, step); err != nil {
		return fmt.Errorf("taking cancelled orders out of %s: %w", day.Format(time.DateOnly), err)
	}
	return nil
}
