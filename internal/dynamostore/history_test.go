package dynamostore

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/test/awsfault"
)

// history places 23 orders of three customers, several in one millisecond, and returns their ids, newest first.
func (s *shop) history() []order.Order {
	s.t.Helper()
	s.addProduct("lamp", 100, 1000)
	var placed []order.Order
	for i := range 23 {
		at := opened.Add(time.Duration(i/4) * time.Millisecond)
		o := newOrder(fmt.Sprintf("usr_%d", i%3), number3(i), at, line("lamp", 100, int64(i+1)))
		s.must(s.checkout().Place(s.t.Context(), o))
		placed = append(placed, o)
	}
	slices.SortFunc(placed, func(a, b order.Order) int { return -compareKeys(a, b) })
	return placed
}

func compareKeys(a, b order.Order) int {
	if c := a.PlacedAt.Compare(b.PlacedAt); c != 0 {
		return c
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

func ids(orders []order.Order) []string {
	var out []string
	for _, o := range orders {
		out = append(out, o.ID)
	}
	return out
}

func orderID(o order.Order) string { return o.ID }

// pages reads a list to its end, and returns the name of each item. It checks that only the last page is short, and not
// empty unless it is the first, and that each cursor leads on.
func pages[T any](
	t testing.TB, limit int, name func(T) string, read func(page.Request) (page.Page[T], error),
) (names []string) {
	t.Helper()
	r := page.Request{Limit: limit}
	for {
		p, err := read(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range p.Items {
			names = append(names, name(item))
		}
		if p.NextCursor == "" {
			return names
		}
		if len(p.Items) != limit {
			t.Errorf("a page of %d of %d items says that more follow", len(p.Items), limit)
		}
		if p.NextCursor == r.Cursor {
			t.Fatal("a page's cursor leads to the same page")
		}
		r.Cursor = p.NextCursor
	}
}

func TestHistory(t *testing.T) {
	s := open(t)
	all := s.history()
	ms := func(n int) time.Time { return opened.Add(time.Duration(n) * time.Millisecond) }
	filters := []struct {
		name string
		f    order.Filter
		keep func(order.Order) bool
	}{
		{"all", order.Filter{}, func(order.Order) bool { return true }},
		{"of one customer", order.Filter{Customer: "usr_1"}, func(o order.Order) bool { return o.UserID == "usr_1" }},
		{"of an unknown customer", order.Filter{Customer: "usr_9"}, func(order.Order) bool { return false }},
		{
			"of a customer whom no key can name", order.Filter{Customer: strings.Repeat("x", 2049)},
			func(order.Order) bool { return false },
		},
		{"from, inclusive", order.Filter{From: ms(2)}, func(o order.Order) bool { return !o.PlacedAt.Before(ms(2)) }},
		{"to, exclusive", order.Filter{To: ms(2)}, func(o order.Order) bool { return o.PlacedAt.Before(ms(2)) }},
		{"between", order.Filter{From: ms(1), To: ms(3)}, func(o order.Order) bool {
			return !o.PlacedAt.Before(ms(1)) && o.PlacedAt.Before(ms(3))
		}},
		{"from within a millisecond", order.Filter{From: ms(1).Add(1)}, func(o order.Order) bool {
			return o.PlacedAt.After(ms(1))
		}},
		{"to within a millisecond", order.Filter{To: ms(1).Add(1)}, func(o order.Order) bool {
			return !o.PlacedAt.After(ms(1))
		}},
		{"an empty range", order.Filter{From: ms(1), To: ms(1)}, func(order.Order) bool { return false }},
		{"of one customer, between", order.Filter{Customer: "usr_2", From: ms(1), To: ms(3)}, func(o order.Order) bool {
			return o.UserID == "usr_2" && !o.PlacedAt.Before(ms(1)) && o.PlacedAt.Before(ms(3))
		}},
	}
	for _, filter := range filters {
		var want []string
		for _, o := range all {
			if filter.keep(o) {
				want = append(want, o.ID)
			}
		}
		for _, limit := range []int{1, 4, 7, 23, 100} {
			got := pages(t, limit, orderID, func(r page.Request) (page.Page[order.Order], error) {
				return s.orderHistory().History(t.Context(), s.admin, filter.f, r)
			})
			if !slices.Equal(got, want) {
				t.Errorf("%s, limit %d: got %d orders %v, want %d %v",
					filter.name, limit, len(got), got, len(want), want)
			}
		}
	}
}

func TestMine(t *testing.T) {
	s := open(t)
	var want []string
	for _, o := range s.history() {
		if o.UserID == "usr_1" {
			want = append(want, o.ID)
		}
	}
	for limit := 1; limit <= 9; limit++ {
		got := pages(t, limit, orderID, func(r page.Request) (page.Page[order.Order], error) {
			return s.orderHistory().Mine(t.Context(), user.Caller{UserID: "usr_1"}, r)
		})
		if !slices.Equal(got, want) {
			t.Errorf("limit %d: got %v, want %v", limit, got, want)
		}
	}
}

// A list shows all of an order but the request that placed it.
func TestListsHaveTheWholeOrder(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 6400, 5)
	o := newOrder("usr_1", "k", opened, line("lamp", 6400, 2))
	s.must(s.checkout().Place(t.Context(), o))
	o.Request = order.Fingerprint{}
	for name, list := range map[string]func() (page.Page[order.Order], error){
		"history": func() (page.Page[order.Order], error) {
			return s.orderHistory().History(t.Context(), s.admin, order.Filter{}, page.Request{Limit: 5})
		},
		"by customer": func() (page.Page[order.Order], error) {
			return s.orderHistory().Mine(t.Context(), user.Caller{UserID: "usr_1"}, page.Request{Limit: 5})
		},
	} {
		p, err := list()
		s.must(err)
		if len(p.Items) != 1 || fmt.Sprintf("%+v", p.Items[0]) != fmt.Sprintf("%+v", o) {
			t.Errorf("%s: got %+v, want %+v", name, p.Items, o)
		}
	}
}

// A cursor belongs to its query and its caller.
func TestHistoryRefusesForeignCursors(t *testing.T) {
	s := open(t)
	s.history()
	first, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{}, page.Request{Limit: 2})
	s.must(err)
	r := page.Request{Limit: 3, Cursor: first.NextCursor}
	if _, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{}, r); err != nil {
		t.Errorf("with another limit: %v", err)
	}
	other := s.admin
	other.UserID = "usr_other"
	for name, read := range map[string]func() error{
		"another filter": func() error {
			_, err := s.orderHistory().History(t.Context(), s.admin, order.Filter{From: opened}, r)
			return err
		},
		"another caller": func() error {
			_, err := s.orderHistory().History(t.Context(), other, order.Filter{}, r)
			return err
		},
		"another list": func() error { _, err := s.orderHistory().Mine(t.Context(), s.admin, r); return err },
		"another product": func() error {
			_, err := s.inventory().Changes(t.Context(), s.admin, "lamp", r)
			return err
		},
		"the catalogue": func() error {
			_, err := s.catalogue().Browse(t.Context(), product.Selection{}, r)
			return err
		},
	} {
		if err := read(); !errors.Is(err, page.ErrInvalidCursor) {
			t.Errorf("%s: got %v, want ErrInvalidCursor", name, err)
		}
	}
}

// A page of an index may be empty though more follow: it is not the end.
func TestEmptyPagesAreNotTheEnd(t *testing.T) {
	s := open(t)
	all := s.history()
	empty := func(key string) awsfault.Fault {
		return awsfault.Answer(200, `{"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":`+key+`}`)
	}
	newest := all[0]
	start := fmt.Sprintf(`{"order_id":{"S":"zzz"},"user_id":{"S":%q},"placed_key":{"S":%q}}`,
		newest.UserID, placedKey(newest)+"~")
	s.faults.On("Query", awsfault.Times(3, empty(start))...)
	got, err := s.orderHistory().Mine(t.Context(), user.Caller{UserID: newest.UserID}, page.Request{Limit: 1})
	s.must(err)
	if len(got.Items) != 1 || got.Items[0].ID != newest.ID || got.NextCursor == "" {
		t.Errorf("got %+v, want the newest order and a cursor", got)
	}
	if calls := s.faults.Calls("Query"); calls != 4 {
		t.Errorf("calls: got %d, want 4", calls)
	}
}

func TestEachVisitsEveryOrderOnce(t *testing.T) {
	s := open(t)
	all := s.history()
	from, to := opened.Add(time.Millisecond), opened.Add(4*time.Millisecond)
	var want []string
	for _, o := range all {
		if !o.PlacedAt.Before(from) && o.PlacedAt.Before(to) {
			want = append(want, o.ID)
		}
	}
	var got []string
	s.must(s.orderHistory().Each(t.Context(), from, to, func(o order.Order) { got = append(got, o.ID) }))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The largest orders, a hundred to a page, would be more than an answer may have: the page ends earlier, and goes on.
func TestPagesOfLargeOrders(t *testing.T) {
	var lines []order.Line
	for i := range order.MaxProducts {
		lines = append(lines, order.Line{
			ProductID: strings.Repeat("p", 61) + number3(i), Name: strings.Repeat("灯", 200), UnitPrice: gbp(1),
			Quantity: 1,
		})
	}
	var items []attributes
	for i := range 101 {
		items = append(items, orderItem(newOrder("usr_1", number3(i), opened, lines...)))
	}
	q := query{"orders"}
	cutOff := cut(q, items, 100, placedKeyOf)
	if n := len(cutOff.Items); n < 20 || n >= 100 || cutOff.NextCursor != q.cursor(placedKeyOf(items[n-1])) {
		t.Errorf("got a page of %d and the cursor %q", n, cutOff.NextCursor)
	}
	if size := answerSize(t, cutOff.Items); size > 6<<20 {
		t.Errorf("the answer has %d bytes", size)
	}
	whole := cut(q, items[:5], 100, placedKeyOf)
	if len(whole.Items) != 5 || whole.NextCursor != "" {
		t.Errorf("got a page of %d and the cursor %q, want all 5 and none", len(whole.Items), whole.NextCursor)
	}
}

// answerSize is what the items take as an answer of the API.
func answerSize(t *testing.T, items []attributes) int {
	t.Helper()
	orders, err := convert(page.Page[attributes]{Items: items}, readOrder)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(storeapi.PageOf(orders, storeapi.ListedOrderOf))
	if err != nil {
		t.Fatal(err)
	}
	return len(body)
}

// TestHistoryByStatus: orders whose status was changed, newest first and page by page, without the synthetic ones; each
// is under the status that it has now.
func TestHistoryByStatus(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 100, 50)
	var packed []string
	for i := range 7 {
		o := newOrder("usr_1", number3(i), opened.Add(time.Duration(i)*time.Second), line("lamp", 100, 1))
		o.Synthetic = i == 5
		s.must(s.checkout().Place(t.Context(), o))
		s.setStatus(o.ID, order.Packed)
		switch {
		case i == 6:
			s.setStatus(o.ID, order.Shipped)
		case i != 5:
			packed = append([]string{o.ID}, packed...)
		}
	}
	s.must(s.checkout().Place(t.Context(), newOrder("usr_1", "placed", opened, line("lamp", 100, 1))))
	for limit := 1; limit <= 6; limit++ {
		id := func(o order.Order) string { return o.ID }
		got := pages(t, limit, id, func(r page.Request) (page.Page[order.Order], error) {
			return s.orderHistory().History(t.Context(), s.admin, order.Filter{Status: order.Packed}, r)
		})
		if !slices.Equal(got, packed) {
			t.Errorf("%d a page: got %q, want %q", limit, got, packed)
		}
	}
	p, err := s.orderHistory().History(t.Context(), s.admin,
		order.Filter{Status: order.Packed, From: opened.Add(4 * time.Second)}, page.Request{Limit: 3})
	s.must(err)
	if len(p.Items) != 1 || p.Items[0].Status != order.Packed || p.Items[0].ID != packed[0] {
		t.Errorf("from a time on: got %+v, want %s", p.Items, packed[0])
	}
	if p, err = s.orderHistory().History(t.Context(), s.admin, order.Filter{Status: order.Packed},
		page.Request{Limit: 1}); err != nil || p.NextCursor == "" {
		t.Fatalf("got %+v and error %v", p, err)
	}
	for _, f := range []order.Filter{{}, {Status: order.Shipped}} {
		_, err := s.orderHistory().History(t.Context(), s.admin, f, page.Request{Limit: 1, Cursor: p.NextCursor})
		if !errors.Is(err, page.ErrInvalidCursor) {
			t.Errorf("the cursor at %+v: got %v, want ErrInvalidCursor", f, err)
		}
	}
}

// setStatus gives an order a status, as an admin does.
func (s *shop) setStatus(id string, to order.Status) {
	s.t.Helper()
	statuses := &OrderStatuses{
		Client: s.client, Orders: s.tables.Name("Orders"), Products: s.tables.Name("Products"),
		Movements: s.tables.Name("StockMovements"), Mails: s.tables.Name("Mails"),
	}
	o, err := statuses.Stored(s.t.Context(), id)
	s.must(err)
	c := order.Change{From: o.Status, To: to, By: "usr_admin", At: opened}
	s.must(statuses.Change(s.t.Context(), o, c, ""))
}
