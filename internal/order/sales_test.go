package order

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/calendar"
)

// salesTable keeps sales in memory, as the database does: a step is made where everything is as it was read.
type salesTable struct {
	counted Counted
	periods map[string]Period // by epoch and name
	waiting map[string]bool   // the marks of orders
	orders  func() []Order
	lost    func() bool // whether the next answer of Save is lost; nil: none is
}

func newSalesTable(orders func() []Order) *salesTable {
	return &salesTable{periods: map[string]Period{}, waiting: map[string]bool{}, orders: orders}
}

func (s *salesTable) Counted(context.Context) (Counted, error) { return s.counted, nil }

func (s *salesTable) Reset(_ context.Context, was Counted, zone string, from time.Time) (Counted, error) {
	if was != s.counted {
		return was, ErrSalesMoved
	}
	s.counted = Counted{Epoch: was.Epoch + 1, Zone: zone, Until: from}
	return s.counted, nil
}

func (s *salesTable) name(c Counted, p Period) string { return fmt.Sprint(c.Epoch, " ", nameOf(p)) }

func (s *salesTable) list(c Counted, month bool, first, last time.Time) []Period {
	var found []Period
	for name, p := range s.periods {
		if name == s.name(c, p) && p.IsMonth == month && !p.First.Before(first) && !p.First.After(last) {
			p.Sales = &Sales{Totals: copyOf(p.Totals)}
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b Period) int { return a.First.Compare(b.First) })
	return found
}

func copyOf(t Totals) Totals {
	t.Revenue = maps.Clone(t.Revenue)
	return t
}

func (s *salesTable) Days(_ context.Context, c Counted, first, last time.Time) ([]Period, error) {
	return s.list(c, false, first, last), nil
}

func (s *salesTable) Months(_ context.Context, c Counted, first, last time.Time) ([]Period, error) {
	return s.list(c, true, first, last), nil
}

func (s *salesTable) Load(_ context.Context, c Counted, p *Period) error {
	*p = s.periods[s.name(c, *p)]
	whole := NewSales()
	whole.Merge(p.Sales)
	p.Sales = whole
	return nil
}

func (s *salesTable) Save(_ context.Context, step SalesStep) error {
	if step.Counted != s.counted {
		return ErrSalesMoved
	}
	for _, p := range step.Periods {
		if s.periods[s.name(step.Counted, p)].Version != p.Version {
			return ErrSalesMoved
		}
	}
	for _, id := range step.Corrected {
		if step.Exactly && !s.waiting[id] {
			return ErrSalesMoved
		}
	}
	for _, p := range step.Periods {
		p.Version += "+"
		s.periods[s.name(step.Counted, p)] = p
	}
	for _, id := range step.Corrected {
		delete(s.waiting, id)
	}
	s.counted.Until = step.Until
	if s.lost != nil && s.lost() {
		return errDown
	}
	return nil
}

func (s *salesTable) Waiting(_ context.Context, until time.Time, limit int) ([]Order, error) {
	var found []Order
	for _, o := range s.orders() {
		if s.waiting[o.ID] && o.PlacedAt.Before(until) && len(found) < limit {
			found = append(found, o)
		}
	}
	return found, nil
}

func (s *salesTable) IsWaiting(_ context.Context, ids []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, id := range ids {
		found[id] = s.waiting[id]
	}
	return found, nil
}

// history is a shop whose time goes on.
type history struct {
	feed  *feed
	table *salesTable
	now   time.Time
	zone  *time.Location
}

func newHistory(t rapid.TB, zone string, now time.Time) *history {
	in, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	h := &history{feed: &feed{}, now: now, zone: in}
	h.table = newSalesTable(func() []Order { return h.feed.orders })
	return h
}

func (h *history) counter() *Counter {
	return &Counter{
		Feed: h.feed, Sales: h.table, Zone: h.zone, Now: func() time.Time { return h.now }, Most: 6 * time.Hour,
	}
}

func (h *history) summary(from, to time.Time) (Summary, error) {
	a := &Analytics{
		Feed: h.feed, Sales: h.table, Currency: "GBP", Zone: h.zone, Now: func() time.Time { return h.now },
	}
	return a.Summarize(context.Background(), from, to, MaxTopProducts)
}

// plain adds the orders up without anything that is counted.
func (h *history) plain(from, to time.Time) (Summary, error) {
	other := *h
	other.table = newSalesTable(nil)
	return other.summary(from, to)
}

func (h *history) place(at time.Time, lines ...Line) {
	o := placed(at, lines...)
	o.ID = fmt.Sprint("ord_", len(h.feed.orders))
	h.feed.orders = append(h.feed.orders, o)
}

// cancel cancels the order and marks it, as the cancellation's one write does.
func (h *history) cancel(i int) {
	if o := &h.feed.orders[i]; o.Status.IsSale() {
		o.Status = Cancelled
		h.table.waiting[o.ID] = true
	}
}

// TestEachOrderIsCountedOnce: whatever is repeated, cut short, answered late or never, and whenever orders are
// cancelled or appear in their list, the sales are those of the orders, by day and by product; in zones whose days
// have 23 to 25 hours.
func TestEachOrderIsCountedOnce(t *testing.T) {
	zones := []string{"UTC", "Europe/London", "Australia/Lord_Howe", "America/Havana"}
	rapid.Check(t, func(rt *rapid.T) {
		begun := time.Date(2026, 10, 20, 3, 0, 0, 0, time.UTC)
		h := newHistory(rt, rapid.SampledFrom(zones).Draw(rt, "zone"), begun)
		h.table.lost = func() bool { return rapid.IntRange(0, 4).Draw(rt, "lost") == 0 }
		stale := []Counted{}
		for range rapid.IntRange(1, 40).Draw(rt, "events") {
			switch rapid.IntRange(0, 5).Draw(rt, "event") {
			case 0, 1: // an order, which its list has up to 14 minutes late
				late := time.Duration(rapid.IntRange(0, 14).Draw(rt, "late")) * time.Minute
				h.place(h.now.Add(-late), someLines(rt)...)
			case 2:
				h.now = h.now.Add(time.Duration(rapid.IntRange(1, 40*60).Draw(rt, "minutes")) * time.Minute)
			case 3:
				if n := len(h.feed.orders); n > 0 {
					h.cancel(rapid.IntRange(0, n-1).Draw(rt, "cancelled"))
				}
			case 4:
				_, err := h.counter().Run(context.Background(), h.now.Add(time.Hour))
				mayFail(rt, err)
				stale = append(stale, h.table.counted)
			case 5: // somebody who read some time ago wakes up
				if len(stale) > 0 {
					late := rapid.SampledFrom(stale).Draw(rt, "late one")
					if next := h.counter().next(late); !next.IsZero() {
						_, err := h.counter().step(context.Background(), late, next)
						mayFail(rt, err)
					}
				}
			}
		}
		h.now = h.now.Add(25 * time.Hour)
		h.table.lost = nil
		for range 2 {
			if _, err := h.counter().Run(context.Background(), h.now.Add(time.Hour)); err != nil {
				rt.Fatal(err)
			}
		}
		wantPlain(rt, h, calendar.Of(begun, h.zone).AddDate(0, 0, -1))
	})
}

// TestFirstOrderComesLate: counting begins by an order of just after midnight, and the list then gets one of just
// before.
func TestFirstOrderComesLate(t *testing.T) {
	h := newHistory(t, "UTC", day(time.March, 2))
	h.place(h.now, line("A", 5, 1))
	h.counting(t)
	h.place(h.now.Add(-time.Minute), line("A", 5, 1))
	h.now = h.now.Add(25 * time.Hour)
	h.counting(t)
	wantPlain(t, h, day(time.March, 1))
}

func mayFail(t *rapid.T, err error) {
	if err != nil && !errors.Is(err, errDown) && !errors.Is(err, ErrSalesMoved) {
		t.Fatal(err)
	}
}

func someLines(t *rapid.T) []Line {
	lines := rapid.Custom(func(t *rapid.T) Line {
		return line(rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "product"),
			rapid.Int64Range(0, 5).Draw(t, "price"), rapid.Int64Range(1, 9).Draw(t, "quantity"))
	})
	return rapid.SliceOfNDistinct(lines, 1, 3, func(l Line) string { return l.ProductID }).Draw(t, "lines")
}

// wantPlain compares summaries of ranges that begin at from with those of the orders alone, and finds that a recount
// changes nothing.
func wantPlain(t rapid.TB, h *history, from time.Time) {
	to := calendar.Of(h.now, h.zone)
	for ; !to.Before(from); to = to.AddDate(0, 0, -7) {
		if to.Sub(from) >= MaxSummaryDays*24*time.Hour {
			continue
		}
		got, err := h.summary(from, to)
		want, err2 := h.plain(from, to)
		if err != nil || err2 != nil || figures(got) != figures(want) {
			t.Fatalf("%s to %s: got %s, %v, want %s, %v", from, to, figures(got), err, figures(want), err2)
		}
	}
	differs := func(d SalesDifference) { t.Fatalf("%s: %s", d.Name, d) }
	_, err := h.counter().Recount(context.Background(), false, differs)
	if err != nil {
		t.Fatal(err)
	}
}

// figures are those of a summary, without the names.
func figures(s Summary) string {
	tops := slices.Clone(s.TopProducts)
	for i := range tops {
		tops[i].Name = ""
	}
	slices.SortFunc(tops, func(a, b ProductRevenue) int { return cmp.Compare(a.ProductID, b.ProductID) })
	return fmt.Sprint(s.Orders, s.Units, s.Revenue, s.Others, s.Days, tops)
}

// counting counts as much as is due.
func (h *history) counting(t *testing.T) CountProgress {
	t.Helper()
	done, err := h.counter().Run(t.Context(), h.now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// TestRecountFindsAndMends: an order that its list had too late, and one that was counted and is gone.
func TestRecountFindsAndMends(t *testing.T) {
	h := newHistory(t, "UTC", day(time.March, 1))
	h.place(day(time.March, 1), line("A", 5, 1))
	h.place(day(time.March, 2), line("A", 5, 1))
	h.now = day(time.March, 4)
	h.counting(t)
	h.feed.orders = h.feed.orders[:1]
	h.place(day(time.March, 1).Add(time.Hour), line("B", 7, 2))
	for _, want := range []struct {
		repair bool
		found  []string
	}{
		{false, []string{"2011-03-01", "2011-03-02"}},
		{true, []string{"2011-03-01", "2011-03-02", "2011-03"}},
		{false, nil},
	} {
		var found []string
		differs := func(d SalesDifference) { found = append(found, d.Name) }
		_, err := h.counter().Recount(t.Context(), want.repair, differs)
		if err != nil || !slices.Equal(found, want.found) {
			t.Errorf("repair %v: found %v and error %v, want %v", want.repair, found, err, want.found)
		}
	}
	got, err := h.summary(day(time.March, 1), day(time.March, 4))
	want, _ := h.plain(day(time.March, 1), day(time.March, 4))
	if err != nil || figures(got) != figures(want) {
		t.Errorf("got %s and error %v, want %s", figures(got), err, figures(want))
	}
}

// TestYearsWithoutOrders: counting and recounting pass over days without orders, and find what is stored there all the
// same.
func TestYearsWithoutOrders(t *testing.T) {
	h := newHistory(t, "Europe/London", day(time.March, 10))
	h.place(day(time.March, 1).AddDate(-16, 0, 0), line("A", 5, 1))
	h.place(day(time.March, 1).AddDate(-16, 0, 1), line("A", 5, 1))
	h.place(day(time.March, 1), line("B", 7, 2))
	counting := func() CountProgress {
		k := h.counter()
		k.Most = 26 * time.Hour
		done, err := k.Run(t.Context(), h.now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if done := counting(); done.Steps > 6 || len(h.feed.asked) > 6 || h.feed.firsts > 4 ||
		!done.Until.After(day(time.March, 9)) {
		t.Errorf("%d steps up to %s, %d reads of orders and %d searches, want 6, 6 and 4 at most", done.Steps,
			done.Until, len(h.feed.asked), h.feed.firsts)
	}
	wantPlain(t, h, day(time.March, 1))
	recounted := func() (found []string) {
		h.feed.asked, h.feed.firsts = nil, 0
		n, err := h.counter().Recount(t.Context(), false, func(d SalesDifference) { found = append(found, d.Name) })
		if err != nil || n > 16 || len(h.feed.asked) > 12 || h.feed.firsts > 8 {
			t.Errorf("%d days and months, %d reads of orders, %d searches and error %v, want 16, 12 and 8 at most", n,
				len(h.feed.asked), h.feed.firsts, err)
		}
		return found
	}
	if found := recounted(); len(found) > 0 {
		t.Errorf("found %v, want nothing", found)
	}
	for i, p := range []Period{
		{First: day(time.May, 1).AddDate(-9, 0, 0), IsMonth: true}, {First: day(time.July, 4).AddDate(-9, 0, 0)},
	} {
		p.Sales, p.Version = NewSales(), "+"
		p.Sales.Add(h.feed.orders[i])
		h.table.periods[h.table.name(h.table.counted, p)] = p
	}
	if found, want := recounted(), []string{"2002-05", "2002-07-04", "2002-07"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// TestAnotherZone: days that were counted stay what they are until all is counted anew.
func TestAnotherZone(t *testing.T) {
	h := newHistory(t, "UTC", day(time.March, 1))
	h.place(day(time.March, 1).Add(23*time.Hour), line("A", 5, 1))
	h.now = day(time.March, 5)
	h.counting(t)
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	h.zone = tokyo
	if _, err := h.counter().Run(t.Context(), h.now.Add(time.Hour)); !errors.Is(err, ErrOtherZone) {
		t.Errorf("got %v, want %v", err, ErrOtherZone)
	}
	wantDay := func(zone, want string) {
		t.Helper()
		s, err := h.summary(day(time.March, 1), day(time.March, 4))
		if err != nil || len(s.Days) != 1 || s.Days[0].Day.Format(time.DateOnly) != want || s.Zone != zone {
			t.Errorf("got %+v and error %v, want one of %s in %s", s, err, want, zone)
		}
	}
	wantDay("UTC", "2011-03-01")
	if _, err := h.counter().Restart(t.Context(), h.table.counted); err != nil {
		t.Fatal(err)
	}
	wantDay("Asia/Tokyo", "2011-03-02")
	h.counting(t)
	wantDay("Asia/Tokyo", "2011-03-02")
}

// TestManyCancelledAtOnce: more than one step can correct.
func TestManyCancelledAtOnce(t *testing.T) {
	h := newHistory(t, "UTC", day(time.March, 1))
	for i := range 250 {
		h.place(day(time.March, 1).Add(time.Duration(i)*time.Minute), line("A", 5, 1))
		if i%5 > 0 {
			h.cancel(i)
		}
	}
	h.now = day(time.March, 2).Add(time.Hour)
	h.counting(t)
	got, err := h.summary(day(time.March, 1), day(time.March, 1))
	if err != nil || got.Orders != 50 || len(h.table.waiting) != 0 {
		t.Errorf("got %+v, %d waiting, error %v, want 50 orders", got, len(h.table.waiting), err)
	}
	for i := range h.feed.orders {
		h.cancel(i)
	}
	if done := h.counting(t); done.Corrected != 50 {
		t.Errorf("got %+v, want 50 corrected", done)
	}
	got, err = h.summary(day(time.March, 1), day(time.March, 1))
	if err != nil || got.Orders != 0 || len(got.TopProducts) != 0 {
		t.Errorf("got %+v and error %v, want nothing", got, err)
	}
}

// TestWhatASummaryReads: of a year whose orders are counted, the months and the days, and of the orders the rest alone.
func TestWhatASummaryReads(t *testing.T) {
	h := newHistory(t, "UTC", day(time.January, 1))
	for d := range 365 {
		h.place(day(time.January, 1).AddDate(0, 0, d).Add(time.Hour), line("A", 5, 1))
	}
	h.now = day(time.December, 31).Add(12 * time.Hour)
	h.counting(t)
	h.feed.asked = nil
	got, err := h.summary(day(time.January, 1), day(time.December, 31))
	if err != nil || got.Orders != 365 || len(got.Days) != 365 || got.TopProducts[0].Units != 365 {
		t.Errorf("got %d orders on %d days and error %v, want 365", got.Orders, len(got.Days), err)
	}
	if want := []string{"each 2011-12-31T11:45:00Z 2012-01-01T00:00:00Z"}; !slices.Equal(h.feed.asked, want) {
		t.Errorf("asked the feed for %q, want %q", h.feed.asked, want)
	}
}

// movingTable counts on after it was read how far orders are counted.
type movingTable struct {
	*salesTable
	then func()
}

func (m movingTable) Counted(ctx context.Context) (Counted, error) {
	c, err := m.salesTable.Counted(ctx)
	m.then()
	return c, err
}

// TestSummaryWhileOrdersAreCounted: no order is in it twice, on a day that goes on or one that is closed meanwhile.
func TestSummaryWhileOrdersAreCounted(t *testing.T) {
	for _, later := range []time.Duration{time.Hour, 26 * time.Hour} {
		h := newHistory(t, "UTC", day(time.March, 1).Add(20*time.Hour))
		h.place(day(time.March, 1), line("A", 5, 1))
		h.counting(t)
		for at := range 8 {
			h.place(day(time.March, 1).Add(time.Duration(20+at)*time.Hour), line("A", 5, 1))
		}
		h.now = h.now.Add(later)
		table := movingTable{h.table, func() { h.counting(t) }}
		now := func() time.Time { return h.now }
		a := &Analytics{Feed: h.feed, Sales: table, Currency: "GBP", Zone: h.zone, Now: now}
		got, err := a.Summarize(t.Context(), day(time.March, 1), day(time.March, 31), 10)
		if err != nil || got.Orders != 9 || got.TopProducts[0].Units != 9 {
			t.Errorf("%s later: got %+v and error %v, want 9 orders", later, got, err)
		}
	}
}

// TestOtherCurrencies: what the store sold in another currency before is told apart.
func TestOtherCurrencies(t *testing.T) {
	h := newHistory(t, "UTC", day(time.March, 1))
	h.place(day(time.March, 1), line("A", 5, 1))
	abroad := Order{ID: "ord_eur", PlacedAt: day(time.March, 1), Lines: []Line{line("B", 3, 2)}}
	h.feed.orders = append(h.feed.orders, abroad)
	euros := &h.feed.orders[1]
	euros.Total.Amount, euros.Total.Currency = 6, "EUR"
	for range 2 {
		s, err := h.summary(day(time.March, 1), day(time.March, 1))
		others := fmt.Sprint([]any{euros.Total})
		if err != nil || s.Orders != 2 || s.Revenue != pounds(5) || fmt.Sprint(s.Others) != others {
			t.Errorf("got %+v and error %v, want 5 pounds and 6 euros", s, err)
		}
		if average, there := s.Average(); there {
			t.Errorf("the average of orders in two currencies is %v", average)
		}
		h.now = day(time.March, 2).Add(time.Hour)
		h.counting(t)
	}
}
