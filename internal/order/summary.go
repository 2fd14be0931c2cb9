package order

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"shop/internal/calendar"
	"shop/internal/money"
	"shop/internal/validation"
)

// Limits of a summary.
const (
	MaxSummaryDays = 92
	MaxTopProducts = 100
)

// Feed is all orders.
type Feed interface {
	// Each calls visit for each order placed from from (inclusive) to to (exclusive), in no particular order, never
	// twice at once.
	Each(ctx context.Context, from, to time.Time, visit func(Order)) error
}

// Summary is what was sold in a range of days of the shop.
type Summary struct {
	From, To    time.Time // the first and the last day
	Zone        string    // of the days
	Orders      int64
	Units       int64
	Revenue     money.Money
	Days        []Day            // oldest first; days without an order are left out
	TopProducts []ProductRevenue // by revenue, most first
}

// Average returns the revenue an order, rounded half up; zero without orders.
func (s Summary) Average() money.Money {
	if s.Orders == 0 {
		return money.Money{Currency: s.Revenue.Currency}
	}
	return money.Money{Amount: (2*s.Revenue.Amount + s.Orders) / (2 * s.Orders), Currency: s.Revenue.Currency}
}

// Day is what was sold on one day.
type Day struct {
	Day     time.Time
	Orders  int64
	Units   int64
	Revenue money.Money
}

// ProductRevenue is what one product sold.
type ProductRevenue struct {
	ProductID string
	Name      string // as it was sold last
	Units     int64
	Revenue   money.Money
}

// Analytics summarises the order history.
type Analytics struct {
	Feed     Feed
	Currency string
	Zone     *time.Location // of the shop's days
	Now      func() time.Time
}

// Today returns the day that it is in the shop.
func (a *Analytics) Today() time.Time { return calendar.Of(a.Now(), a.Zone) }

// Summarize adds up the sales of the days from to to, both inclusive, with the top products, 1 to MaxTopProducts. It
// returns validation.Errors.
func (a *Analytics) Summarize(ctx context.Context, from, to time.Time, top int) (Summary, error) {
	if err := checkSummary(from, to, top); err != nil {
		return Summary{}, err
	}
	t := tally{currency: a.Currency, zone: a.Zone, days: map[time.Time]*Day{}, products: map[string]*soldProduct{}}
	first, end := calendar.Start(from, a.Zone), calendar.Start(calendar.Next(to), a.Zone)
	if err := a.Feed.Each(ctx, first, end, t.add); err != nil {
		return Summary{}, fmt.Errorf("summarising orders: %w", err)
	}
	return t.summary(from, to, top), nil
}

func checkSummary(from, to time.Time, top int) error {
	var problems validation.Errors
	if to.Before(from) {
		problems.Add("to", "must not be before from")
	}
	if to.Sub(from) >= MaxSummaryDays*24*time.Hour {
		problems.Add("to", "must be at most %d days from from, both counted", MaxSummaryDays)
	}
	problems.Int("top", int64(top), 1, MaxTopProducts)
	return problems.Err()
}

// tally adds orders up.
type tally struct {
	currency string
	zone     *time.Location
	last     time.Time // the day of the last order, and when it begins and ends
	from, to time.Time
	days     map[time.Time]*Day
	products map[string]*soldProduct
}

type soldProduct struct {
	ProductRevenue
	lastSold time.Time
}

// add passes over what was cancelled: it is no sale.
func (t *tally) add(o Order) {
	if !o.Status.IsSale() {
		return
	}
	at := t.dayOf(o.PlacedAt)
	day := t.days[at]
	if day == nil {
		day = &Day{Day: at, Revenue: money.Money{Currency: t.currency}}
		t.days[at] = day
	}
	day.Orders++
	day.Revenue = day.Revenue.Plus(o.Total)
	for _, line := range o.Lines {
		day.Units += line.Quantity
		t.addLine(line, o.PlacedAt)
	}
}

// dayOf asks the calendar only where the order before was of another day.
func (t *tally) dayOf(placedAt time.Time) time.Time {
	if placedAt.Before(t.from) || !placedAt.Before(t.to) {
		t.last = calendar.Of(placedAt, t.zone)
		t.from, t.to = calendar.Start(t.last, t.zone), calendar.Start(calendar.Next(t.last), t.zone)
	}
	return t.last
}

func (t *tally) addLine(line Line, placedAt time.Time) {
	p := t.products[line.ProductID]
	if p == nil {
		none := money.Money{Currency: t.currency}
		p = &soldProduct{ProductRevenue: ProductRevenue{ProductID: line.ProductID, Revenue: none}}
		t.products[line.ProductID] = p
	}
	p.Units += line.Quantity
	p.Revenue = p.Revenue.Plus(line.Total())
	if !placedAt.Before(p.lastSold) {
		p.lastSold, p.Name = placedAt, line.Name
	}
}

func (t *tally) summary(from, to time.Time, top int) Summary {
	s := Summary{
		From: from, To: to, Zone: t.zone.String(), Revenue: money.Money{Currency: t.currency}, TopProducts: t.top(top),
	}
	for _, at := range slices.SortedFunc(maps.Keys(t.days), time.Time.Compare) {
		day := *t.days[at]
		s.Days = append(s.Days, day)
		s.Orders += day.Orders
		s.Units += day.Units
		s.Revenue = s.Revenue.Plus(day.Revenue)
	}
	return s
}

func (t *tally) top(n int) []ProductRevenue {
	var all []ProductRevenue
	for _, p := range t.products {
		all = append(all, p.ProductRevenue)
	}
	slices.SortFunc(all, func(a, b ProductRevenue) int {
		return cmp.Or(cmp.Compare(b.Revenue.Amount, a.Revenue.Amount), cmp.Compare(a.ProductID, b.ProductID))
	})
	return all[:min(n, len(all))]
}
