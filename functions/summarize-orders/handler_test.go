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

// Today is 9 March.
func (s sums) Today() time.Time { return march(9) }

func gbp(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

func march(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }

func TestSummarizeOrders(t *testing.T) {
	orders := sums(func(s summing) (order.Summary, error) {
		if want := (summing{march(1), march(31), 2}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return order.Summary{
			From: s.from, To: s.to, Zone: "Europe/London", Orders: 2, Units: 4, Revenue: gbp(14701),
			Others: []money.Money{{Amount: 5, Currency: "EUR"}}, At: march(32),
			Days: []order.Day{
				{Day: march(2), Orders: 1, Units: 1, Revenue: gbp(6401)},
				{Day: march(14), Orders: 1, Units: 3, Revenue: gbp(8300)},
			},
			TopProducts: []order.ProductRevenue{
				{ProductID: "brass-desk-lamp", Name: "Brass desk lamp", Units: 2, Revenue: gbp(12801)},
				{ProductID: "linen-tea-towel", Name: "Linen tea towel", Units: 2, Revenue: gbp(1900)},
			},
		}, nil
	})
	httpapitest.Call(t, summarizeOrders(httpapitest.Guard(), orders), httpapitest.ReadEvent(t)).
		Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"from":"2026-03-01","to":"2026-03-31","time_zone":"Europe/London","currency":"GBP","orders":2,"units":4,
		"revenue":{"amount":14701,"currency":"GBP"},
		"other_revenue":[{"amount":5,"currency":"EUR"}],"complete_until":"2026-03-31T23:59:00.000Z","days":[
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
		return order.Summary{From: s.from, To: s.to, Zone: "Europe/London", Revenue: gbp(0), At: march(32)}, nil
	})
	e := httpapitest.ReadEvent(t).WithQuery("from=2026-03-01&to=2026-03-01")
	httpapitest.Call(t, summarizeOrders(httpapitest.Guard(), orders), e).
		Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"from":"2026-03-01","to":"2026-03-01","time_zone":"Europe/London","currency":"GBP","orders":0,"units":0,
		"revenue":{"amount":0,"currency":"GBP"},"average_order":{"amount":0,"currency":"GBP"},
		"complete_until":"2026-03-31T23:59:00.000Z","days":[],"top_products":[]}`})
}

// TestDays: the last one is today unless another one is named, and there are seven unless a query says how many.
func TestDays(t *testing.T) {
	for query, want := range map[string]summing{
		"":                              {march(3), march(9), 10},
		"days=2":                        {march(8), march(9), 10},
		"days=1&to=2026-03-05&top=1":    {march(5), march(5), 1},
		"from=2026-03-05":               {march(5), march(9), 10},
		"from=2026-03-05&to=2026-03-07": {march(5), march(7), 10},
	} {
		var got summing
		orders := sums(func(s summing) (order.Summary, error) {
			got = s
			return order.Summary{From: s.from, To: s.to, Zone: "UTC", Revenue: gbp(0)}, nil
		})
		h := summarizeOrders(httpapitest.Guard(), orders)
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithQuery(query))
		if got != want {
			t.Errorf("%s: got %+v, want %+v", query, got, want)
		}
	}
}

func TestBadQueries(t *testing.T) {
	const whole = "from=2026-03-01&to=2026-03-31"
	h := summarizeOrders(httpapitest.Guard(), sums(nil))
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), h, map[string]httpapitest.Problem{
		"from=2026-03-32":  httpapitest.FieldErrors("from", "must be a day such as 2011-09-30"),
		"to=today":         httpapitest.FieldErrors("to", "must be a day such as 2011-09-30"),
		"days=0":           httpapitest.FieldErrors("days", "must be a whole number from 1 to 366"),
		whole + "&days=2":  httpapitest.FieldErrors("days", "does not go with from"),
		whole + "&top=0":   httpapitest.FieldErrors("top", "must be a whole number from 1 to 100"),
		whole + "&top=101": httpapitest.FieldErrors("top", "must be a whole number from 1 to 100"),
	})
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return summarizeOrders(httpapitest.Guard(),
			sums(func(summing) (order.Summary, error) { return order.Summary{}, err }))
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), summarizeOrders(httpapitest.Guard(), sums(nil)))
}
