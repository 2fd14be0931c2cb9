package order

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/validation"
)

const ada = "usr_01890a5d-ac96-774b-bcce-b302099a8057"

func pounds(amount int64) money.Money { return money.Money{Amount: amount, Currency: "GBP"} }

func expect(amount int64) *money.Money { m := pounds(amount); return &m }

// products returns n lines of n products.
func products(n int) []Item {
	items := make([]Item, n)
	for i := range items {
		items[i] = Item{ProductID: fmt.Sprintf("P%03d", i), Quantity: 1}
	}
	return items
}

func TestRequestCheckMerges(t *testing.T) {
	for name, c := range map[string]struct{ items, want []Item }{
		"one line":     {[]Item{{"LAMP", 3}}, []Item{{"LAMP", 3}}},
		"two products": {[]Item{{"LAMP", 3}, {"BOX", 1}}, []Item{{"LAMP", 3}, {"BOX", 1}}},
		"first named, first": {
			[]Item{{"LAMP", 3}, {"BOX", 1}, {"LAMP", 4}, {"BOX", 2}}, []Item{{"LAMP", 7}, {"BOX", 3}},
		},
		"case counts":          {[]Item{{"lamp", 3}, {"LAMP", 1}}, []Item{{"lamp", 3}, {"LAMP", 1}}},
		"most units":           {[]Item{{"LAMP", 10_000}}, []Item{{"LAMP", 10_000}}},
		"most units, merged":   {[]Item{{"LAMP", 9_999}, {"LAMP", 1}}, []Item{{"LAMP", 10_000}}},
		"most products":        {products(98), products(98)},
		"98 of 196 lines":      {append(products(98), products(98)...), doubled(products(98))},
		"longest product's id": {[]Item{{strings.Repeat("a", 64), 1}}, []Item{{strings.Repeat("a", 64), 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Request{Items: c.items}.validate("GBP")
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %v and error %v, want %v", got, err, c.want)
			}
		})
	}
}

func doubled(items []Item) []Item {
	for i := range items {
		items[i].Quantity *= 2
	}
	return items
}

func TestRequestCheckRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		items    []Item
		expected *money.Money
		want     string // the problems, one a line
	}{
		"nothing": {nil, nil, "items: must have at least one item"},
		"quantity 0": {
			[]Item{{"LAMP", 0}}, nil, "items[0].quantity: must be a whole number from 1 to 10000",
		},
		"quantity -1": {
			[]Item{{"LAMP", 2}, {"LAMP", -1}}, nil, "items[1].quantity: must be a whole number from 1 to 10000",
		},
		"quantity 10001": {
			[]Item{{"LAMP", 10_001}}, nil, "items[0].quantity: must be a whole number from 1 to 10000",
		},
		"quantity 10^12": {
			[]Item{{"LAMP", 1_000_000_000_000}}, nil, "items[0].quantity: must be a whole number from 1 to 10000",
		},
		"quantities overflow": {
			[]Item{{"LAMP", 1<<63 - 1}, {"LAMP", 1<<63 - 1}}, nil,
			"items[0].quantity: must be a whole number from 1 to 10000\nitems[1].quantity: must be a whole number from 1 to 10000",
		},
		"too many, merged": {
			[]Item{{"LAMP", 9_999}, {"BOX", 1}, {"LAMP", 2}}, nil, "items: must have at most 10000 units of LAMP",
		},
		"two too many, merged": {
			[]Item{{"LAMP", 9_999}, {"BOX", 9_999}, {"LAMP", 2}, {"BOX", 2}}, nil,
			"items: must have at most 10000 units of LAMP\nitems: must have at most 10000 units of BOX",
		},
		"no product":      {[]Item{{"", 1}}, nil, "items[0].product_id: must be a product id"},
		"no product's id": {[]Item{{"LAMP", 1}, {"a b", 1}}, nil, "items[1].product_id: must be a product id"},
		"id of 65": {
			[]Item{{strings.Repeat("a", 65), 1}}, nil, "items[0].product_id: must be a product id",
		},
		"99 products": {products(99), nil, "items: must name at most 98 products"},
		"expected -1": {
			[]Item{{"LAMP", 1}}, expect(-1), "expected_total: the amount must be from 0 to 1000000000000 minor units",
		},
		"expected over 10^12": {
			[]Item{{"LAMP", 1}}, expect(1_000_000_000_001),
			"expected_total: the amount must be from 0 to 1000000000000 minor units",
		},
		"expected in euros": {
			[]Item{{"LAMP", 1}}, &money.Money{Amount: 1, Currency: "EUR"}, "expected_total: the currency must be GBP",
		},
		"expected in no curren": {
			[]Item{{"LAMP", 1}}, &money.Money{Amount: 1}, "expected_total: the currency must be GBP",
		},
		"all at once": {[]Item{{"a b", 0}, {"LAMP", 10_001}}, expect(-1),
			"items[0].product_id: must be a product id\nitems[0].quantity: must be a whole number from 1 to 10000\n" +
				"items[1].quantity: must be a whole number from 1 to 10000\nexpected_total: the amount must be from 0 to 1000000000000 minor units"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Request{Items: c.items, ExpectedTotal: c.expected}.validate("GBP")
			var problems validation.Errors
			if !errors.As(err, &problems) {
				t.Fatalf("got error %v, want validation.Errors", err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.Field+": "+p.Message)
			}
			if want := strings.Split(c.want, "\n"); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

// someItems draws lines that can be merged: few products, and never more units of one than an order may have.
func someItems(t *rapid.T) []Item {
	item := rapid.Custom(func(t *rapid.T) Item {
		return Item{ProductID: rapid.StringMatching(`[ab_-][ab._-]?`).
			Draw(t, "product"), Quantity: rapid.Int64Range(1, 300).Draw(t, "quantity")}
	})
	return rapid.SliceOfN(item, 1, 30).Draw(t, "items")
}

func sums(items []Item) map[string]int64 {
	byProduct := map[string]int64{}
	for _, item := range items {
		byProduct[item.ProductID] += item.Quantity
	}
	return byProduct
}

func mergeOf(t *rapid.T, items []Item) []Item {
	merged, err := Request{Items: items}.validate("GBP")
	if err != nil {
		t.Fatal(err)
	}
	return merged
}

func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := someItems(t)
		before := slices.Clone(items)
		merged := mergeOf(t, items)
		if !maps.Equal(sums(merged), sums(items)) || len(merged) != len(sums(items)) {
			t.Fatalf("got %v from %v, want each product once with all its units", merged, items)
		}
		if again := mergeOf(t, merged); !slices.Equal(again, merged) {
			t.Fatalf("merged again: got %v, want %v", again, merged)
		}
		if !slices.Equal(items, before) {
			t.Fatalf("the request became %v, want %v", items, before)
		}
	})
}

// split draws other lines that order the same: some lines cut in two, all in another order.
func split(t *rapid.T, items []Item) []Item {
	var cut []Item
	for _, item := range items {
		part := rapid.Int64Range(0, item.Quantity-1).Draw(t, "part")
		if part > 0 {
			cut = append(cut, Item{item.ProductID, part})
		}
		cut = append(cut, Item{item.ProductID, item.Quantity - part})
	}
	return rapid.Permutation(cut).Draw(t, "order")
}

func TestFingerprintIsOneForTheSameRequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := someItems(t)
		other := split(t, items)
		if fingerprint(mergeOf(t, items), expect(5)) != fingerprint(mergeOf(t, other), expect(5)) {
			t.Fatalf("%v and %v have two fingerprints, want one", items, other)
		}
	})
}

// TestFingerprintIsAnotherForAnotherRequest draws requests that are alike, so that they are often the same.
func TestFingerprintIsAnotherForAnotherRequest(t *testing.T) {
	alike := rapid.Custom(func(t *rapid.T) []Item {
		item := rapid.Custom(func(t *rapid.T) Item {
			return Item{ProductID: rapid.SampledFrom([]string{"1", "11", "1-1", "GBP"}).
				Draw(t, "product"), Quantity: rapid.SampledFrom([]int64{1, 2, 11}).Draw(t, "quantity")}
		})
		return rapid.SliceOfN(item, 1, 3).Draw(t, "items")
	})
	totals := rapid.SampledFrom([]*money.Money{nil, expect(0), expect(1), expect(11), {Amount: 1, Currency: "EUR"}})
	rapid.Check(t, func(t *rapid.T) {
		a, b := alike.Draw(t, "a"), alike.Draw(t, "b")
		totalA, totalB := totals.Draw(t, "total a"), totals.Draw(t, "total b")
		same := maps.Equal(sums(a), sums(b)) && show(totalA) == show(totalB)
		if got := fingerprint(mergeOf(t, a), totalA) == fingerprint(mergeOf(t, b), totalB); got != same {
			t.Fatalf("%v %s and %v %s: got the same %v, want %v", a, show(totalA), b, show(totalB), got, same)
		}
	})
}

func show(m *money.Money) string {
	if m == nil {
		return "none"
	}
	return fmt.Sprint(m.Amount, m.Currency)
}

// TestFingerprintVectors were computed apart from this code: stored orders keep theirs, so it must never change.
func TestFingerprintVectors(t *testing.T) {
	items := []Item{{"85123A", 6}, {"22423", 1}}
	for _, c := range []struct {
		expected *money.Money
		want     string
	}{
		{nil, "dd04fccec729e376d01bf4a243d6cfd7cc931605846d04bae89aa1d1547b924b"},
		{expect(2805), "60a4e648bb885912793f95c5b541f208a302772f2642b5c624eadd5fae96f49c"},
		{expect(0), "bc8c198ec2064155fb71405c0c2723936751d4c575d38c92bd1933801227a4d7"},
	} {
		if got := fingerprint(items, c.expected); hex.EncodeToString(got[:]) != c.want {
			t.Errorf("%s: got %x, want %s", show(c.expected), got, c.want)
		}
	}
}

// TestIDVectors were computed apart from this code, with Python's hashlib and base64: a repeat that comes after a
// deploy must meet its order.
func TestIDVectors(t *testing.T) {
	for _, c := range []struct{ user, key, want string }{
		{ada, "536365", "ord_6ixyvcsd6fatknuwprrgp3aujt"},
		{ada, "536366", "ord_a7iocsxz5slsof3hkjmm43nrnf"},
		{"usr_01890a5d-ac96-774b-bcce-b302099a8058", "536365", "ord_7634xd5szzrjk6hgznfqzmqcz4"},
		{ada, `~ !"#`, "ord_3u7hcgpruqwrbxjoq3bimxjgsa"},
		{ada, strings.Repeat("k", 255), "ord_3iveavkkynvpys5usbb4bwv5ss"},
		{"a", "bc", "ord_ic5vi7mtno6tcmmo4n5mq6m6p3"},
		{"ab", "c", "ord_nqbs4yy5hgqu3bnp67rrsvdk64"},
		{"", "", "ord_ny2axhh7wn5jrhffittlw6akfr"},
	} {
		if got := ID(c.user, c.key); got != c.want {
			t.Errorf("%q %q: got %s, want %s", c.user, c.key, got, c.want)
		}
	}
}

// TestIDsDiffer: another customer or another key is another order. Names and keys are drawn so that they often run
// together to the same text, or are the same.
func TestIDsDiffer(t *testing.T) {
	short := rapid.StringMatching(`[ab ]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		a := [2]string{short.Draw(t, "user a"), short.Draw(t, "key a")}
		b := [2]string{short.Draw(t, "user b"), short.Draw(t, "key b")}
		if got := ID(a[0], a[1]) == ID(b[0], b[1]); got != (a == b) {
			t.Fatalf("%q and %q: got the same id %v, want %v", a, b, got, a == b)
		}
	})
}

func TestIDsAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if id := ID(rapid.String().Draw(t, "user"), rapid.String().Draw(t, "key")); !ValidID(id) {
			t.Fatalf("%s is not valid", id)
		}
	})
}

// FuzzValidID holds ValidID to its form.
func FuzzValidID(f *testing.F) {
	id := ID(ada, "536365")
	for _, seed := range []string{
		id, "", "ord_", id[4:], id + "a", id[:29], strings.ToUpper(id), "ord_" + strings.ToUpper(id[4:]), id[:29] + "1",
		id[:20] + "0" + id[21:], id[:20] + "\xff" + id[21:], "ord_" + strings.Repeat("ä", 13), id + "\n",
	} {
		f.Add(seed)
	}
	form := regexp.MustCompile(`\Aord_[a-z2-7]{26}\z`)
	f.Fuzz(func(t *testing.T, id string) {
		if got, want := ValidID(id), form.MatchString(id); got != want {
			t.Errorf("%q: got %v, want %v", id, got, want)
		}
	})
}
