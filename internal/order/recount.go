package order

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/calendar"
	"shop/internal/clock"
)

// recountAttempts is how often a period is looked at that goes on changing.
const recountAttempts = 10

// SalesDifference is a day or a month whose stored sales are not those of its orders.
type SalesDifference struct {
	Name       string // such as 2026-03-01, or 2026-03
	Is, Should Totals
}

// String says what is stored, and what it should be.
func (d SalesDifference) String() string {
	return fmt.Sprintf("stored are %d orders of %d units for %v, and there are %d of %d for %v",
		d.Is.Orders, d.Is.Units, d.Is.Revenue, d.Should.Orders, d.Should.Units, d.Should.Revenue)
}

// Recount adds each counted day up again from the orders, and each month from its days, and reports what differs in its
// totals or in those of a product. With repair it is stored as it should be. It holds the products of one day or month
// at a time, and returns how many it looked at: it passes over days and months that have no orders and no sales. It
// returns ErrOtherZone.
func (k *Counter) Recount(ctx context.Context, repair bool, report func(SalesDifference)) (int, error) {
	c, err := k.current(ctx)
	if err != nil || c.Epoch == 0 {
		return 0, err
	}
	due, err := k.recountable(ctx, c)
	if err != nil {
		return 0, err
	}
	n := 0
	for {
		day, exists, err := due.next(ctx)
		if err != nil || !exists {
			return n, err
		}
		n++
		if err := k.compare(ctx, day, false, repair, report); err != nil {
			return n, err
		}
		if !day.Before(due.endOfMonth(day)) {
			n++
			if err := k.compare(ctx, day, true, repair, report); err != nil {
				return n, err
			}
		}
	}
}

// recountable are the days to recount, in their order: those that have orders, and those that are stored, whose orders
// may be gone. After them comes the last day of each of their months, and of each month that is stored.
type recountable struct {
	counter      *Counter
	days, months []Period  // stored
	day, last    time.Time // the next one from which to look, and the last one
	open         time.Time // the last day of the month of the day before; zero at first
}

func (k *Counter) recountable(ctx context.Context, c Counted) (*recountable, error) {
	days, err := k.Sales.Days(ctx, c, time.Time{}, lastDay)
	if err != nil {
		return nil, fmt.Errorf("reading sales: %w", err)
	}
	months, err := k.Sales.Months(ctx, c, time.Time{}, lastDay)
	if err != nil {
		return nil, fmt.Errorf("reading sales: %w", err)
	}
	return &recountable{
		counter: k, days: days, months: months, last: calendar.Of(c.Until.Add(-time.Millisecond), k.Zone),
	}, nil
}

// next returns the next day, and whether there is one.
func (r *recountable) next(ctx context.Context) (day time.Time, exists bool, err error) {
	earliest := func(found time.Time) {
		if !found.Before(r.day) && !found.After(r.last) && (!exists || found.Before(day)) {
			day, exists = found, true
		}
	}
	if !r.open.IsZero() {
		earliest(r.open)
	}
	for _, p := range r.days {
		earliest(p.First)
	}
	for _, p := range r.months {
		earliest(r.endOfMonth(p.First))
	}
	if !exists || r.day.Before(day) {
		first, ordered, err := r.counter.Feed.First(ctx, r.from())
		if err != nil {
			return day, false, fmt.Errorf("looking for the next order: %w", err)
		}
		if ordered {
			earliest(calendar.Of(first, r.counter.Zone))
		}
	}
	if exists {
		r.day, r.open = calendar.Next(day), r.endOfMonth(day)
	}
	return day, exists, nil
}

// from is the instant from which orders are looked for.
func (r *recountable) from() time.Time {
	if r.day.IsZero() {
		return r.day
	}
	return calendar.Start(r.day, r.counter.Zone)
}

// endOfMonth is the last day of the day's month, or the last one that is counted, if that is earlier.
func (r *recountable) endOfMonth(day time.Time) time.Time {
	end := day.AddDate(0, 0, 1-day.Day()).AddDate(0, 1, -1)
	if end.After(r.last) {
		return r.last
	}
	return end
}

// lastDay is the last one that a sort key can have.
var lastDay = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// compare compares the day, or its month. What differs is looked at twice.
func (k *Counter) compare(ctx context.Context, day time.Time, month, repair bool, report func(SalesDifference)) error {
	is, should, c, err := k.look(ctx, day, month)
	if err != nil || is.Equal(should) {
		return err
	}
	if err := clock.Sleep(ctx, k.Pause); err != nil {
		return err
	}
	for range recountAttempts {
		if is, should, c, err = k.look(ctx, day, month); err != nil || is.Equal(should) {
			return err
		}
		if !repair {
			break
		}
		mended := is
		mended.Sales = should
		if mended.Until.IsZero() {
			mended.Until = k.endOf(day, c)
		}
		err = k.Sales.Save(ctx, SalesStep{Counted: c, Until: c.Until, Periods: []Period{mended}})
		if !errors.Is(err, ErrSalesMoved) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("mending the sales of %s: %w", nameOf(is), err)
	}
	report(SalesDifference{nameOf(is), is.Totals, should.Totals})
	return nil
}

func nameOf(p Period) string {
	if p.IsMonth {
		return p.First.Format("2006-01")
	}
	return p.First.Format(time.DateOnly)
}

// endOf returns up to when orders of the day are counted.
func (k *Counter) endOf(day time.Time, c Counted) time.Time {
	end := calendar.Start(calendar.Next(day), k.Zone)
	if end.After(c.Until) {
		return c.Until
	}
	return end
}

// look returns what is stored of the day or month and what it should be, both as of an instant at which what is stored
// did not change, and how far orders were counted then.
func (k *Counter) look(ctx context.Context, day time.Time, month bool) (Period, *Sales, Counted, error) {
	for range recountAttempts {
		c, err := k.current(ctx)
		if err != nil {
			return Period{}, nil, c, err
		}
		is, err := k.stored(ctx, c, day, month)
		if err != nil {
			return is, nil, c, err
		}
		should, err := k.should(ctx, c, day, month)
		if err != nil {
			return is, nil, c, err
		}
		now, err := k.stored(ctx, c, day, month)
		if err != nil {
			return is, nil, c, err
		}
		if now.Version == is.Version {
			return is, should, c, nil
		}
	}
	return Period{}, nil, Counted{}, fmt.Errorf("recounting %s: %w", day.Format(time.DateOnly), ErrSalesMoved)
}

// should adds up what the day or month should be. A cancelled order that waits to be taken out is counted.
func (k *Counter) should(ctx context.Context, c Counted, day time.Time, month bool) (*Sales, error) {
	if month {
		return k.ofDays(ctx, c, day)
	}
	sold, cancelled := NewSales(), map[string]Order{}
	from, to := calendar.Start(day, k.Zone), k.endOf(day, c)
	if !from.Before(to) {
		return sold, nil
	}
	var ids []string
	err := k.Feed.Each(ctx, from, to, func(o Order) {
		if o.Status.IsSale() {
			sold.Add(o)
			return
		}
		ids, cancelled[o.ID] = append(ids, o.ID), o
	})
	if err != nil {
		return nil, fmt.Errorf("reading orders: %w", err)
	}
	waiting, err := k.Sales.IsWaiting(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading cancelled orders: %w", err)
	}
	for id, o := range cancelled {
		if waiting[id] {
			sold.Add(o)
		}
	}
	return sold, nil
}

// ofDays adds up the days of a month that are over, up to day, one at a time.
func (k *Counter) ofDays(ctx context.Context, c Counted, day time.Time) (*Sales, error) {
	first := day.AddDate(0, 0, 1-day.Day())
	days, err := k.Sales.Days(ctx, c, first, first.AddDate(0, 1, -1))
	if err != nil {
		return nil, fmt.Errorf("reading sales: %w", err)
	}
	sum := NewSales()
	for _, p := range days {
		if c.Until.Before(calendar.Start(calendar.Next(p.First), k.Zone)) {
			break
		}
		if err := k.Sales.Load(ctx, c, &p); err != nil {
			return nil, fmt.Errorf("reading sales: %w", err)
		}
		sum.Merge(p.Sales)
	}
	return sum, nil
}
