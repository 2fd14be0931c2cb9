package order

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"shop/internal/money"
	"shop/internal/validation"
)

// adasOrder is what adasRequest makes of onSale.
func adasOrder() Order {
	return Order{
		ID: "ord_6ixyvcsd6fatknuwprrgp3aujt", UserID: ada, Email: ada + "@example.com",
		Lines: []Line{
			{ProductID: "LAMP", Name: "Lamp", UnitPrice: pounds(339), Quantity: 3},
			{ProductID: "BOX", Name: "Box", UnitPrice: pounds(100), Quantity: 1},
		},
		Total: pounds(1117), PlacedAt: opened.Add(time.Second), Request: fingerprint(threeLampsOneBox, nil),
	}
}

func wantCalls(t *testing.T, s *shop, want ...string) {
	t.Helper()
	if !slices.Equal(s.calls, want) {
		t.Errorf("got the calls %q, want %q", s.calls, want)
	}
}

func wantOrder(t *testing.T, got Order, replayed bool, err error, want Order, wantReplayed bool) {
	t.Helper()
	if err != nil || replayed != wantReplayed || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, replayed %v and error %v, want %+v, %v and none", got, replayed, err, want, wantReplayed)
	}
}

// TestCheckoutIsThreeCalls: nothing else may enter the path of an accepted checkout.
func TestCheckoutIsThreeCalls(t *testing.T) {
	s := newShop(onSale())
	got, replayed, err := s.checkout(adasRequest())
	wantOrder(t, got, replayed, err, adasOrder(), false)
	wantCalls(t, s, "goods", "place", "announce")
	want := state{
		with(stocked("LAMP", 7), stocked("BOX", 4)), map[string]Order{got.ID: adasOrder()},
		map[string]int64{"LAMP": 3, "BOX": 1},
	}
	if !reflect.DeepEqual(s.state(), want) || len(s.missed) != 0 {
		t.Errorf("got %+v and missed %v, want %+v and none", s.state(), s.missed, want)
	}
}

func TestCheckoutKeepsTheExpectedTotal(t *testing.T) {
	s, r := newShop(onSale()), adasRequest()
	r.ExpectedTotal = expect(1117)
	got, _, err := s.checkout(r)
	if want := fingerprint(threeLampsOneBox, expect(1117)); err != nil || got.Request != want {
		t.Errorf("got the request %x and error %v, want %x", got.Request, err, want)
	}
}

// TestCheckoutAgain: the repeat of an accepted checkout answers its order, whatever became of the goods, and does
// nothing else.
func TestCheckoutAgain(t *testing.T) {
	for name, change := range map[string]func(Products){
		"as it was":       func(Products) {},
		"sold out":        stocked("LAMP", 0),
		"one too few":     stocked("LAMP", 2),
		"repriced":        priced("BOX", 101),
		"inactive":        inactive("BOX"),
		"gone":            missing("LAMP"),
		"over 10^12":      priced("LAMP", money.MaxAmount),
		"renamed":         changed("LAMP", func(g *Product) { g.Name = "Lantern" }),
		"all gone at all": func(goods Products) { clear(goods) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, expected := range []*money.Money{nil, expect(1117)} {
				s, r := newShop(onSale()), adasRequest()
				r.ExpectedTotal = expected
				first, _, err := s.checkout(r)
				if err != nil {
					t.Fatal(err)
				}
				s.change(change)
				before := s.state()
				s.calls = nil
				r.Items = []Item{{"BOX", 1}, {"LAMP", 1}, {"LAMP", 2}}
				got, replayed, err := s.checkout(r)
				wantOrder(t, got, replayed, err, first, true)
				if !reflect.DeepEqual(s.state(), before) || slices.Contains(s.calls, "announce") {
					t.Errorf("got %+v by %q, want %+v without announcing", s.state(), s.calls, before)
				}
			}
		})
	}
}

// TestCheckoutKeyReused: another request under the key of an accepted checkout is told so, whatever the state of the
// goods.
func TestCheckoutKeyReused(t *testing.T) {
	changes := map[string]func(Products){
		"as it was": func(Products) {}, "sold out": stocked("LAMP", 0), "missing": missing("LAMP"),
		"repriced": priced("LAMP", 1), "over 10^12": priced("LAMP", money.MaxAmount),
	}
	for name, other := range map[string]Request{
		"one more unit": request(ada, "536365", Item{"LAMP", 4}, Item{"BOX", 1}),
		"a line less":   request(ada, "536365", Item{"LAMP", 3}),
		"a line more":   request(ada, "536365", Item{"LAMP", 3}, Item{"BOX", 1}, Item{"CUP", 1}),
		"other product": request(ada, "536365", Item{"LAMP", 3}, Item{"CUP", 1}),
		"units swapped": request(ada, "536365", Item{"LAMP", 1}, Item{"BOX", 3}),
		"a total expected": {
			Customer: adasRequest().Customer, IdempotencyKey: "536365", Items: threeLampsOneBox,
			ExpectedTotal: expect(1117),
		},
	} {
		for state, change := range changes {
			t.Run(name+", "+state, func(t *testing.T) {
				s := newShop(onSale())
				if _, _, err := s.checkout(adasRequest()); err != nil {
					t.Fatal(err)
				}
				s.change(change)
				wantRefusal(t, s, other, ErrKeyReused)
			})
		}
	}
}

func TestCheckoutKeysAreEachCustomersOwn(t *testing.T) {
	s := newShop(onSale())
	for _, r := range []Request{
		adasRequest(), request("usr_eve", "536365", Item{"LAMP", 1}), request(ada, "536366", Item{"LAMP", 1}),
		request(ada, "536365 ", Item{"LAMP", 1}),
	} {
		if o, replayed, err := s.checkout(r); err != nil || replayed || o.UserID != r.Customer.UserID {
			t.Errorf("%s %q: got %+v, replayed %v and error %v, want an order of its own",
				r.Customer.UserID, r.IdempotencyKey, o, replayed, err)
		}
	}
	if len(s.orders) != 4 || s.sold["LAMP"] != 6 {
		t.Errorf("got %d orders of %d lamps, want 4 of 6", len(s.orders), s.sold["LAMP"])
	}
}

// wantRefusal checks out and expects want, with no order and no trace.
func wantRefusal(t *testing.T, s *shop, r Request, want error) {
	t.Helper()
	before := s.state()
	got, replayed, err := s.checkout(r)
	if !errors.Is(err, want) && !reflect.DeepEqual(err, want) {
		t.Errorf("got error %#v, want %#v", err, want)
	}
	if !reflect.DeepEqual(got, Order{}) || replayed {
		t.Errorf("got %+v, replayed %v, want nothing", got, replayed)
	}
	if !reflect.DeepEqual(s.state(), before) || slices.Contains(s.calls[max(0, len(s.calls)-1):], "announce") ||
		len(s.missed) != 0 {
		t.Errorf("got %+v and missed %v, want %+v and none", s.state(), s.missed, before)
	}
}

// TestCheckoutRefuses: a refusal comes after a look for the order, leaves no trace, and the key may be used again, for
// another request too.
func TestCheckoutRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(Products)
		want   error
	}{
		"missing":  {missing("LAMP"), &UnknownProductError{"LAMP"}},
		"inactive": {inactive("BOX"), &UnknownProductError{"BOX"}},
		"too many": {limited("LAMP", 2), &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}}},
		"sold out": {stocked("LAMP", 2), &OutOfStockError{[]Shortage{{"LAMP", 3, 2}}}},
		"repriced": {priced("LAMP", 340), &PriceChangedError{[]Price{{"LAMP", pounds(340)}, {"BOX", pounds(100)}}}},
		"over 10^12": {
			priced("LAMP", money.MaxAmount),
			validation.Errors{{Field: "items", Message: "must not cost more than 1000000000000 minor units in total"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newShop(with(c.change)), adasRequest()
			r.ExpectedTotal = expect(1117)
			wantRefusal(t, s, r, c.want)
			wantCalls(t, s, "goods", "accepted")
			s.goods = onSale()
			got, replayed, err := s.checkout(request(ada, "536365", Item{"BOX", 2}))
			if err != nil || replayed || got.Total != pounds(200) {
				t.Errorf("the key again: got %+v, replayed %v and error %v, want an order of 200", got, replayed, err)
			}
		})
	}
}

func TestCheckoutChecksBeforeItReads(t *testing.T) {
	r := adasRequest()
	for name, spoil := range map[string]func(*Request){
		"items":          func(r *Request) { r.Items = nil },
		"expected total": func(r *Request) { r.ExpectedTotal = &money.Money{Amount: 1117, Currency: "EUR"} },
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newShop(onSale()), r
			spoil(&r)
			_, _, err := s.checkout(r)
			var problems validation.Errors
			if !errors.As(err, &problems) {
				t.Errorf("got error %v, want validation.Errors", err)
			}
			wantCalls(t, s)
		})
	}
}

// TestCheckoutMeetsOthers: the goods were right when they were read, and are not when the order is written. The refusal
// is of what they are now, in the order of refusals, and comes after a look for the order.
func TestCheckoutMeetsOthers(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile []func(Products)
		want      error
	}{
		"limited": {
			[]func(Products){limited("LAMP", 2)}, &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}},
		},
		"limited and sold out": {
			[]func(Products){stocked("BOX", 0), limited("LAMP", 2)},
			&MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}},
		},
		"sold out": {[]func(Products){stocked("LAMP", 1)}, &OutOfStockError{[]Shortage{{"LAMP", 3, 1}}}},
		"both short": {
			[]func(Products){stocked("BOX", 0), stocked("LAMP", 0)},
			&OutOfStockError{[]Shortage{{"LAMP", 3, 0}, {"BOX", 1, 0}}},
		},
		"repriced": {[]func(Products){priced("BOX", 99)}, &PriceChangedError{[]Price{{"BOX", pounds(99)}}}},
		"both repriced": {
			[]func(Products){priced("BOX", 99), priced("LAMP", 0)},
			&PriceChangedError{[]Price{{"LAMP", pounds(0)}, {"BOX", pounds(99)}}},
		},
		"taken off": {[]func(Products){inactive("BOX")}, &UnknownProductError{"BOX"}},
		"gone":      {[]func(Products){missing("BOX")}, &UnknownProductError{"BOX"}},
		"short and repriced": {
			[]func(Products){stocked("LAMP", 2), priced("BOX", 99)}, &OutOfStockError{[]Shortage{{"LAMP", 3, 2}}},
		},
		"repriced and sold out": {
			[]func(Products){priced("LAMP", 1), stocked("LAMP", 2)}, &OutOfStockError{[]Shortage{{"LAMP", 3, 2}}},
		},
		"all of it": {
			[]func(Products){stocked("LAMP", 0), priced("LAMP", 1), inactive("BOX")}, &UnknownProductError{"BOX"},
		},
		"now over 10^12": {
			[]func(Products){priced("LAMP", money.MaxAmount)},
			validation.Errors{{Field: "items", Message: "must not cost more than 1000000000000 minor units in total"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(onSale())
			s.meanwhile["place"] = func(s *shop) { s.change(c.meanwhile...) }
			_, replayed, err := s.checkout(adasRequest())
			if !reflect.DeepEqual(err, c.want) || replayed {
				t.Errorf("got error %#v, replayed %v, want %#v", err, replayed, c.want)
			}
			wantCalls(t, s, "goods", "place", "accepted")
			if len(s.orders) != 0 || len(s.sold) != 0 {
				t.Errorf("got %v and sold %v, want nothing", s.orders, s.sold)
			}
		})
	}
}

// TestCheckoutMeetsItself: another attempt with the same key is quicker, between any two of our calls. There is one
// order, and it is the answer; for another request it is a reused key.
func TestCheckoutMeetsItself(t *testing.T) {
	lastThree := with(stocked("LAMP", 3))
	for name, c := range map[string]struct {
		goods Products
		at    string // the call before which the other attempt is accepted
		calls []string
	}{
		"before the reading":       {onSale(), "goods", []string{"goods", "place"}},
		"which takes the last":     {lastThree, "goods", []string{"goods", "accepted"}},
		"before the writing":       {onSale(), "place", []string{"goods", "place"}},
		"by the last of the goods": {lastThree, "place", []string{"goods", "place"}},
		"before the look for it":   {with(stocked("LAMP", 2)), "accepted", []string{"goods", "accepted"}},
	} {
		for _, other := range []Request{adasRequest(), request(ada, "536365", Item{"LAMP", 2}, Item{"BOX", 1})} {
			same := fingerprint(other.Items, nil) == fingerprint(threeLampsOneBox, nil)
			t.Run(fmt.Sprint(name, same), func(t *testing.T) {
				s := newShop(maps.Clone(c.goods))
				var first Order
				s.meanwhile[c.at] = func(s *shop) {
					quicker := newShop(onSale())
					first, _, _ = quicker.checkout(other)
					s.orders = quicker.orders
					for _, line := range first.Lines {
						stocked(line.ProductID, s.goods[line.ProductID].Stock-line.Quantity)(s.goods)
					}
				}
				got, replayed, err := s.checkout(adasRequest())
				if same {
					wantOrder(t, got, replayed, err, first, true)
				} else if !errors.Is(err, ErrKeyReused) || replayed {
					t.Errorf("got error %v, replayed %v, want %v", err, replayed, ErrKeyReused)
				}
				if len(s.orders) != 1 || len(s.sold) != 0 {
					t.Errorf("got %v and sold %v besides, want the first alone", s.orders, s.sold)
				}
				wantCalls(t, s, c.calls...)
			})
		}
	}
}

// TestCheckoutBusy: a store that could not settle it in time is passed on, from the writing and from the look for the
// order.
func TestCheckoutBusy(t *testing.T) {
	for name, c := range map[string]struct {
		call  string
		goods Products
	}{"writing": {"place", onSale()}, "looking": {"accepted", with(missing("LAMP"))}} {
		for _, fails := range []error{ErrBusy, errDown} {
			t.Run(fmt.Sprint(name, " ", fails), func(t *testing.T) {
				s := newShop(maps.Clone(c.goods))
				s.fails[c.call] = fmt.Errorf("at the store: %w", fails)
				wantRefusal(t, s, adasRequest(), fails)
			})
		}
	}
}

func TestCheckoutCannotReadGoods(t *testing.T) {
	s := newShop(onSale())
	s.fails["goods"] = errDown
	wantRefusal(t, s, adasRequest(), errDown)
	wantCalls(t, s, "goods")
}

// TestCheckoutLostAnswer: the order was placed, but nobody knows. The repeat settles it.
func TestCheckoutLostAnswer(t *testing.T) {
	s := newShop(with(stocked("LAMP", 3)))
	s.lost = ErrBusy
	if _, _, err := s.checkout(adasRequest()); !errors.Is(err, ErrBusy) {
		t.Errorf("got error %v, want %v", err, ErrBusy)
	}
	got, replayed, err := s.checkout(adasRequest())
	wantOrder(t, got, replayed, err, adasOrder(), true)
	if len(s.orders) != 1 || s.sold["LAMP"] != 3 {
		t.Errorf("got %d orders of %d lamps, want 1 of 3", len(s.orders), s.sold["LAMP"])
	}
}

// blindStore rejects orders and tells of goods that are as they should be.
type blindStore struct{ *shop }

func (b blindStore) Place(context.Context, Order, Products, func() time.Time) (Order, error) {
	_ = b.call("place")
	return Order{}, &RejectedError{Failed: map[string]Product{"LAMP": b.goods["LAMP"]}}
}

// TestCheckoutRejectedForNoReason: what the store tells explains nothing, so the customer is to try again.
func TestCheckoutRejectedForNoReason(t *testing.T) {
	s := newShop(onSale())
	c := &Checkout{Store: blindStore{s}, Announce: s.OrderPlaced, Currency: "GBP", Now: func() time.Time {
		return opened
	}}
	got, replayed, err := c.Do(t.Context(), adasRequest())
	if !errors.Is(err, ErrBusy) || replayed || !reflect.DeepEqual(got, Order{}) {
		t.Errorf("got %+v, replayed %v and error %v, want %v", got, replayed, err, ErrBusy)
	}
	wantCalls(t, s, append([]string{"goods"}, slices.Repeat([]string{"place"}, placeAttempts)...)...)
}

// TestCheckoutAcrossTheLowMark: a stock that crossed the mark since it was seen, by sales or by a delivery, is sold
// from all the same, and once; what is not enough any more is refused.
func TestCheckoutAcrossTheLowMark(t *testing.T) {
	for _, c := range []struct{ seen, met int64 }{{9, 8}, {8, 9}, {100, 3}, {3, 100}, {9, 2}} {
		goods := onSale()
		stocked("LAMP", c.seen)(goods)
		s := newShop(goods)
		s.meanwhile["place"] = func(s *shop) {
			if s.sold["LAMP"] == 0 && len(s.calls) == 2 {
				stocked("LAMP", c.met)(s.goods)
			}
		}
		got, replayed, err := s.checkout(adasRequest())
		if c.met < 3 {
			var short *OutOfStockError
			if !errors.As(err, &short) || len(s.orders) > 0 {
				t.Errorf("%+v: got %+v and error %v, want a shortage", c, got, err)
			}
			continue
		}
		if err != nil || replayed || len(s.orders) != 1 || s.goods["LAMP"].Stock != c.met-3 {
			t.Errorf("%+v: got error %v, %d orders and %d left, want one and %d",
				c, err, len(s.orders), s.goods["LAMP"].Stock, c.met-3)
		}
	}
}

// TestCheckoutNotAnnounced: the mail is pending with the order, so a queue that is down fails no checkout.
func TestCheckoutNotAnnounced(t *testing.T) {
	s := newShop(onSale())
	s.fails["announce"] = errDown
	got, replayed, err := s.checkout(adasRequest())
	wantOrder(t, got, replayed, err, adasOrder(), false)
	wantCalls(t, s, "goods", "place", "announce")
	if want := []string{got.ID}; !slices.Equal(s.missed, want) || !reflect.DeepEqual(s.orders[got.ID], got) {
		t.Errorf("got missed %v and stored %v, want %v and the order", s.missed, s.orders, want)
	}
}

func TestErrorsTell(t *testing.T) {
	for want, err := range map[string]error{
		"out of stock":                   &OutOfStockError{},
		"price changed":                  &PriceChangedError{},
		"no product LAMP":                &UnknownProductError{ProductID: "LAMP"},
		"order exists":                   &RejectedError{Existing: &Order{}},
		"2 products are not as expected": &RejectedError{Failed: map[string]Product{"LAMP": {}, "BOX": {}}},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestSyntheticOrder: an order is synthetic if its customer is the one that tries the store; without one none is, not
// even of a customer without an address.
func TestSyntheticOrder(t *testing.T) {
	for name, c := range map[string]struct {
		synthetic, email string
		want             bool
	}{
		"that customer": {"s@example.com", "s@example.com", true},
		"another one":   {"s@example.com", "a@example.com", false},
		"there is none": {"", "", false},
	} {
		s := newShop(onSale())
		checkout := Checkout{
			Store: s, Announce: s.OrderPlaced, Currency: "GBP", Now: func() time.Time { return opened },
			SyntheticCustomer: c.synthetic,
		}
		r := adasRequest()
		r.Customer.Email = c.email
		placed, _, err := checkout.Do(t.Context(), r)
		if err != nil || placed.Synthetic != c.want {
			t.Errorf("%s: synthetic is %v, %v, want %v", name, placed.Synthetic, err, c.want)
		}
	}
}
