package e2e

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func history(from caller) call { return call{method: "GET", path: "/admin/orders", from: from} }

// TestHistoryOfACustomer: newest first, page by page.
func TestHistoryOfACustomer(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	want := placeSome(t, c, 5)
	list := history(admin(t)).with("customer", c.UserID)
	wantOrders(t, settledOrders(t, list, 5), want)
	for size, sizes := range map[string][]int{"1": {1, 1, 1, 1, 1}, "2": {2, 2, 1}, "5": {5}} {
		wantPages[order](t, list, size, sizes...)
	}
	for _, nobody := range []string{
		"usr_01890a5d-ac96-774b-bcce-b302099a8057", "nobody", "💡", strings.Repeat("a", 100),
	} {
		if got := pageOf[order](t, history(admin(t)).with("customer", nobody)); len(got.Items) != 0 ||
			got.NextCursor != nil {
			t.Errorf("history of %.20s = %+v, want an empty page", nobody, got)
		}
	}
}

// TestHistoryByStatus: an order is in the list of the status that it has, and in no other. Placed orders have no list
// of their own, and a status does not go with a customer.
func TestHistoryByStatus(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	orders := placeSome(t, c, 1)
	id := orders[0].OrderID
	listed := func(status string) func() bool {
		list := history(admin(t)).with("status", status).with("limit", "100")
		return func() bool {
			return slices.ContainsFunc(allPages[order](t, list), func(o order) bool { return o.OrderID == id })
		}
	}
	step(t, id, "placed", "packed")
	eventually(t, time.Minute, "the order is among the packed ones", listed("packed"))
	step(t, id, "packed", "shipped")
	eventually(t, time.Minute, "the order is among the shipped ones", listed("shipped"))
	eventually(t, time.Minute, "the order is not among the packed ones", func() bool { return !listed("packed")() })
	for _, q := range []call{
		history(admin(t)).with("status", "placed"), history(admin(t)).with("status", "lost"),
		history(admin(t)).with("status", "packed").with("customer", c.UserID),
	} {
		send(t, q).refused(t, http.StatusBadRequest, "invalid_request")
	}
}

// TestHistoryIsCompleteUntil: each page says so, of a minute before it was read.
func TestHistoryIsCompleteUntil(t *testing.T) {
	t.Parallel()
	before := time.Now()
	got := decode[struct {
		CompleteUntil time.Time `json:"complete_until"`
	}](t, send(t, history(admin(t)).with("limit", "1")).want(t, http.StatusOK))
	if least, most := before.Add(-61*time.Second), time.Now().Add(-59*time.Second); got.CompleteUntil.Before(least) ||
		got.CompleteUntil.After(most) {
		t.Errorf("complete_until = %s, want a minute ago", got.CompleteUntil)
	}
}

// TestHistoryAsCSV: the pages have the orders that the list has, and each leads to the next.
func TestHistoryAsCSV(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	placed := placeSome(t, c, 3)
	ownOrders(t, c, 3)
	var got []string
	next := url.Values{"format": {"csv"}, "limit": {"2"}, "customer": {c.UserID}}
	for pages := 0; next != nil; pages++ {
		list := history(admin(t))
		for name := range next {
			list = list.with(name, next.Get(name))
		}
		a := send(t, list)
		rows, err := csv.NewReader(bytes.NewReader(a.body)).ReadAll()
		if err != nil || a.status != http.StatusOK || pages > 1 {
			t.Fatalf("page %d is %s\n%s\n%v", pages, a.header.Get("Content-Type"), a.body, err)
		}
		for _, row := range rows[1:] {
			got = append(got, row[0])
		}
		next = nextPage(t, a.header.Get("Link"))
	}
	want := make([]string, len(placed))
	for i, o := range placed {
		want[i] = o.OrderID
	}
	if !slices.Equal(slices.Compact(got), want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// nextPage reads the query of a Link, or returns nil for none.
func nextPage(t *testing.T, link string) url.Values {
	t.Helper()
	if link == "" {
		return nil
	}
	query, isNext := strings.CutSuffix(strings.TrimPrefix(link, "<?"), `>; rel="next"`)
	values, err := url.ParseQuery(query)
	if err != nil || !isNext {
		t.Fatalf("the Link is %s, %v", link, err)
	}
	return values
}

// TestHistoryByTime: from is inclusive, to is exclusive, in any offset, for
// one customer as for all.
func TestHistoryByTime(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	placed := placeSome(t, c, 3)
	ownOrders(t, c, 3)
	oldest, middle, newest := placed[2], placed[1], placed[0]
	tests := map[string]struct {
		from, to string
		want     []order
	}{
		"from":               {middle.PlacedAt, "", []order{newest, middle}},
		"to":                 {"", middle.PlacedAt, []order{oldest}},
		"both":               {oldest.PlacedAt, newest.PlacedAt, []order{middle, oldest}},
		"one instant":        {middle.PlacedAt, middle.PlacedAt, nil},
		"another offset":     {offset(t, middle.PlacedAt, 5*60+30), "", []order{newest, middle}},
		"offset to the west": {"", offset(t, middle.PlacedAt, -8*60), []order{oldest}},
		"whole seconds":      {oldest.PlacedAt[:17] + "00Z", "2999-12-31T23:59:59Z", placed},
		"long ago":           {"1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z", nil},
		"nanoseconds":        {strings.TrimSuffix(middle.PlacedAt, "Z") + "000000Z", "", []order{newest, middle}},
		"a little later":     {strings.TrimSuffix(middle.PlacedAt, "Z") + "000001Z", "", []order{newest}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			list := between(history(admin(t)), tt.from, tt.to)
			wantOrders(t, allPages[order](t, list.with("customer", c.UserID)), tt.want)
			if tt.from != "" {
				wantOrders(t, ofCustomer(allPages[order](t, list), c), tt.want)
			}
		})
	}
}

func between(c call, from, to string) call {
	if from != "" {
		c = c.with("from", from)
	}
	if to != "" {
		c = c.with("to", to)
	}
	return c
}

func ofCustomer(orders []order, c caller) []order {
	return slices.DeleteFunc(orders, func(o order) bool { return o.UserID != c.UserID })
}

// offset writes the instant as a clock some minutes east of UTC shows it.
func offset(t *testing.T, instant string, minutes int) string {
	t.Helper()
	at, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		t.Fatal(err)
	}
	return at.In(time.FixedZone("", minutes*60)).Format("2006-01-02T15:04:05.000Z07:00")
}

// TestWholeHistory: the shards are merged, newest first, no order lost between
// two pages and none shown twice.
func TestWholeHistory(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	placed := placeSome(t, c, 12)
	ownOrders(t, c, 12)
	list := history(admin(t)).with("from", placed[11].PlacedAt)
	for _, limit := range []string{"1", "7", "100"} {
		all := allPages[order](t, list.with("limit", limit))
		wantOrders(t, ofCustomer(slices.Clone(all), c), placed)
		if !slices.IsSortedFunc(all, func(a, b order) int { return strings.Compare(b.PlacedAt, a.PlacedAt) }) {
			t.Errorf("in pages of %s the history is not newest first", limit)
		}
	}
}

// TestHistoryByEmail: an address is whose it is now, as the answer says; nobody's has no orders.
func TestHistoryByEmail(t *testing.T) {
	t.Parallel()
	boss, c := admin(t), newCustomer(t)
	o := newOrder(t, c, one(newProduct(t).ProductID))
	type found struct {
		Items    []order `json:"items"`
		Customer string  `json:"customer"`
	}
	byEmail := history(boss).with("email", " "+strings.ToUpper(c.Email))
	eventually(t, time.Minute, "the order is listed", func() bool {
		got := decode[found](t, send(t, byEmail).want(t, http.StatusOK))
		return len(got.Items) == 1 && got.Items[0].OrderID == o.OrderID && got.Customer == c.UserID
	})
	if got := decode[found](
		t, send(t, history(boss).with("email", freshEmail())).want(t, http.StatusOK),
	); len(got.Items) > 0 || got.Customer != "" {
		t.Errorf("nobody's address has %+v", got)
	}
	send(t, deleteAccount(c, password)).want(t, http.StatusNoContent)
	if got := decode[found](t, send(t, byEmail).want(t, http.StatusOK)); len(got.Items) > 0 || got.Customer != "" {
		t.Errorf("the address of a deleted account has %+v", got)
	}
}
