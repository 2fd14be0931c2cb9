package order

import (
	"errors"
	"maps"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/validation"
)

// onSale is a lamp at £3.39, of which there are ten, and a box at £1, of which there are five.
func onSale() Products {
	return Products{
		"LAMP": {Name: "Lamp", Price: pounds(339), Stock: 10, Active: true},
		"BOX":  {Name: "Box", Price: pounds(100), Stock: 5, Active: true},
	}
}

// with returns onSale after the changes.
func with(changes ...func(Products)) Products {
	goods := onSale()
	for _, change := range changes {
		change(goods)
	}
	return goods
}

func priced(id string, amount int64) func(Products) {
	return changed(id, func(g *Product) { g.Price = pounds(amount) })
}

func stocked(id string, stock int64) func(Products) {
	return changed(id, func(g *Product) { g.Stock = stock })
}

func limited(id string, most int64) func(Products) {
	return changed(id, func(g *Product) { g.MaxPerOrder = most })
}

func inactive(id string) func(Products) {
	return changed(id, func(g *Product) { g.Active = false })
}

func missing(id string) func(Products) {
	return func(goods Products) { delete(goods, id) }
}

func changed(id string, change func(*Product)) func(Products) {
	return func(goods Products) {
		good := goods[id]
		change(&good)
		goods[id] = good
	}
}

// threeLampsOneBox costs £11.17.
var threeLampsOneBox = []Item{{"LAMP", 3}, {"BOX", 1}}

func TestQuote(t *testing.T) {
	lines := []Line{
		{ProductID: "LAMP", Name: "Lamp", UnitPrice: pounds(339), Quantity: 3},
		{ProductID: "BOX", Name: "Box", UnitPrice: pounds(100), Quantity: 1},
	}
	for name, c := range map[string]struct {
		goods, seen Products
		expected    *money.Money
	}{
		"no total expected":     {goods: onSale()},
		"the total expected":    {goods: onSale(), expected: expect(1117)},
		"seen at this price":    {goods: onSale(), seen: onSale()},
		"as many as allowed":    {goods: with(limited("LAMP", 3), limited("BOX", 2))},
		"the last of them":      {goods: with(stocked("LAMP", 3), stocked("BOX", 1))},
		"not seen before":       {goods: onSale(), seen: Products{}},
		"seen with other stock": {goods: onSale(), seen: with(stocked("LAMP", 0), inactive("BOX"))},
		"others changed, unused": {goods: with(func(g Products) {
			g["CUP"] = Product{}
		}), seen: with(func(g Products) { g["CUP"] = Product{Price: pounds(1)} })},
	} {
		t.Run(name, func(t *testing.T) {
			got, total, err := offer{
				items: threeLampsOneBox, expected: c.expected, currency: "GBP",
			}.quote(c.goods, c.seen)
			if err != nil || total != pounds(1117) || !reflect.DeepEqual(got, lines) {
				t.Errorf("got %+v, total %v and error %v, want %+v and 1117", got, total, err, lines)
			}
		})
	}
}

// TestQuoteRefuses: first what is not for sale, then every line with too many units, then every shortage, then every
// price that moved, or all if only the total differs.
func TestQuoteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		goods, seen Products
		expected    *money.Money
		want        error
	}{
		"missing":                  {goods: with(missing("BOX")), want: &UnknownProductError{"BOX"}},
		"inactive":                 {goods: with(inactive("LAMP")), want: &UnknownProductError{"LAMP"}},
		"the first of two unknown": {goods: Products{}, want: &UnknownProductError{"LAMP"}},
		"unknown before short": {
			goods: with(stocked("LAMP", 0), inactive("BOX")), want: &UnknownProductError{"BOX"},
		},
		"unknown before price": {
			goods: with(missing("BOX")), seen: with(priced("LAMP", 1)), expected: expect(1),
			want: &UnknownProductError{"BOX"},
		},
		"unknown, sold out, priced": {goods: with(priced("LAMP", 1), inactive("LAMP"),
			stocked("LAMP", 0)), seen: onSale(), want: &UnknownProductError{"LAMP"}},
		"too many": {goods: with(limited("LAMP", 2)), want: &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}}},
		"every line of too many": {goods: with(limited("LAMP", 1), changed("BOX", func(g *Product) {
			g.MaxPerOrder = -1
		})),
			want: &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 1}, {"BOX", 1, -1}}}},
		"unknown before too many": {
			goods: with(limited("LAMP", 2), inactive("BOX")), want: &UnknownProductError{"BOX"},
		},
		"too many before short": {goods: with(limited("LAMP", 2), stocked("LAMP", 0),
			stocked("BOX", 0)), want: &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}}},
		"too many before price": {
			goods: with(limited("LAMP", 2), priced("BOX", 1)), seen: onSale(), expected: expect(1),
			want: &MaxPerOrderExceededError{[]Excess{{"LAMP", 3, 2}}},
		},
		"short": {
			goods: with(stocked("LAMP", 2)), want: &OutOfStockError{[]Shortage{{"LAMP", 3, 2}}},
		},
		"sold out": {goods: with(stocked("BOX", 0)), want: &OutOfStockError{[]Shortage{{"BOX", 1, 0}}}},
		"every shortage": {
			goods: with(stocked("BOX", 0), stocked("LAMP", 1)),
			want:  &OutOfStockError{[]Shortage{{"LAMP", 3, 1}, {"BOX", 1, 0}}},
		},
		"short before price": {
			goods: with(stocked("BOX", 0), priced("LAMP", 1)), seen: onSale(), expected: expect(1117),
			want: &OutOfStockError{[]Shortage{{"BOX", 1, 0}}},
		},
		"moved": {
			goods: with(priced("BOX", 99)), seen: onSale(), want: &PriceChangedError{[]Price{{"BOX", pounds(99)}}},
		},
		"moved to nothing": {
			goods: with(priced("BOX", 0)), seen: onSale(), want: &PriceChangedError{[]Price{{"BOX", pounds(0)}}},
		},
		"both moved": {
			goods: with(priced("BOX", 99), priced("LAMP", 340)), seen: onSale(),
			want: &PriceChangedError{[]Price{{"LAMP", pounds(340)}, {"BOX", pounds(99)}}},
		},
		"moved, and the total": {
			goods: with(priced("BOX", 99)), seen: onSale(), expected: expect(1117),
			want: &PriceChangedError{[]Price{{"BOX", pounds(99)}}},
		},
		"moved to the same total": {
			goods: with(priced("BOX", 97), priced("LAMP", 340)), seen: onSale(), expected: expect(1117),
			want: &PriceChangedError{[]Price{{"LAMP", pounds(340)}, {"BOX", pounds(97)}}},
		},
		"only the total, too low": {
			goods: onSale(), expected: expect(1116),
			want: &PriceChangedError{[]Price{{"LAMP", pounds(339)}, {"BOX", pounds(100)}}},
		},
		"only the total, too high": {
			goods: onSale(), seen: onSale(), expected: expect(1118),
			want: &PriceChangedError{[]Price{{"LAMP", pounds(339)}, {"BOX", pounds(100)}}},
		},
		"only the total, nothing": {
			goods: onSale(), expected: expect(0),
			want: &PriceChangedError{[]Price{{"LAMP", pounds(339)}, {"BOX", pounds(100)}}},
		},
		"total over 10^12": {goods: with(priced("LAMP", 333_333_333_334), priced("BOX", 0)),
			want: validation.Errors{
				{Field: "items", Message: "must not cost more than 1000000000000 minor units in total"},
			}},
		"short before total over 10^12": {goods: with(priced("LAMP", 333_333_333_334),
			stocked("BOX", 0)), want: &OutOfStockError{[]Shortage{{"BOX", 1, 0}}}},
	} {
		t.Run(name, func(t *testing.T) {
			lines, total, err := offer{
				items: threeLampsOneBox, expected: c.expected, currency: "GBP",
			}.quote(c.goods, c.seen)
			if !reflect.DeepEqual(err, c.want) {
				t.Errorf("got error %#v, want %#v", err, c.want)
			}
			if lines != nil || total != (money.Money{}) {
				t.Errorf("got %v and total %v, want nothing", lines, total)
			}
		})
	}
}

// TestQuoteOfTheLargestOrder: 98 products, 10,000 units each, at the highest price, overflow nothing.
func TestQuoteOfTheLargestOrder(t *testing.T) {
	items, goods := products(MaxProducts), Products{}
	for i := range items {
		items[i].Quantity = MaxQuantity
		goods[items[i].ProductID] = Product{Price: pounds(money.MaxAmount), Stock: MaxQuantity, Active: true}
	}
	_, total := price(items, goods, "GBP")
	if want := pounds(MaxProducts * MaxQuantity * money.MaxAmount); total != want {
		t.Errorf("got %v, want %v", total, want)
	}
	var problems validation.Errors
	if _, _, err := (offer{items: items, currency: "GBP"}).quote(goods, nil); !errors.As(err, &problems) {
		t.Errorf("got error %v, want validation.Errors", err)
	}
}

func TestQuoteTakesTheHighestTotal(t *testing.T) {
	goods := with(priced("LAMP", 333_333_333_333), priced("BOX", 1))
	_, total, err := offer{
		items: threeLampsOneBox, expected: expect(money.MaxAmount), currency: "GBP",
	}.quote(goods, nil)
	if err != nil || total != pounds(money.MaxAmount) {
		t.Errorf("got %v and error %v, want 10^12", total, err)
	}
}

// TestQuoteLaws: the total is the sum of the lines, a line is price times quantity at the goods' price, and the goods
// are not changed. The sum is taken apart from the code.
func TestQuoteLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := mergeOf(t, someItems(t))
		goods := Products{}
		var want int64
		for _, item := range items {
			amount := rapid.Int64Range(0, 1_000_000).Draw(t, "price")
			goods[item.ProductID] = Product{
				Name: "a " + item.ProductID, Price: pounds(amount), Stock: item.Quantity, Active: true,
			}
			want += amount * item.Quantity
		}
		before := maps.Clone(goods)
		lines, total, err := offer{items: items, expected: expect(want), currency: "GBP"}.quote(goods, goods)
		if err != nil || total != pounds(want) || len(lines) != len(items) {
			t.Fatalf("got %v, total %v and error %v, want %d lines and %d", lines, total, err, len(items), want)
		}
		var sum int64
		for i, line := range lines {
			good := goods[items[i].ProductID]
			if (line != Line{items[i].ProductID, good.Name, good.Price, items[i].Quantity}) {
				t.Fatalf("got the line %+v, want %v of %+v", line, items[i], good)
			}
			sum += line.Total().Amount
		}
		if sum != want || !reflect.DeepEqual(goods, before) {
			t.Fatalf("got the sum %d and the goods %v, want %d and %v", sum, goods, want, before)
		}
	})
}
