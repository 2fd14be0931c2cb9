package order

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"shop/internal/calendar"
	"shop/internal/money"
)

// loadedAtOnce is how many days and months are read at the same time.
const loadedAtOnce = 8

// reading is a summary that is being put together.
type reading struct {
	*Analytics
	counted Counted
	zone    *time.Location // of what is counted
	days    []Period       // with orders, the oldest first
	whole   *Sales         // of the range
	at      time.Time
	today   int // the place in days of the day of the order that was added last
	from    time.Time
	end     time.Time
}

func (a *Analytics) reading(c Counted) (*reading, error) {
	r := &reading{Analytics: a, counted: c, zone: a.Zone, whole: NewSales()}
	if c.Epoch > 0 && c.Zone != a.Zone.String() {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			return nil, fmt.Errorf("reading the zone of the counted days: %w", err)
		}
		r.zone = zone
	}
	return r, nil
}

// stored reads the counted days of the range, and the products of the months that are in it as a whole and of the days
// beside them.
func (r *reading) stored(ctx context.Context, from, to time.Time) error {
	if r.counted.Epoch == 0 {
		return nil
	}
	var err error
	if r.days, err = r.Sales.Days(ctx, r.counted, from, to); err != nil {
		return err
	}
	months, err := r.months(ctx, from, to)
	if err != nil {
		return err
	}
	parts := make([]*Period, 0, len(months)+len(r.days))
	for i := range months {
		parts = append(parts, &months[i])
	}
	for i := range r.days {
		if day := r.days[i].First; !slices.ContainsFunc(months, func(m Period) bool { return inMonth(m, day) }) {
			parts = append(parts, &r.days[i])
		}
	}
	if err := r.load(ctx, parts); err != nil {
		return err
	}
	slices.SortStableFunc(parts, func(a, b *Period) int { return a.First.Compare(b.First) })
	for _, p := range parts {
		r.whole.Merge(p.Sales)
	}
	return nil
}

func inMonth(m Period, day time.Time) bool {
	return m.First.Year() == day.Year() && m.First.Month() == day.Month()
}

// months returns the months all of whose days are in the range and counted.
func (r *reading) months(ctx context.Context, from, to time.Time) ([]Period, error) {
	first, last := from.AddDate(0, 0, 1-from.Day()), to
	if first.Before(from) {
		first = first.AddDate(0, 1, 0)
	}
	if first.AddDate(0, 1, -1).After(to) {
		return nil, nil
	}
	months, err := r.Sales.Months(ctx, r.counted, first, last)
	return slices.DeleteFunc(months, func(m Period) bool {
		next := m.First.AddDate(0, 1, 0)
		return next.AddDate(0, 0, -1).After(to) || r.counted.Until.Before(calendar.Start(next, r.zone))
	}), err
}

func (r *reading) load(ctx context.Context, parts []*Period) error {
	loads, ctx := errgroup.WithContext(ctx)
	loads.SetLimit(loadedAtOnce)
	for _, p := range parts {
		loads.Go(func() error { return r.Sales.Load(ctx, r.counted, p) })
	}
	return loads.Wait()
}

// rest adds the orders of the range that are not counted yet.
func (r *reading) rest(ctx context.Context, from, to time.Time) error {
	first, end := calendar.Start(from, r.zone), calendar.Start(calendar.Next(to), r.zone)
	if first.Before(r.counted.Until) {
		first = r.counted.Until
	}
	if !first.Before(end) {
		return nil
	}
	return r.Feed.Each(ctx, first, end, r.add)
}

// add skips orders that are no sales, and orders that were counted after the reading began.
func (r *reading) add(o Order) {
	if !o.Status.IsSale() {
		return
	}
	day := r.dayOf(o.PlacedAt)
	if o.PlacedAt.Before(day.Until) {
		return
	}
	r.whole.Add(o)
	units := int64(0)
	for _, line := range o.Lines {
		units += line.Quantity
	}
	day.add(1, units, o.Total.Amount, o.Total.Currency)
}

// dayOf returns the day of an order. It asks the calendar only where the order before was of another day.
func (r *reading) dayOf(placedAt time.Time) *Period {
	if placedAt.Before(r.from) || !placedAt.Before(r.end) {
		day := calendar.Of(placedAt, r.zone)
		r.from, r.end = calendar.Start(day, r.zone), calendar.Start(calendar.Next(day), r.zone)
		at, there := slices.BinarySearchFunc(r.days, day, func(p Period, d time.Time) int { return p.First.Compare(d) })
		if !there {
			r.days = slices.Insert(r.days, at, Period{First: day, Sales: NewSales()})
		}
		r.today = at
	}
	return &r.days[r.today]
}

func (r *reading) summary(from, to time.Time, top int) Summary {
	s := Summary{From: from, To: to, Zone: r.zone.String(), At: r.at, TopProducts: r.top(top)}
	all := Totals{}
	for _, p := range r.days {
		if p.Orders > 0 {
			s.Days = append(s.Days, Day{Day: p.First, Orders: p.Orders, Units: p.Units, Revenue: r.revenue(p.Totals)})
			all.merge(p.Totals)
		}
	}
	s.Orders, s.Units, s.Revenue = all.Orders, all.Units, r.revenue(all)
	for _, currency := range slices.Sorted(maps.Keys(all.Revenue)) {
		if amount := all.Revenue[currency]; currency != r.Currency && amount != 0 {
			s.Others = append(s.Others, money.Money{Amount: amount, Currency: currency})
		}
	}
	return s
}

func (r *reading) revenue(t Totals) money.Money {
	return money.Money{Amount: t.Revenue[r.Currency], Currency: r.Currency}
}

func (r *reading) top(n int) []ProductRevenue {
	var all []ProductRevenue
	for id, p := range r.whole.Products {
		if p.Units > 0 {
			all = append(all, ProductRevenue{ProductID: id, Name: p.Name, Units: p.Units, Revenue: r.revenue(p.Totals)})
		}
	}
	slices.SortFunc(all, func(a, b ProductRevenue) int {
		return cmp.Or(cmp.Compare(b.Revenue.Amount, a.Revenue.Amount), cmp.Compare(a.ProductID, b.ProductID))
	})
	return all[:min(n, len(all))]
}
