package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var orderID = regexp.MustCompile(`^ord_[a-z2-7]{26}$`)

func TestPlaceOrder(t *testing.T) {
	t.Parallel()
	c, lamp, vase := newCustomer(t), newProduct(t), newProduct(t, priced(350))
	total := pounds(2*1999 + 3*350)
	a := send(t, place(c, unique(), checkout{[]line{some(lamp.ProductID, 2), some(vase.ProductID, 3)}, &total}))
	got := accepted(t, a)
	if !orderID.MatchString(got.OrderID) {
		t.Errorf("order_id = %q", got.OrderID)
	}
	wantNow(t, "placed_at", got.PlacedAt)
	want := order{
		OrderID: got.OrderID, UserID: c.UserID, Email: c.Email, Status: "placed",
		Items: []orderLine{bought(lamp, 2), bought(vase, 3)}, Total: total, PlacedAt: got.PlacedAt,
		EmailStatus: "pending",
	}
	if !equalJSON(byID(got), byID(want)) {
		t.Errorf("order = %+v, want %+v", got, want)
	}
	wantLocation(t, a, c, got)
	wantStock(t, lamp.ProductID, 8)
	wantStock(t, vase.ProductID, 7)
}

// wantLocation follows the Location of a new order as a client would.
func wantLocation(t *testing.T, a answer, from caller, want order) {
	t.Helper()
	location, err := url.Parse(a.header.Get("Location"))
	if err != nil || !location.IsAbs() || location.Host == "" {
		t.Fatalf("Location = %q, want an absolute URL", a.header.Get("Location"))
	}
	base, found := strings.CutSuffix(location.String(), "/orders/"+want.OrderID)
	if !found {
		t.Fatalf("Location = %s, want the order's", location)
	}
	c := getOrder(from, want.OrderID)
	c.base = base
	wantSameOrder(t, decode[order](t, send(t, c).want(t, http.StatusOK)), want)
}

// TestMergedLines: lines of one product are one line, checked as one.
func TestMergedLines(t *testing.T) {
	t.Parallel()
	c, p := newCustomer(t), newProduct(t)
	id := p.ProductID
	got := newOrder(t, c, some(id, 2), some(id, 3), some(id, 1))
	if len(got.Items) != 1 || got.Items[0] != bought(p, 6) {
		t.Errorf("items = %+v, want one line of 6", got.Items)
	}
	wantStock(t, id, 4)
	refused := send(t, place(c, unique(), basket(some(id, 3), some(id, 2)))).
		refused(t, http.StatusConflict, "out_of_stock")
	wantShort(t, refused, short(id, 5, 4))
	wantStock(t, id, 4)
}

func short(id string, requested, available int64) refusedLine {
	return refusedLine{ProductID: id, Requested: &requested, Available: &available}
}

func excess(id string, requested, allowed int64) refusedLine {
	return refusedLine{ProductID: id, Requested: &requested, Allowed: &allowed}
}

func repriced(id string, minor int64) refusedLine {
	price := pounds(minor)
	return refusedLine{ProductID: id, Price: &price}
}

// wantShort fails unless the problem lists exactly these lines, in any order.
func wantShort(t *testing.T, p problem, want ...refusedLine) {
	t.Helper()
	byID := func(a, b refusedLine) int { return strings.Compare(a.ProductID, b.ProductID) }
	got := slices.SortedFunc(slices.Values(p.Items), byID)
	if want := slices.SortedFunc(slices.Values(want), byID); !equalJSON(got, want) {
		t.Errorf("items = %+v, want %+v", p.Items, want)
	}
}

func TestOutOfStockListsEveryShortLine(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	enough, few, none := newProduct(t), newProduct(t, stocked(2)), newProduct(t, withoutStock)
	body := basket(some(enough.ProductID, 1), some(few.ProductID, 3), some(none.ProductID, 1))
	refused := send(t, place(c, unique(), body)).refused(t, http.StatusConflict, "out_of_stock")
	wantShort(t, refused, short(few.ProductID, 3, 2), short(none.ProductID, 1, 0))
	wantStock(t, enough.ProductID, 10)
	wantStock(t, few.ProductID, 2)
}

// TestMaxPerOrder: every line with too many units, after merging, is listed with what is allowed. An order that was
// accepted before is answered again.
func TestMaxPerOrder(t *testing.T) {
	t.Parallel()
	c, few, single, free := newCustomer(t), newProduct(t, limited(2)), newProduct(t, limited(1)), newProduct(t)
	body := basket(some(few.ProductID, 2), some(single.ProductID, 2), some(free.ProductID, 3), some(few.ProductID, 1))
	refused := send(t, place(c, unique(), body)).refused(t, http.StatusConflict, "max_per_order_exceeded")
	wantShort(t, refused, excess(few.ProductID, 3, 2), excess(single.ProductID, 2, 1))
	wantStock(t, few.ProductID, 10)
	key, fits := unique(), basket(some(few.ProductID, 2), some(single.ProductID, 1))
	first := accepted(t, send(t, place(c, key, fits)))
	resave(t, few, limited(1))
	wantSameOrder(t, replayed(t, send(t, place(c, key, fits))), first)
	send(t, place(c, unique(), fits)).refused(t, http.StatusConflict, "max_per_order_exceeded")
	wantStock(t, few.ProductID, 8)
}

// TestPriceChanged: at another total than the customer agreed to there is no
// order. The request names no line's price, so all lines are listed.
func TestPriceChanged(t *testing.T) {
	t.Parallel()
	c, lamp, vase := newCustomer(t), newProduct(t), newProduct(t, priced(350))
	seen := pounds(1999 + 350)
	resave(t, lamp, priced(2499))
	body := checkout{[]line{one(lamp.ProductID), one(vase.ProductID)}, &seen}
	refused := send(t, place(c, unique(), body)).refused(t, http.StatusConflict, "price_changed")
	wantShort(t, refused, repriced(lamp.ProductID, 2499), repriced(vase.ProductID, 350))
	for _, off := range []int64{0, 2848, 2850, 1_000_000_000_000} {
		total := pounds(off)
		body.ExpectedTotal = &total
		send(t, place(c, unique(), body)).refused(t, http.StatusConflict, "price_changed")
	}
	wantStock(t, lamp.ProductID, 10)
	agreed := pounds(2849)
	body.ExpectedTotal = &agreed
	accepted(t, send(t, place(c, unique(), body)))
}

func TestUnknownAndInactiveProducts(t *testing.T) {
	t.Parallel()
	c, known, off := newCustomer(t), newProduct(t), newProduct(t, inactive)
	for _, id := range []string{"e2e-" + unique(), off.ProductID, strings.ToUpper(known.ProductID)} {
		body := basket(one(known.ProductID), one(id))
		send(t, place(c, unique(), body)).refused(t, http.StatusNotFound, "product_not_found")
	}
	wantStock(t, known.ProductID, 10)
	wantStock(t, off.ProductID, 10)
}

// TestLargestOrder: a transaction takes 98 goods, the order and its mail.
func TestLargestOrder(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	ids := newProducts(t, 99)
	var lines []line
	for n, id := range ids {
		lines = append(lines, some(id, int64(n%3)+1))
	}
	refused := send(t, place(c, unique(), basket(lines...))).refused(t, http.StatusBadRequest, "invalid_request")
	wantField(t, refused, "items")
	key := unique()
	got := accepted(t, send(t, place(c, key, basket(append(lines[:98:98], one(ids[0]), one(ids[97]))...))))
	if len(got.Items) != 98 {
		t.Errorf("%d lines, want 98", len(got.Items))
	}
	wantStock(t, ids[0], 8)
	wantStock(t, ids[98], 10)
	wantSameOrder(t, seeOrder(t, c, got.OrderID), got)
	slices.Reverse(lines[:98])
	wantSameOrder(t, replayed(t, send(t, place(c, key, basket(append(lines[:98:98], one(ids[0]), one(ids[97]))...)))),
		got)
	wantStock(t, ids[0], 8)
}
