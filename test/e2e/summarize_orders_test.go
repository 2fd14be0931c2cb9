package e2e

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func summaryOf(from caller, first, last string) call {
	return between(call{method: "GET", path: "/admin/orders/summary", from: from}, first, last)
}

// TestSummary compares the summary of today with the history of today, added
// up here without those cancelled. No other test of this package places orders meanwhile; should
// someone else, the two are read again.
func TestSummary(t *testing.T) {
	lamp, vase := newProduct(t, priced(333)), newProduct(t, priced(1_000_000))
	c := newCustomer(t)
	newOrder(t, c, some(lamp.ProductID, 2), some(vase.ProductID, 1))
	newest := newOrder(t, c, some(vase.ProductID, 3))
	ownOrders(t, c, 2)
	var differences []string
	for range 10 {
		if differences = summaryDifferences(t, newest); len(differences) == 0 {
			return
		}
	}
	t.Error(strings.Join(differences, "\n"))
}

// summaryDifferences compares the store's summaries of an order's day with
// ours, for several lengths of the list of products.
func summaryDifferences(t *testing.T, o order) []string {
	t.Helper()
	boss, today, tomorrow := admin(t), dayOf(t, o.PlacedAt, 0), dayOf(t, o.PlacedAt, 1)
	orders := allPages[order](t, between(history(boss), today+"T00:00:00Z", tomorrow+"T00:00:00Z"))
	orders = slices.DeleteFunc(orders,
		func(o order) bool { return o.Status == "cancelled" || o.Status == "cancelling" })
	var differences []string
	for top, limit := range map[string]int{"": 10, "1": 1, "2": 2, "3": 3} {
		list := summaryOf(boss, today, today)
		if top != "" {
			list = list.with("top", top)
		}
		got := settleTies(decode[summary](t, send(t, list).want(t, http.StatusOK)))
		if want := settleTies(addedUp(today, orders, limit)); !reflect.DeepEqual(got, want) {
			differences = append(differences, fmt.Sprintf("top %q: summary = %+v, want %+v", top, got, want))
		}
	}
	return differences
}

// TestSummaryOfTheLastDays: they end with today, whose orders the history has by the same day.
func TestSummaryOfTheLastDays(t *testing.T) {
	boss := admin(t)
	o := newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	today := dayOf(t, o.PlacedAt, 0)
	got := decode[summary](t, send(t, call{method: "GET", path: "/admin/orders/summary", from: boss}.with("days", "3")).
		want(t, http.StatusOK))
	if got.From != dayOf(t, o.PlacedAt, -2) || got.To != today || got.TimeZone != "UTC" {
		t.Errorf("got %s to %s in %s, want the three days up to %s", got.From, got.To, got.TimeZone, today)
	}
	of := between(history(boss), today, today).with("customer", o.UserID)
	if page := pageOf[order](t, of); len(page.Items) != 1 || page.Items[0].OrderID != o.OrderID {
		t.Errorf("the history of %s has %+v", today, page.Items)
	}
	send(t, summaryOf(boss, today, today).with("days", "3")).refused(t, http.StatusBadRequest, "invalid_request")
}

func dayOf(t *testing.T, instant string, later int) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC().AddDate(0, 0, later).Format(time.DateOnly)
}

// addedUp is the summary of one day's orders.
func addedUp(day string, orders []order, top int) summary {
	var units, revenue int64
	goods, isMixed := map[string]*productSales{}, false
	for _, o := range orders {
		if o.Total.Currency == currency { // browser tests sell in others, which is other_revenue
			revenue += o.Total.Amount
		} else {
			isMixed = true
		}
		for _, item := range o.Items {
			units += item.Quantity
			if goods[item.ProductID] == nil {
				goods[item.ProductID] = &productSales{ProductID: item.ProductID, Revenue: pounds(0)}
			}
			goods[item.ProductID].Units += item.Quantity
			if o.Total.Currency == currency {
				goods[item.ProductID].Revenue.Amount += item.LineTotal.Amount
			}
		}
	}
	n := int64(len(orders))
	s := summary{
		From: day, To: day, TimeZone: "UTC", Currency: currency, Orders: n, Units: units, Revenue: pounds(revenue),
		Days:        []daySales{{Day: day, Orders: n, Units: units, Revenue: pounds(revenue)}},
		TopProducts: best(goods, top),
	}
	if !isMixed {
		s.AverageOrder = pounds((2*revenue + n) / (2 * n)) // half up
	}
	return s
}

func best(goods map[string]*productSales, top int) []productSales {
	var sorted []productSales
	for _, g := range goods {
		sorted = append(sorted, *g)
	}
	slices.SortFunc(sorted, func(a, b productSales) int { return cmp.Compare(b.Revenue.Amount, a.Revenue.Amount) })
	return sorted[:min(top, len(sorted))]
}

// settleTies leaves of the top products what is sure: which of two with the
// same revenue comes first is open, and so is the name of one renamed.
func settleTies(s summary) summary {
	s.TopProducts, s.CompleteUntil = slices.Clone(s.TopProducts), ""
	for i := range s.TopProducts {
		p := &s.TopProducts[i]
		p.ProductID, p.Name, p.Units = "", "", 0
	}
	return s
}

// TestSummaryNamesTheTopProduct: one product outsells all others by far.
func TestSummaryNamesTheTopProduct(t *testing.T) {
	c, p := newCustomer(t), newProduct(t, priced(100_000_000_000+time.Now().UnixMilli()%1_000_000))
	o := newOrder(t, c, some(p.ProductID, 9))
	ownOrders(t, c, 1)
	today := dayOf(t, o.PlacedAt, 0)
	got := decode[summary](t, send(t, summaryOf(admin(t), today, today).with("top", "100")).want(t, http.StatusOK))
	want := productSales{ProductID: p.ProductID, Name: p.Name, Units: 9, Revenue: pounds(9 * p.Price.Amount)}
	if !slices.Contains(got.TopProducts, want) {
		t.Errorf("top products = %+v, want %+v among them", got.TopProducts, want)
	}
	if !slices.IsSortedFunc(got.TopProducts,
		func(a, b productSales) int { return cmp.Compare(b.Revenue.Amount, a.Revenue.Amount) }) {
		t.Errorf("top products = %+v, want them by revenue", got.TopProducts)
	}
}
