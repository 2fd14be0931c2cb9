package main

import (
	"context"
	"time"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

// What a query gets that does not say how much it wants.
const (
	defaultTop  = 10
	defaultDays = 7
)

type orderSummarizer interface {
	// Today returns the day that it is in the shop.
	Today() time.Time
	// Summarize adds up the orders of the days from and to, both inclusive. It returns validation.Errors.
	Summarize(ctx context.Context, from, to time.Time, top int) (order.Summary, error)
}

type summary struct {
	From         string           `json:"from"`
	To           string           `json:"to"`
	TimeZone     string           `json:"time_zone"`
	Currency     string           `json:"currency"`
	Orders       int64            `json:"orders"`
	Units        int64            `json:"units"`
	Revenue      storeapi.Money   `json:"revenue"`
	AverageOrder *storeapi.Money  `json:"average_order,omitempty"`
	Others       []storeapi.Money `json:"other_revenue,omitempty"`
	CompleteTo   string           `json:"complete_until"`
	Days         []day            `json:"days"`
	TopProducts  []productRevenue `json:"top_products"`
}

type day struct {
	Day     string         `json:"day"`
	Orders  int64          `json:"orders"`
	Units   int64          `json:"units"`
	Revenue storeapi.Money `json:"revenue"`
}

type productRevenue struct {
	ProductID string         `json:"product_id"`
	Name      string         `json:"name"`
	Units     int64          `json:"units"`
	Revenue   storeapi.Money `json:"revenue"`
}

type handlers struct{ orders orderSummarizer }

// summarizeOrders serves GET /admin/orders/summary.
func summarizeOrders(g httpapi.Guard, orders orderSummarizer) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"GET /admin/orders/summary": handlers{orders}.summarize})
}

func (h handlers) summarize(ctx context.Context, _ user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	query, err := r.Query()
	if err != nil {
		return httpapi.Response{}, err
	}
	from, to, err := h.days(query)
	if err != nil {
		return httpapi.Response{}, err
	}
	top, err := query.Int("top", defaultTop, 1, order.MaxTopProducts)
	if err != nil {
		return httpapi.Response{}, err
	}
	s, err := h.orders.Summarize(ctx, from, to, int(top))
	if err != nil {
		return httpapi.Response{}, err
	}
	return httpapi.OK(summaryOf(s)), nil
}

// days returns the first and the last day that are asked for. The last one is today unless the query names one, and
// the first one is it or so many days before, both counted.
func (h handlers) days(query httpapi.Query) (from, to time.Time, err error) {
	to = h.orders.Today()
	if _, given := query["to"]; given {
		if to, err = query.Day("to"); err != nil {
			return from, to, err
		}
	}
	if _, given := query["from"]; !given {
		days, err := query.Int("days", defaultDays, 1, order.MaxSummaryDays)
		return to.AddDate(0, 0, 1-int(days)), to, err
	}
	if _, too := query["days"]; too {
		return from, to, validation.Errors{{Field: "days", Message: "does not go with from"}}
	}
	from, err = query.Day("from")
	return from, to, err
}

func summaryOf(s order.Summary) summary {
	out := summary{
		From: s.From.Format(time.DateOnly), To: s.To.Format(time.DateOnly), TimeZone: s.Zone,
		Currency: s.Revenue.Currency, Orders: s.Orders, Units: s.Units,
		Revenue: storeapi.Money(s.Revenue), CompleteTo: storeapi.Time(s.At.Add(-order.Settling)),
	}
	if average, there := s.Average(); there {
		out.AverageOrder = (*storeapi.Money)(&average)
	}
	for _, m := range s.Others {
		out.Others = append(out.Others, storeapi.Money(m))
	}
	for _, d := range s.Days {
		out.Days = append(out.Days, day{
			Day: d.Day.Format(time.DateOnly), Orders: d.Orders, Units: d.Units, Revenue: storeapi.Money(d.Revenue),
		})
	}
	for _, p := range s.TopProducts {
		out.TopProducts = append(out.TopProducts, productRevenue{
			ProductID: p.ProductID, Name: p.Name, Units: p.Units, Revenue: storeapi.Money(p.Revenue),
		})
	}
	return out
}
