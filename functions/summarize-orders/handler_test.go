package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/validation"
)

// summing is a call of Summarize.
type summing struct {
	from, to time.Time
	top      int
}

// sums are analytics. Calling a nil one panics, and so is answered as internal.
type sums func(summing) (order.Summary, error)

func (s sums) Summarize(_ context.Context, from, to time.Time, top int) (order.Summary, error) {
	return s(summing{from, to, top})
}

func gbp(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

func march(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

func TestSummarizeOrders(t *testing.T) {
	orders := sums(func(s summing) (order.Summary, error) {
		if want := (summing{march(1), march(31), 2}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return order.Summary{
			From: s.from, To: s.to, Orders: 2, Units: 4, Revenue: gbp(14701),
			Days: []order.Day{
				{Day: march(2), Orders: 1, Units: 1, Revenue: gbp(6401)}, {Day: march(14), Orders: 1, Units: 3, Revenue: gbp(8300)},
			},
			TopProducts: []order.ProductRevenue{
				{ProductID: "brass-desk-lamp", Name: "Brass desk lamp", Units: 2, Revenue: gbp(12801)},
				{ProductID: "linen-tea-towel", Name: "Linen tea towel", Units: 2, Revenue: gbp(1900)},
			},
		}, nil
	})
	httpapitest.Call(t, summarizeOrders(httpapitest.Guard(), orders), httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"from":"2026-03-01","to":"2026-03-31","currency":"GBP","orders":2,"units":4,
		"revenue":{"amount":14701,"currency":"GBP"},"average_order":{"amount":7351,"currency":"GBP"},
		"days":[
			{"day":"2026-03-02","orders":1,"units":1,"revenue":{"amount":6401,"currency":"GBP"}},
			{"day":"2026-03-14","orders":1,"units":3,"revenue":{"amount":8300,"currency":"GBP"}}],
		"top_products":[
			{"product_id":"brass-desk-lamp","name":"Brass desk lamp","units":2,"revenue":{"amount":12801,"currency":"GBP"}},
			{"product_id":"linen-tea-towel","name":"Linen tea towel","units":2,"revenue":{"amount":1900,"currency":"GBP"}}]}`})
}

func TestNothingSold(t *testing.T) {
	orders := sums(func(s summing) (order.Summary, error) {
		if want := (summing{march(1), march(1), 10}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return order.Summary{From: s.from, To: s.to, Revenue: gbp(0)}, nil
	})
	e := httpapitest.ReadEvent(t).WithQuery("from=2026-03-01&to=2026-03-01")
	httpapitest.Call(t, summarizeOrders(httpapitest.Guard(), orders), e).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"from":"2026-03-01","to":"2026-03-01","currency":"GBP","orders":0,"units":0,
		"revenue":{"amount":0,"currency":"GBP"},"average_order":{"amount":0,"currency":"GBP"},"days":[],"top_products":[]}`})
}

func TestBadQueries(t *testing.T) {
	const (
		day   = "must be a day such as 2011-09-30"
		top   = "must be a whole number from 1 to 100"
		whole = "from=2026-03-01&to=2026-03-31"
	)
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), summarizeOrders(httpapitest.Guard(), sums(nil)), map[string]httpapitest.Problem{
		"":                              httpapitest.FieldErrors("from", day),
		"to=2026-03-31":                 httpapitest.FieldErrors("from", day),
		"from=2026-03-01":               httpapitest.FieldErrors("to", day),
		"from=2026-3-1&to=2026-03-31":   httpapitest.FieldErrors("from", day),
		"from=2026-03-01&to=2026-02-29": httpapitest.FieldErrors("to", day),
		"from=2026-03-01T00:00:00Z&to=2026-03-31": httpapitest.FieldErrors("from", day),
		whole + "&from=2026-03-01":                httpapitest.FieldErrors("from", "is given more than once"),
		whole + "&top=0":                          httpapitest.FieldErrors("top", top),
		whole + "&top=101":                        httpapitest.FieldErrors("top", top),
		whole + "&top=":                           httpapitest.FieldErrors("top", top),
		whole + "&top=ten":                        httpapitest.FieldErrors("top", top),
	})
}

// TestImpossibleRanges runs on the domain itself, which refuses them before it asks its store anything: there is none.
func TestImpossibleRanges(t *testing.T) {
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), summarizeOrders(httpapitest.Guard(), &order.Analytics{Currency: "GBP"}), map[string]httpapitest.Problem{
		"from=2026-03-31&to=2026-03-30": httpapitest.FieldErrors("to", "must not be before from"),
		"from=2026-01-01&to=2026-04-03": httpapitest.FieldErrors("to", "must be at most 92 days from from, both counted"),
	})
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler {
			return summarizeOrders(httpapitest.Guard(), sums(func(summing) (order.Summary, error) { return order.Summary{}, err }))
		},
		httpapitest.Refusal{Err: validation.Errors{{Field: "to", Message: "no"}}, Problem: httpapitest.FieldErrors("to", "no")})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), func(g httpapi.Guard) httpapi.Handler { return summarizeOrders(g, sums(nil)) })
}
