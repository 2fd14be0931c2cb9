package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/order"
	"shop/test/awsfault"
)

// salesDesk counts a shop's sales by the days of London.
type salesDesk struct {
	*shop
	zone *time.Location
	now  time.Time
}

func openDesk(t *testing.T) *salesDesk {
	s := open(t)
	s.hurry()
	london, err := time.LoadLocation("Europe/London")
	s.must(err)
	return &salesDesk{s, london, opened}
}

func (d *salesDesk) sales() *SalesByDay {
	return &SalesByDay{Client: d.client, SalesByDay: d.tables.Name("SalesByDay"), Orders: d.tables.Name("Orders")}
}

func (d *salesDesk) counter() *order.Counter {
	now := d.now
	return &order.Counter{
		Feed: d.orderHistory(), Sales: d.sales(), Zone: d.zone, Now: func() time.Time { return now },
		Most: 6 * time.Hour,
	}
}

func (d *salesDesk) count() order.CountProgress {
	d.t.Helper()
	done, err := d.counter().Run(d.t.Context(), d.now.Add(time.Hour))
	d.must(err)
	return done
}

func (d *salesDesk) place(key string, at time.Time, lines ...order.Line) order.Order {
	d.t.Helper()
	o := newOrder(cat.UserID, key, at, lines...)
	d.must(d.checkout().Place(d.t.Context(), o))
	return o
}

func (d *salesDesk) cancel(o order.Order) {
	d.t.Helper()
	_, _, err := d.progressOver(nil).Cancel(d.t.Context(), cat, o.ID)
	d.must(err)
}

// figures is a summary as text, without the time and the zone.
func (d *salesDesk) figures(from, to time.Time, sales order.SalesStore) string {
	d.t.Helper()
	a := &order.Analytics{
		Feed: d.orderHistory(), Sales: sales, Currency: "GBP", Zone: d.zone, Now: func() time.Time { return d.now },
	}
	s, err := a.Summarize(d.t.Context(), from, to, 100)
	d.must(err)
	return fmt.Sprint(s.Orders, s.Units, s.Revenue, s.Others, s.Days, s.TopProducts)
}

// wantPlain compares what is counted, with what is not yet, with the orders alone; a recount changes nothing, and only
// pages that are valid are left.
func (d *salesDesk) wantPlain() {
	d.t.Helper()
	from, to := opened.Truncate(24*time.Hour).AddDate(0, 0, -1), d.now.Truncate(24*time.Hour)
	if got, want := d.figures(from, to, d.sales()), d.figures(from, to, nothingCounted{d.sales()}); got != want {
		d.t.Errorf("got  %s\nwant %s", got, want)
	}
	differs := func(v order.SalesDifference) { d.t.Errorf("%s: %s", v.Name, v) }
	_, err := d.counter().Recount(d.t.Context(), true, differs)
	d.must(err)
}

// storedPages returns how many pages of products are stored, and how many are valid.
func (d *salesDesk) storedPages() (stored, valid int) {
	d.t.Helper()
	all := &dynamodb.ScanInput{TableName: aws.String(d.tables.Name("SalesByDay"))}
	out, err := d.tables.Client(nil).Scan(d.t.Context(), all)
	d.must(err)
	for _, item := range out.Items {
		r := reader{item: item}
		if r.has("products") {
			stored++
		} else if r.has("pages") {
			valid += int(r.number("pages"))
		}
	}
	return stored, valid
}

// TestSalesAreThoseOfTheOrders over a month's end and a day of 23 hours, with orders of every shard, orders cancelled
// before and after they are counted and after their day and month are closed, and answers that are lost.
func TestSalesAreThoseOfTheOrders(t *testing.T) {
	d := openDesk(t)
	for _, id := range []string{"a", "b", "c"} {
		d.addProduct(id, 100, 1000)
	}
	var placed []order.Order
	begun := time.Date(2026, 3, 28, 21, 0, 0, 0, time.UTC) // 29 March has 23 hours
	for i := range 24 {
		at := begun.Add(time.Duration(i) * 251 * time.Minute)
		other := line([]string{"b", "c"}[i%2], 100, int64(1+i%3))
		placed = append(placed, d.place(fmt.Sprint("k", i), at, line("a", 100, 1), other))
	}
	d.cancel(placed[0])
	for i, o := range placed {
		d.now = o.PlacedAt.Add(30 * time.Minute)
		if i%4 == 1 {
			d.cancel(o)
		}
		d.faults.On("TransactWriteItems", awsfault.Lost)
		d.count()
	}
	d.now = d.now.AddDate(0, 0, 3)
	d.count()
	d.wantPlain()
	for _, i := range []int{2, 12, 23} { // of closed days, and of a closed month
		d.cancel(placed[i])
	}
	if done := d.count(); done.Corrected != 3 {
		t.Errorf("corrected %d, want 3", done.Corrected)
	}
	d.wantPlain()
	if stored, valid := d.storedPages(); stored != valid || valid == 0 {
		t.Errorf("%d pages are stored, of which %d are valid", stored, valid)
	}
	for _, o := range placed {
		if item := d.item("Orders", orderKey(o.ID)); item["correction"] != nil {
			t.Errorf("%s still waits", o.ID)
		}
	}
}

// nothingCounted is a store in which nothing was ever counted.
type nothingCounted struct{ *SalesByDay }

func (nothingCounted) Counted(context.Context) (order.Counted, error) { return order.Counted{}, nil }

// TestSeveralCountAtOnce: the schedule calls a function again while the last one goes on, and an operator rebuilds.
func TestSeveralCountAtOnce(t *testing.T) {
	d := openDesk(t)
	d.addProduct("a", 100, 1000)
	var placed []order.Order
	for i := range 24 {
		at := opened.Add(time.Duration(i) * 3 * time.Hour)
		placed = append(placed, d.place(fmt.Sprint("k", i), at, line("a", 100, 1)))
	}
	for i := range 6 {
		d.cancel(placed[4*i])
	}
	d.now = opened.AddDate(0, 0, 5)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 6 {
				_, err := d.counter().Run(t.Context(), d.now.Add(time.Hour))
				if err != nil && !errors.Is(err, order.ErrSalesMoved) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	d.count()
	d.wantPlain()
	if stored, valid := d.storedPages(); stored != valid {
		t.Errorf("%d pages are stored, of which %d are valid", stored, valid)
	}
}

// TestNoItemOfSalesGrowsWithoutEnd: a day of many products is stored in pages, each of which DynamoDB takes.
func TestNoItemOfSalesGrowsWithoutEnd(t *testing.T) {
	d := openDesk(t)
	sold := order.NewSales()
	for i := range 1500 {
		l := line(fmt.Sprintf("p%05d", i), 5, 2)
		l.Name = strings.Repeat("ü", 200)
		sold.Add(order.Order{Lines: []order.Line{l}, Total: l.Total(), PlacedAt: opened})
	}
	day := opened.Truncate(24 * time.Hour)
	c, err := d.sales().Reset(t.Context(), order.Counted{}, "UTC", day)
	d.must(err)
	p := order.Period{First: day, Until: opened, Sales: sold}
	d.must(d.sales().Save(t.Context(), order.SalesStep{Counted: c, Until: opened, Periods: []order.Period{p}}))
	c.Until = opened
	read, err := d.sales().Days(t.Context(), c, day, day)
	d.must(err)
	d.must(d.sales().Load(t.Context(), c, &read[0]))
	if read[0].Pages < 3 || !read[0].Sales.Equal(sold) || len(read[0].Products) != 1500 {
		t.Errorf("read %d products in %d pages, want all 1500 in some", len(read[0].Products), read[0].Pages)
	}
	again := order.SalesStep{Counted: c, Until: d.now, Periods: []order.Period{p}}
	if err := d.sales().Save(t.Context(), again); !errors.Is(err, order.ErrSalesMoved) {
		t.Errorf("a step from what was before: %v, want %v", err, order.ErrSalesMoved)
	}
}

// TestFirstOrder: the first order from an instant on, in whatever shard it is.
func TestFirstOrder(t *testing.T) {
	d := openDesk(t)
	d.addProduct("lamp", 100, 100)
	var placed []time.Time
	for i := range 12 {
		at := opened.Add(time.Duration(i) * 24 * time.Hour)
		d.place(fmt.Sprint(i), at, line("lamp", 100, 1))
		placed = append(placed, at)
	}
	for i, from := range append([]time.Time{{}}, placed...) {
		if i > 0 {
			from = from.Add(time.Millisecond)
		}
		got, exists, err := d.orderHistory().First(t.Context(), from)
		if last := i == len(placed); err != nil || exists == last || !last && !got.Equal(placed[i]) {
			t.Errorf("from %s: got %s, %v and error %v", from, got, exists, err)
		}
	}
}
