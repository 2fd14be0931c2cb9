package order

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/validation"
)

// feed is orders. It breaks off after some of them when it fails.
type feed struct {
	orders []Order
	fails  error
	asked  []string
	firsts int
}

func (f *feed) Each(_ context.Context, from, to time.Time, visit func(Order)) error {
	f.asked = append(f.asked, "each "+from.Format(time.RFC3339Nano)+" "+to.Format(time.RFC3339Nano))
	for _, o := range f.orders {
		if !o.PlacedAt.Before(from) && o.PlacedAt.Before(to) {
			visit(o)
		}
	}
	return f.fails
}

// First does not count as a question of a summary.
func (f *feed) First(_ context.Context, from time.Time) (time.Time, bool, error) {
	f.firsts++
	var first time.Time
	for _, o := range f.orders {
		if !o.PlacedAt.Before(from) && (first.IsZero() || o.PlacedAt.Before(first)) {
			first = o.PlacedAt
		}
	}
	return first, !first.IsZero(), f.fails
}

func noTime() time.Time { return time.Time{} }

func (f *feed) summarize(from, to time.Time, top int) (Summary, error) {
	return f.summarizeIn(time.UTC, from, to, top)
}

func (f *feed) summarizeIn(zone *time.Location, from, to time.Time, top int) (Summary, error) {
	a := &Analytics{Feed: f, Sales: newSalesTable(nil), Currency: "GBP", Zone: zone, Now: noTime}
	return a.Summarize(context.Background(), from, to, top)
}

func day(month time.Month, day int) time.Time {
	return time.Date(2011, month, day, 0, 0, 0, 0, time.UTC)
}

// placed is an order of these lines at the time.
func placed(at time.Time, lines ...Line) Order {
	o := Order{PlacedAt: at, Lines: lines, Total: pounds(0)}
	for _, line := range lines {
		o.Total = o.Total.Plus(line.Total())
	}
	return o
}

func line(id string, amount, quantity int64) Line {
	return Line{ProductID: id, Name: "a " + id, UnitPrice: pounds(amount), Quantity: quantity}
}

func TestSummarize(t *testing.T) {
	first, last := day(time.September, 29), day(time.October, 1)
	f := &feed{orders: []Order{
		placed(last.Add(24*time.Hour-time.Millisecond), line("BOX", 100, 5)),
		placed(first.Add(-time.Millisecond), line("LAMP", 339, 100)),
		placed(first, line("LAMP", 339, 3), line("BOX", 100, 1)),
		placed(last.Add(24*time.Hour), line("LAMP", 339, 1000)),
		placed(first.Add(24*time.Hour-time.Millisecond), line("LAMP", 300, 1)),
		placed(last, line("CUP", 0, 7)),
	}}
	got, err := f.summarize(first, last, 10)
	want := Summary{
		From: first, To: last, Zone: "UTC", Orders: 4, Units: 17, Revenue: pounds(1917),
		Days: []Day{
			{Day: first, Orders: 2, Units: 5, Revenue: pounds(1417)},
			{Day: last, Orders: 2, Units: 12, Revenue: pounds(500)},
		},
		TopProducts: []ProductRevenue{
			{ProductID: "LAMP", Name: "a LAMP", Units: 4, Revenue: pounds(1317)},
			{ProductID: "BOX", Name: "a BOX", Units: 6, Revenue: pounds(600)},
			{ProductID: "CUP", Name: "a CUP", Units: 7, Revenue: pounds(0)},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	if asked := []string{"each 2011-09-29T00:00:00Z 2011-10-02T00:00:00Z"}; !slices.Equal(f.asked, asked) {
		t.Errorf("asked the feed for %q, want %q", f.asked, asked)
	}
}

// TestSummarizeDaysOfTheShop: an order counts on the day that it was in the shop, also on those of 23 and 25 hours.
func TestSummarizeDaysOfTheShop(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		day, first, end string
	}{
		"25 hours": {"2026-10-25", "2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z"},
		"23 hours": {"2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T23:00:00Z"},
	} {
		at, first, end := instant(t, c.day+"T00:00:00Z"), instant(t, c.first), instant(t, c.end)
		f := &feed{orders: []Order{
			placed(first.Add(-time.Millisecond), line("A", 1, 1)), placed(first, line("A", 10, 1)),
			placed(end.Add(-time.Millisecond), line("A", 100, 1)), placed(end, line("A", 1000, 1)),
		}}
		got, err := f.summarizeIn(london, at.AddDate(0, 0, -1), at.AddDate(0, 0, 1), 1)
		var days []string
		for _, d := range got.Days {
			days = append(days, fmt.Sprint(d.Day.Format(time.DateOnly), " ", d.Revenue.Amount))
		}
		want := []string{
			at.AddDate(0, 0, -1).Format(time.DateOnly) + " 1", c.day + " 110",
			at.AddDate(0, 0, 1).Format(time.DateOnly) + " 1000",
		}
		if err != nil || !slices.Equal(days, want) {
			t.Errorf("%s: got %v and error %v, want %v", name, days, err, want)
		}
	}
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestToday: it begins in the shop at another instant than in UTC.
func TestToday(t *testing.T) {
	for zone, want := range map[string]string{
		"UTC": "2026-03-10", "Pacific/Auckland": "2026-03-11", "America/Lima": "2026-03-10",
	} {
		in, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		a := &Analytics{Zone: in, Now: func() time.Time { return instant(t, "2026-03-10T11:30:00Z") }}
		if got := a.Today().Format(time.DateOnly); got != want {
			t.Errorf("%s: got %s, want %s", zone, got, want)
		}
	}
}

func TestSummarizeNothing(t *testing.T) {
	first := day(time.March, 1)
	got, err := (&feed{}).summarize(first, first, 10)
	want := Summary{From: first, To: first, Zone: "UTC", Revenue: pounds(0)}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	if average, there := got.Average(); !there || average != pounds(0) {
		t.Errorf("got the average %v, %v, want 0", average, there)
	}
}

func TestSummarizeTop(t *testing.T) {
	f := &feed{orders: []Order{
		placed(day(time.March, 1),
			line("D", 10, 1), line("C", 5, 2), line("B", 1, 10), line("A", 9, 1), line("E", 11, 1)),
	}}
	all := []string{"E", "B", "C", "D", "A"}
	for top, want := range map[int][]string{1: all[:1], 2: all[:2], 4: all[:4], 5: all, 100: all} {
		s, err := f.summarize(day(time.March, 1), day(time.March, 1), top)
		var got []string
		for _, p := range s.TopProducts {
			got = append(got, p.ProductID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("top %d: got %v and error %v, want %v", top, got, err, want)
		}
	}
}

// TestSummarizeNamesAsSoldLast, whatever the order in which the orders come.
func TestSummarizeNamesAsSoldLast(t *testing.T) {
	var orders []Order
	for i, name := range []string{"Lamp", "Lantern", "Light"} {
		at := day(time.March, 1).Add(time.Duration(i) * time.Millisecond)
		orders = append(orders, placed(at, Line{ProductID: "LAMP", Name: name, UnitPrice: pounds(1), Quantity: 1}))
	}
	want := ProductRevenue{ProductID: "LAMP", Name: "Light", Units: 3, Revenue: pounds(3)}
	for _, by := range [][3]int{{0, 1, 2}, {2, 0, 1}, {1, 2, 0}} {
		f := &feed{orders: []Order{orders[by[0]], orders[by[1]], orders[by[2]]}}
		s, err := f.summarize(day(time.March, 1), day(time.March, 1), 1)
		if err != nil || s.TopProducts[0] != want {
			t.Errorf("got %+v and error %v, want %+v", s.TopProducts, err, want)
		}
	}
}

func TestSummarizeRange(t *testing.T) {
	from := day(time.January, 1)
	for name, c := range map[string]struct {
		to   time.Time
		top  int
		want string // the field
	}{
		"one day":      {from, 1, ""},
		"366 days":     {from.AddDate(0, 0, 365), 1, ""},
		"367 days":     {from.AddDate(0, 0, 366), 1, "to"},
		"reversed":     {from.AddDate(0, 0, -1), 1, "to"},
		"far":          {time.Date(9998, 12, 31, 0, 0, 0, 0, time.UTC), 1, "to"},
		"far reversed": {time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), 1, "to"},
		"top 100":      {from, 100, ""},
		"top 101":      {from, 101, "top"},
		"top 0":        {from, 0, "top"},
		"top -1":       {from, -1, "top"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &feed{}
			_, err := f.summarize(from, c.to, c.top)
			var problems validation.Errors
			if c.want == "" {
				if err != nil {
					t.Errorf("got error %v, want none", err)
				}
			} else if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Field != c.want ||
				len(f.asked) != 0 {
				t.Errorf("got error %v after %q, want one about %s at once", err, f.asked, c.want)
			}
		})
	}
}

// TestSummarizeFails: half a sum is no sum.
func TestSummarizeFails(t *testing.T) {
	f := &feed{orders: []Order{placed(day(time.March, 1), line("LAMP", 339, 1))}, fails: errDown}
	got, err := f.summarize(day(time.March, 1), day(time.March, 1), 10)
	if !errors.Is(err, errDown) || !reflect.DeepEqual(got, Summary{}) {
		t.Errorf("got %+v and error %v, want %v alone", got, err, errDown)
	}
}

func TestAverageRoundsHalfUp(t *testing.T) {
	for _, c := range []struct{ revenue, orders, want int64 }{
		{0, 0, 0}, {0, 3, 0}, {100, 1, 100}, {99, 2, 50}, {101, 2, 51}, {100, 3, 33}, {200, 3, 67}, {1, 3, 0},
		{1, 2, 1}, {1, 1000, 0}, {500, 1000, 1}, {499, 1000, 0},
		{1_000_000_000_000, 1, 1_000_000_000_000}, {3_000_000_000_000_000_001, 2, 1_500_000_000_000_000_001},
	} {
		got, _ := Summary{Orders: c.orders, Revenue: pounds(c.revenue)}.Average()
		if got != pounds(c.want) {
			t.Errorf("%d of %d: got %v, want %d", c.revenue, c.orders, got.Amount, c.want)
		}
	}
}

// someOrders draws orders of four days from from on and a minute before, in any time zone.
func someOrders(t *rapid.T, from time.Time) []Order {
	lines := rapid.Custom(func(t *rapid.T) Line {
		return line(rapid.SampledFrom([]string{"A", "B", "C", "D"}).Draw(t, "product"),
			rapid.Int64Range(0, 5).Draw(t, "price"), rapid.Int64Range(1, 9).Draw(t, "quantity"))
	})
	productOf := func(l Line) string { return l.ProductID }
	one := rapid.Custom(func(t *rapid.T) Order {
		at := from.Add(time.Duration(rapid.Int64Range(-1, 4*24*60).Draw(t, "minute")) * time.Minute)
		zone := time.FixedZone("somewhere", rapid.IntRange(-14, 14).Draw(t, "offset")*3600)
		return placed(at.In(zone), rapid.SliceOfNDistinct(lines, 1, 4, productOf).Draw(t, "lines")...)
	})
	return rapid.SliceOfN(one, 0, 20).Draw(t, "orders")
}

// TestSummaryLaws: the sums are those of the orders, of the days and of the products, each order counts on its own day,
// and the order in which the orders come changes nothing.
func TestSummaryLaws(t *testing.T) {
	from := day(time.March, 1)
	to := from.AddDate(0, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		orders := someOrders(t, from)
		s, err := (&feed{orders: orders}).summarize(from, to, MaxTopProducts)
		if err != nil {
			t.Fatal(err)
		}
		within := slices.DeleteFunc(slices.Clone(orders), func(o Order) bool {
			return o.PlacedAt.Before(from) || !o.PlacedAt.Before(to.AddDate(0, 0, 1))
		})
		wantSums(t, s, within)
		wantDays(t, s, within)
		wantProducts(t, s)
		shuffled := &feed{orders: rapid.Permutation(orders).Draw(t, "another order")}
		again, err := shuffled.summarize(from, to, MaxTopProducts)
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Fatalf("in another order: got %+v and error %v, want %+v", again, err, s)
		}
	})
}

func wantSums(t *rapid.T, s Summary, of []Order) {
	units, revenue := int64(0), pounds(0)
	for _, o := range of {
		revenue = revenue.Plus(o.Total)
		for _, l := range o.Lines {
			units += l.Quantity
		}
	}
	if s.Orders != int64(len(of)) || s.Units != units || s.Revenue != revenue {
		t.Fatalf("got %+v, want %d orders of %d units and %v", s, len(of), units, revenue)
	}
}

func wantDays(t *rapid.T, s Summary, of []Order) {
	byDay := map[string]money.Money{}
	for _, o := range of {
		key := o.PlacedAt.UTC().Format(time.DateOnly)
		byDay[key] = pounds(byDay[key].Amount + o.Total.Amount)
	}
	orders, units, revenue, got := int64(0), int64(0), pounds(0), map[string]money.Money{}
	for _, d := range s.Days {
		orders, units, revenue = orders+d.Orders, units+d.Units, revenue.Plus(d.Revenue)
		got[d.Day.Format(time.DateOnly)] = d.Revenue
		if d.Orders == 0 || d.Day != d.Day.Truncate(24*time.Hour) || d.Day.Location() != time.UTC {
			t.Fatalf("got the day %+v, want one with orders at midnight UTC", d)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(byDay) || orders != s.Orders || units != s.Units || revenue != s.Revenue {
		t.Fatalf("got the days %v, %d orders, %d units and %v, want %v and the sums of %+v",
			got, orders, units, revenue, byDay, s)
	}
	if !slices.IsSortedFunc(s.Days, func(a, b Day) int { return a.Day.Compare(b.Day) }) {
		t.Fatalf("got the days %+v, want the oldest first", s.Days)
	}
}

func wantProducts(t *rapid.T, s Summary) {
	units, revenue := int64(0), pounds(0)
	for _, p := range s.TopProducts {
		units, revenue = units+p.Units, revenue.Plus(p.Revenue)
	}
	if units != s.Units || revenue != s.Revenue {
		t.Fatalf("got %d units and %v by product, want %d and %v", units, revenue, s.Units, s.Revenue)
	}
	byRevenue := func(a, b ProductRevenue) int {
		return cmp.Or(-cmp.Compare(a.Revenue.Amount, b.Revenue.Amount), cmp.Compare(a.ProductID, b.ProductID))
	}
	if !slices.IsSortedFunc(s.TopProducts, byRevenue) {
		t.Fatalf("got %+v, want the most revenue first, and by id where it is the same", s.TopProducts)
	}
}
