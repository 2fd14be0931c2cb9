package order

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"shop/internal/validation"
)

// trade is a shop, what is known of it from outside, and what the contract says it must answer.
type trade struct {
	*shop
	stocked  map[string]int64  // units ever stocked, less those taken out, by product
	accepted map[string]Order  // the first answer, by customer and key
	asked    map[string]string // what was asked for in that request
	sent     []Request
}

var (
	tradedProducts = []string{"LAMP", "BOX", "CUP"}
	tradedPrices   = []int64{0, 1, 100, 500_000_000_000}
)

func newTrade(t *rapid.T) *trade {
	tr := &trade{newShop(Products{}), map[string]int64{}, map[string]Order{}, map[string]string{}, nil}
	for _, id := range tradedProducts {
		tr.goods[id] = Product{Name: "a " + id, Price: pounds(1), Active: true}
		tr.restock(id, rapid.Int64Range(0, 20).Draw(t, "stock of "+id))
	}
	return tr
}

func (tr *trade) restock(id string, stock int64) {
	tr.stocked[id] += stock - tr.goods[id].Stock
	tr.change(stocked(id, stock))
}

// adminChange is one thing that an admin does. Most leave the product for sale, so that much is sold. A product that is
// gone leaves with its stock.
func (tr *trade) adminChange(t *rapid.T) {
	id := rapid.SampledFrom(tradedProducts).Draw(t, "product")
	switch rapid.SampledFrom([]string{"stock", "stock", "price", "limit", "rename", "on", "on", "on", "off", "gone"}).
		Draw(t, "change") {
	case "stock":
		tr.restock(id, rapid.Int64Range(0, 20).Draw(t, "stock"))
	case "price":
		tr.change(priced(id, rapid.SampledFrom(tradedPrices).Draw(t, "price")))
	case "limit":
		tr.change(limited(id, rapid.Int64Range(0, 6).Draw(t, "limit")))
	case "on":
		tr.change(changed(id, func(g *Product) { g.Active = true }))
	case "off":
		tr.change(inactive(id))
	case "rename":
		tr.change(changed(id, func(g *Product) { g.Name += "!" }))
	case "gone":
		tr.restock(id, 0)
		tr.change(missing(id))
	}
}

// draw draws a request: a new one, or one that was sent before, often with its lines put otherwise.
func (tr *trade) draw(t *rapid.T) Request {
	if len(tr.sent) > 0 && rapid.Bool().Draw(t, "sent before") {
		r := rapid.SampledFrom(tr.sent).Draw(t, "request")
		r.Items = split(t, r.Items)
		return r
	}
	line := rapid.Custom(func(t *rapid.T) Item {
		return Item{rapid.SampledFrom(tradedProducts).Draw(t, "product"), rapid.Int64Range(1, 3).Draw(t, "quantity")}
	})
	customer, key := rapid.SampledFrom([]string{"usr_ada", "usr_eve"}).Draw(t, "customer"),
		rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "key")
	r := request(customer, key, rapid.SliceOfN(line, 1, 3).Draw(t, "items")...)
	switch rapid.SampledFrom([]string{"none", "right", "any"}).Draw(t, "the total expected") {
	case "right":
		r.ExpectedTotal = expect(min(tr.total(r), 1_000_000_000_000))
	case "any":
		r.ExpectedTotal = expect(rapid.Int64Range(0, 6).Draw(t, "total"))
	}
	tr.sent = append(tr.sent, r)
	return r
}

// total is what the request costs now.
func (tr *trade) total(r Request) int64 {
	var total int64
	for _, item := range r.Items {
		total += tr.goods[item.ProductID].Price.Amount * item.Quantity
	}
	return total
}

func attempt(r Request) string { return r.Customer.UserID + " " + r.IdempotencyKey }

// what tells a request from others under its key: by the contract's words, not by the fingerprint.
func what(r Request) string { return fmt.Sprint(sums(r.Items), show(r.ExpectedTotal)) }

// verdict is what the contract says to a checkout, when nobody comes between: an error of this type, or nil.
func (tr *trade) verdict(r Request) any {
	var short, tooMany bool
	for id, units := range sums(r.Items) {
		good := tr.goods[id]
		if !good.Active {
			return &UnknownProductError{}
		}
		short = short || good.Stock < units
		tooMany = tooMany || good.MaxPerOrder > 0 && good.MaxPerOrder < units
	}
	switch {
	case tooMany:
		return &MaxPerOrderExceededError{}
	case short:
		return &OutOfStockError{}
	case tr.total(r) > 1_000_000_000_000:
		return validation.Errors{}
	case r.ExpectedTotal != nil && r.ExpectedTotal.Amount != tr.total(r):
		return &PriceChangedError{}
	}
	return nil
}

// checkoutAlone checks out when nobody comes between, and holds the answer to the contract.
func (tr *trade) checkoutAlone(t *rapid.T) {
	r := tr.draw(t)
	before, want := tr.state(), tr.verdict(r)
	first, known := tr.accepted[attempt(r)]
	got, replayed, err := tr.checkout(r)
	switch {
	case known && tr.asked[attempt(r)] == what(r):
		if err != nil || !replayed || !reflect.DeepEqual(got, first) {
			t.Fatalf("the repeat got %+v, replayed %v and error %v, want %+v", got, replayed, err, first)
		}
	case known:
		if !errors.Is(err, ErrKeyReused) {
			t.Fatalf("got error %v, want %v", err, ErrKeyReused)
		}
	case want == nil:
		if err != nil || replayed {
			t.Fatalf("got replayed %v and error %v, want an order", replayed, err)
		}
		tr.accept(t, r, got)
		return
	case reflect.TypeOf(err) != reflect.TypeOf(want):
		t.Fatalf("got error %v, want a %T", err, want)
	}
	if !reflect.DeepEqual(tr.state(), before) {
		t.Fatalf("got %+v after %v, want %+v", tr.state(), err, before)
	}
}

// checkoutAmidst checks out while others come between the calls, answers are lost and the queue is down now and then.
// Which of the refusals comes is left open; that the invariants hold is not.
func (tr *trade) checkoutAmidst(t *rapid.T) {
	r := tr.draw(t)
	for _, call := range []string{"goods", "place", "accepted"} {
		if rapid.Bool().Draw(t, "others before "+call) {
			tr.meanwhile[call] = func(*shop) {
				delete(tr.meanwhile, call)
				tr.other(t, r)
			}
		}
	}
	tr.lost = rapid.SampledFrom([]error{nil, ErrBusy}).Draw(t, "lost answer")
	tr.fails["announce"] = rapid.SampledFrom([]error{nil, errDown}).Draw(t, "announcing")
	got, replayed, err := tr.checkout(r)
	clear(tr.meanwhile)
	clear(tr.fails)
	tr.lost = nil
	tr.checkOutcome(t, r, got, replayed, err)
}

// other is what others do meanwhile: an admin, another customer, or the same one in another attempt with the same key.
func (tr *trade) other(t *rapid.T, r Request) {
	lost := tr.lost
	tr.lost = nil
	defer func() { tr.lost = lost }()
	if rapid.Bool().Draw(t, "an admin") {
		tr.adminChange(t)
		return
	}
	if !rapid.Bool().Draw(t, "the same request") {
		r = tr.draw(t)
	}
	got, replayed, err := tr.checkout(r)
	tr.checkOutcome(t, r, got, replayed, err)
}

// checkOutcome takes note of an answer: an order is new, or equals the first answer to its key, of the same request.
func (tr *trade) checkOutcome(t *rapid.T, r Request, got Order, replayed bool, err error) {
	first, known := tr.accepted[attempt(r)]
	switch {
	case errors.Is(err, ErrBusy):
		if placed, exists := tr.orders[ID(r.Customer.UserID, r.IdempotencyKey)]; exists && !known {
			tr.accept(t, r, placed)
		}
	case err != nil:
		if !reflect.DeepEqual(got, Order{}) || replayed {
			t.Fatalf("got %+v, replayed %v with error %v, want nothing", got, replayed, err)
		}
	case known:
		if !replayed || tr.asked[attempt(r)] != what(r) || !reflect.DeepEqual(got, first) {
			t.Fatalf("got %+v, replayed %v, want the repeat of %+v", got, replayed, first)
		}
	default:
		if replayed {
			t.Fatalf("got %+v for a repeat, want it new", got)
		}
		tr.accept(t, r, got)
	}
}

func (tr *trade) accept(t *rapid.T, r Request, o Order) {
	if _, twice := tr.accepted[attempt(r)]; twice {
		t.Fatalf("%s was accepted twice", attempt(r))
	}
	units := map[string]int64{}
	for _, line := range o.Lines {
		units[line.ProductID] += line.Quantity
	}
	if !reflect.DeepEqual(units, sums(r.Items)) || o.UserID != r.Customer.UserID || o.Total.Amount > 1_000_000_000_000 {
		t.Fatalf("got %+v, want what was asked for: %+v", o, r)
	}
	if r.ExpectedTotal != nil && o.Total != *r.ExpectedTotal {
		t.Fatalf("got the total %v, want the one agreed to: %v", o.Total, *r.ExpectedTotal)
	}
	tr.accepted[attempt(r)], tr.asked[attempt(r)] = o, what(r)
}

// hold checks the invariants: nothing is oversold or lost, and each accepted checkout is one order, which stays as it
// was.
func (tr *trade) hold(t *rapid.T) {
	sold := map[string]int64{}
	for _, o := range tr.accepted {
		for _, line := range o.Lines {
			sold[line.ProductID] += line.Quantity
		}
		if !reflect.DeepEqual(tr.orders[o.ID], o) {
			t.Fatalf("stored %+v, want %+v", tr.orders[o.ID], o)
		}
	}
	for _, id := range tradedProducts {
		if stock := tr.goods[id].Stock; stock < 0 || sold[id]+stock != tr.stocked[id] {
			t.Fatalf("%s: %d sold and %d in stock, want %d in all", id, sold[id], stock, tr.stocked[id])
		}
	}
	if len(tr.orders) != len(tr.accepted) {
		t.Fatalf("got %d orders, want one for each of %d accepted checkouts", len(tr.orders), len(tr.accepted))
	}
}

// TestCheckoutLaws sends random checkouts of few customers, keys and products among random changes.
func TestCheckoutLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tr := newTrade(t)
		t.Repeat(map[string]func(*rapid.T){
			"alone":  tr.checkoutAlone,
			"amidst": tr.checkoutAmidst,
			"admin":  tr.adminChange,
			"":       tr.hold,
		})
	})
}
