package order

import (
	"context"
	"fmt"
	"time"

	"shop/internal/calendar"
	"shop/internal/money"
	"shop/internal/validation"
)

// Limits of a summary.
const (
	MaxSummaryDays = 366
	MaxTopProducts = 100
)

// Feed is all orders.
type Feed interface {
	// Each calls visit for each order placed from from (inclusive) to to (exclusive), in no particular order, never
	// twice at once.
	Each(ctx context.Context, from, to time.Time, visit func(Order)) error
	// First returns when the first order from from on was placed, and whether there is one.
	First(ctx context.Context, from time.Time) (time.Time, bool, error)
}

// Summary is what was sold in a range of days of the shop.
type Summary struct {
	From, To    time.Time        // the first and the last day
	Zone        string           // of the days
	Orders      int64            // in all currencies
	Units       int64            // in all currencies
	Revenue     money.Money      // in the store's currency
	Others      []money.Money    // in others, which the store sold in before
	At          time.Time        // when the newest orders were read
	Days        []Day            // oldest first; days without an order are left out
	TopProducts []ProductRevenue // by revenue, most first
}

// Average returns the revenue an order, rounded half up; zero without orders. Where orders of other currencies are
// among them there is none.
func (s Summary) Average() (average money.Money, there bool) {
	switch {
	case len(s.Others) > 0:
		return money.Money{}, false
	case s.Orders == 0:
		return money.Money{Currency: s.Revenue.Currency}, true
	}
	return money.Money{Amount: (2*s.Revenue.Amount + s.Orders) / (2 * s.Orders), Currency: s.Revenue.Currency}, true
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

// Analytics summarises the order history: by what is counted of days and months, and by the orders placed since.
type Analytics struct {
	Feed     Feed
	Sales    SalesStore
	Currency string
	Zone     *time.Location // of the shop's days
	Now      func() time.Time
}

// Today returns the day that it is in the shop.
func (a *Analytics) Today() time.Time { return calendar.Of(a.Now(), a.Zone) }

// Summarize adds up the sales of the days from from to to, both inclusive, with the top products, 1 to MaxTopProducts.
// It returns validation.Errors.
func (a *Analytics) Summarize(ctx context.Context, from, to time.Time, top int) (Summary, error) {
	if err := checkSummary(from, to, top); err != nil {
		return Summary{}, err
	}
	counted, err := a.Sales.Counted(ctx)
	if err != nil {
		return Summary{}, fmt.Errorf("reading how far orders are counted: %w", err)
	}
	r, err := a.reading(counted)
	if err != nil {
		return Summary{}, err
	}
	if err := r.stored(ctx, from, to); err != nil {
		return Summary{}, fmt.Errorf("reading sales: %w", err)
	}
	r.at = a.Now()
	if err := r.rest(ctx, from, to); err != nil {
		return Summary{}, fmt.Errorf("summarising orders: %w", err)
	}
	return r.summary(from, to, top), nil
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
