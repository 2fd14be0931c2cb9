package invariants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/notification"
	"shop/internal/order"
)

// memory is a store in memory. Its differences are planted.
type memory struct {
	products  []Product
	movements []Movement
	orders    []Order
	mails     []Mail
	waits     []Wait
	late      func() // what happens after the stocks were read; may be nil
	failing   string // the table that cannot be read
	exact     int    // how often the orders were read exactly
}

var errDown = errors.New("the table is down")

func each[T any](m *memory, table string, items []T, visit func(T)) error {
	if m.failing == table {
		return errDown
	}
	for _, item := range items {
		visit(item)
	}
	return nil
}

func (m *memory) EachProduct(_ context.Context, visit func(Product)) error {
	err := each(m, "products", m.products, visit)
	if m.late != nil {
		m.late()
	}
	return err
}

func (m *memory) EachMovement(_ context.Context, visit func(Movement)) error {
	return each(m, "movements", m.movements, visit)
}

func (m *memory) EachOrder(_ context.Context, exact bool, visit func(Order)) error {
	if exact {
		m.exact++
	}
	return each(m, "orders", m.orders, visit)
}

func (m *memory) EachMail(_ context.Context, visit func(Mail)) error {
	return each(m, "mails", m.mails, visit)
}

func (m *memory) EachWait(_ context.Context, visit func(Wait)) error {
	return each(m, "waits", m.waits, visit)
}

func (m *memory) Product(_ context.Context, id string) (Product, bool, error) {
	for _, p := range m.products {
		if p.ID == id {
			return p, true, nil
		}
	}
	return Product{}, false, nil
}

func (m *memory) MovementsOf(_ context.Context, id string, visit func(Movement)) error {
	for _, moved := range m.movements {
		if moved.ProductID == id {
			visit(moved)
		}
	}
	return nil
}

func (m *memory) OrderAndMail(_ context.Context, mailID string) (o *Order, mail *Mail, err error) {
	for i := range m.orders {
		if notification.OrderMailID(m.orders[i].ID) == mailID {
			o = &m.orders[i]
		}
	}
	for i := range m.mails {
		if m.mails[i].ID == mailID {
			mail = &m.mails[i]
		}
	}
	return o, mail, nil
}

var read = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func long() time.Time { return read.Add(-time.Hour) }

func stocked(id string, stock int64) Product {
	return Product{ID: id, Stock: stock, Marked: stock <= 0, From: read, To: read}
}

func ordered(id, product string, units int64, at time.Time) Order {
	line := order.Line{ProductID: product, UnitPrice: money.Money{Amount: 5}, Quantity: units}
	return Order{Order: order.Order{ID: id, Lines: []order.Line{line}, Total: line.Total(), PlacedAt: at},
		Listed: true, Found: true, Mailed: true}
}

// found runs an audit and returns the differences as "kind subject", sorted.
func found(t testing.TB, m *memory, most int) ([]string, Summary) {
	t.Helper()
	all := []string{}
	sum, err := Audit{Tables: m, MostProducts: most}.Run(context.Background(), func(d Difference) {
		all = append(all,
			fmt.Sprint(d.Kind, " ", d.Subject))
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all, sum
}

func TestUncertainOrders(t *testing.T) {
	for name, c := range map[string]struct {
		stock int64
		at    time.Time
		want  int
	}{
		"committed long before":                   {7, long(), 0},
		"long before, and its units are there":    {10, long(), 1},
		"shortly before, and committed":           {7, read.Add(-29 * time.Second), 0},
		"shortly before, and not yet committed":   {10, read.Add(-29 * time.Second), 0},
		"shortly before, and more units are gone": {6, read.Add(-29 * time.Second), 1},
		"just after, by another clock":            {7, read.Add(9 * time.Second), 0},
		"later":                                   {10, read.Add(time.Minute), 0},
		"later, and its units are gone already":   {7, read.Add(time.Minute), 1},
	} {
		m := &memory{
			products: []Product{stocked("lamp", c.stock)}, movements: []Movement{{ProductID: "lamp", Delta: 10,
				At: long()}},
			orders: []Order{ordered("ord_1", "lamp", 3, c.at)},
		}
		if got, _ := found(t, m, 0); len(got) != c.want {
			t.Errorf("%s: got %v, want %d differences", name, got, c.want)
		}
	}
}

// TestReturns: the units that came back are those of the orders that were cancelled long enough ago, each once.
func TestReturns(t *testing.T) {
	at := func(ago time.Duration) time.Time { return read.Add(-ago) }
	for name, c := range map[string]struct {
		back      []time.Time // movements of 3 units
		cancelled []time.Time // orders of 3 units
		want      int
	}{
		"once each": {
			[]time.Time{at(time.Hour), at(time.Minute)}, []time.Time{at(time.Hour), at(time.Minute)}, 0,
		},
		"twice":                 {[]time.Time{at(time.Hour), at(time.Hour)}, []time.Time{at(time.Hour)}, 1},
		"not at all":            {nil, []time.Time{at(time.Hour)}, 1},
		"of no order":           {[]time.Time{at(time.Hour)}, nil, 1},
		"just now, and unread":  {nil, []time.Time{at(29 * time.Second)}, 0},
		"just now, order older": {[]time.Time{at(29 * time.Second)}, nil, 0},
	} {
		m := &memory{}
		stock := int64(100)
		m.movements = append(m.movements, Movement{ProductID: "lamp", Delta: 100, At: long()})
		for _, moved := range c.back {
			m.movements = append(m.movements, Movement{ProductID: "lamp", Delta: 3, Returned: true, At: moved})
			stock += 3
		}
		for i, moved := range c.cancelled {
			o := ordered(fmt.Sprint("ord_", i), "lamp", 3, long())
			o.Status, o.Changes = order.Cancelled, []order.Change{{To: order.Cancelled, At: moved}}
			m.orders = append(m.orders, o)
			stock -= 3
		}
		m.products = []Product{stocked("lamp", stock)}
		if got, _ := found(t, m, 0); len(got) != c.want {
			t.Errorf("%s: got %v, want %d differences", name, got, c.want)
		}
	}
}

// TestReadAgain: what looked wrong and is right in the second reading is not reported.
func TestReadAgain(t *testing.T) {
	m := &memory{products: []Product{stocked("lamp", 9)}, movements: []Movement{{ProductID: "lamp", Delta: 10,
		At: long()}}}
	m.late = func() { m.products[0].Stock = 10 }
	if got, _ := found(t, m, 0); len(got) != 0 || m.exact != 1 {
		t.Errorf("got %v after %d exact readings, want none after 1", got, m.exact)
	}
	if found(t, m, 0); m.exact != 1 {
		t.Error("the orders of a healthy store are read a second time")
	}
}

// TestProductsThatComeMeanwhile: what is counted or ordered of a product that was not read is a difference only if it
// is old.
func TestProductsThatComeMeanwhile(t *testing.T) {
	m := &memory{movements: []Movement{{ProductID: "new", Delta: 10, At: time.Now()}, {ProductID: "lost", Delta: 1,
		At: long()}}}
	if got, _ := found(t, m, 0); !slices.Equal(got, []string{"product_missing lost"}) {
		t.Errorf("got %v", got)
	}
}

func TestItems(t *testing.T) {
	bad := ordered("ord_bad", "lamp", 1, long())
	bad.Total.Amount++
	bad.Listed, bad.Mailed, bad.Found = false, false, false
	mail := func(id string, state notification.State, due, ordered bool) Mail {
		return Mail{Mail: notification.Mail{ID: id, State: state}, Due: due, Ordered: ordered, Reached: true}
	}
	m := &memory{
		products:  []Product{stocked("lamp", -1), {ID: "odd", Err: errDown}},
		movements: []Movement{{ProductID: "odd", Delta: 1, At: long()}, {ProductID: "lamp", Err: errDown}},
		orders:    []Order{bad, {Order: order.Order{ID: "ord_odd"}, Err: errDown}},
		mails: []Mail{
			mail("order-placed#ord_2", notification.Sent, false, false), mail("verify-email#usr_1",
				notification.Pending, false, true),
			mail("verify-email#usr_2", notification.Pending, true, true), {Mail: notification.Mail{ID: "odd-mail"},
				Err: errDown},
			{Mail: notification.Mail{ID: "order-shipped#ord_3", State: notification.Sent}, Ordered: true},
		},
		waits: []Wait{{ID: "odd-wait", Err: errDown}},
	}
	got, sum := found(t, m, 0)
	want := []string{
		"mail_never_due verify-email#usr_1", "mail_not_reached order-shipped#ord_3",
		"mail_without_order order-placed#ord_2", "never_cancelled ord_bad", "order_not_listed ord_bad",
		"order_total ord_bad",
		"order_without_mail ord_bad", "stock_below_zero lamp", "unreadable lamp", "unreadable odd",
		"unreadable odd-mail", "unreadable odd-wait", "unreadable ord_odd",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if sum != (Summary{Products: 2, Movements: 2, Orders: 2, Mails: 5, Waits: 1, Passes: 1, Differences: len(want)}) {
		t.Errorf("summary = %+v", sum)
	}
}

// TestWaits: what stands beside a request decides whether its customer will be told.
func TestWaits(t *testing.T) {
	for name, c := range map[string]struct {
		wait Wait
		want []string
	}{
		"waits":                     {Wait{Account: true, Product: true, Listed: true}, nil},
		"is told":                   {Wait{Account: true, Product: true, Told: true, Mailed: true}, nil},
		"in stock since just now":   {Wait{Account: true, Product: true, Listed: true, InStockSince: time.Now()}, nil},
		"of nobody":                 {Wait{Product: true, Listed: true}, []string{"wait_without_account lamp#usr_1"}},
		"of nothing":                {Wait{Account: true, Listed: true}, []string{"product_missing lamp"}},
		"of nobody, and so dropped": {Wait{Product: true, Told: true}, []string{"wait_without_account lamp#usr_1"}},
		"its mail is gone": {
			Wait{Account: true, Product: true, Told: true}, []string{"wait_without_mail lamp#usr_1"},
		},
		"in no index": {Wait{Account: true, Product: true}, []string{"wait_mark_wrong lamp#usr_1"}},
		"told, and in the index": {
			Wait{Account: true, Product: true, Listed: true, Told: true, Mailed: true},
			[]string{"wait_mark_wrong lamp#usr_1"},
		},
		"in stock for more than a day": {
			Wait{Account: true, Product: true, Listed: true, InStockSince: time.Now().Add(-WaitLimit - time.Second)},
			[]string{"wait_overdue lamp#usr_1"},
		},
	} {
		c.wait.ID, c.wait.ProductID = "lamp#usr_1", "lamp"
		if got, _ := found(t, &memory{waits: []Wait{c.wait}}, 0); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestPasses: however few products a pass may hold, the same differences are found, and everything is counted once.
func TestPasses(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m, want := &memory{}, []string{}
		n := rapid.IntRange(0, 200).Draw(rt, "products")
		for i := range n {
			id := fmt.Sprintf("p%03d", i)
			sold, off := rapid.Int64Range(1, 5).Draw(rt, "sold"), rapid.Int64Range(-1, 1).Draw(rt, "off")
			m.products = append(m.products, stocked(id, 10-sold+off))
			m.movements = append(m.movements, Movement{ProductID: id, Delta: 10, At: long()})
			m.orders = append(m.orders, ordered("ord_"+id, id, sold, long()))
			if off != 0 {
				want = append(want, "stock_differs "+id)
			}
		}
		most := rapid.IntRange(1, 300).Draw(rt, "most")
		got, sum := found(t, m, most)
		if !slices.Equal(got, want) {
			rt.Fatalf("got %q, want %q", got, want)
		}
		if sum.Products != n || sum.Movements != n || sum.Orders != n || (sum.Passes > 1) != (n > most) {
			rt.Fatalf("%d products of at most %d a pass: %+v", n, most, sum)
		}
	})
}

func TestManySuspects(t *testing.T) {
	m := &memory{}
	for i := range mostSuspects + 5 {
		m.products = append(m.products, stocked(fmt.Sprint(i), -1))
	}
	if _, sum := found(t, m, 0); !sum.Truncated || sum.Differences < mostSuspects || sum.Differences > 2*mostSuspects {
		t.Errorf("got %+v, want the first %d", sum, mostSuspects)
	}
}

// TestStocksOnly: without the mails, every difference of a stock is found, and nothing else is said.
func TestStocksOnly(t *testing.T) {
	unmailed := ordered("ord_1", "lamp", 3, long())
	unmailed.Mailed = false
	m := &memory{failing: "mails", products: []Product{stocked("lamp", 7), stocked("vase", 9)}, movements: []Movement{
		{ProductID: "lamp", Delta: 10, At: long()}, {ProductID: "vase", Delta: 10, At: long()},
	}, orders: []Order{unmailed}}
	var got []string
	sum, err := Audit{Tables: m, StocksOnly: true}.Run(t.Context(), func(d Difference) {
		got = append(got, fmt.Sprint(d.Kind, " ", d.Subject))
	})
	if err != nil || !slices.Equal(got, []string{"stock_differs vase"}) || sum.Mails != 0 {
		t.Errorf("got %q, %+v and %v", got, sum, err)
	}
}

func TestTablesThatAreDown(t *testing.T) {
	for _, table := range []string{"products", "movements", "orders", "mails", "waits"} {
		_, err := Audit{Tables: &memory{failing: table}}.Run(t.Context(), func(Difference) {})
		if !errors.Is(err, errDown) {
			t.Errorf("%s: %v", table, err)
		}
	}
}

// sales are what a recount finds.
type sales func(report func(order.SalesDifference)) (int, error)

func (s sales) Recount(_ context.Context, repair bool, report func(order.SalesDifference)) (int, error) {
	if repair {
		panic("an audit changes nothing")
	}
	return s(report)
}

// TestSales: what is counted wrongly is a difference, and so is a zone that nobody counted in.
func TestSales(t *testing.T) {
	for _, c := range []struct {
		recount sales
		want    string
	}{
		{func(report func(order.SalesDifference)) (int, error) {
			report(order.SalesDifference{Name: "2026-03-01", Is: order.Totals{Orders: 1}})
			return 31, nil
		}, "sales_differ 2026-03-01"},
		{func(func(order.SalesDifference)) (int, error) { return 0, order.ErrOtherZone }, "sales_differ TimeZone"},
	} {
		var found []string
		_, err := Audit{Tables: &memory{}, Sales: c.recount}.Run(t.Context(), func(d Difference) {
			found = append(found, fmt.Sprint(d.Kind, " ", d.Subject))
		})
		if err != nil || !slices.Equal(found, []string{c.want}) {
			t.Errorf("found %v and error %v, want %s", found, err, c.want)
		}
	}
}
