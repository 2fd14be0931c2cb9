package money

import (
	"testing"

	"pgregory.net/rapid"
)

func pounds(amount int64) Money { return Money{Amount: amount, Currency: "GBP"} }

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		money Money
		want  string
	}{
		"nothing":            {pounds(0), ""},
		"a price":            {pounds(339), ""},
		"the most":           {pounds(1_000_000_000_000), ""},
		"over the most":      {pounds(1_000_000_000_001), "the amount must be from 0 to 1000000000000 minor units"},
		"below nothing":      {pounds(-1), "the amount must be from 0 to 1000000000000 minor units"},
		"another currency":   {Money{Amount: 339, Currency: "EUR"}, "the currency must be GBP"},
		"lower case":         {Money{Amount: 339, Currency: "gbp"}, "the currency must be GBP"},
		"no currency":        {Money{Amount: 339}, "the currency must be GBP"},
		"both are not right": {Money{Amount: -1, Currency: "EUR"}, "the currency must be GBP"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := c.money.Check("GBP"); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestTimesIsRepeatedPlus also shows that the currency is kept.
func TestTimesIsRepeatedPlus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := pounds(rapid.Int64Range(0, MaxAmount).Draw(t, "amount"))
		sum := pounds(0)
		n := rapid.Int64Range(0, 50).Draw(t, "n")
		for range n {
			sum = sum.Plus(m)
		}
		if got := m.Times(n); got != sum {
			t.Fatalf("got %v, want %v", got, sum)
		}
	})
}

func TestTimesDoesNotOverflow(t *testing.T) {
	if got, want := pounds(MaxAmount).Times(1_000_000), pounds(1_000_000_000_000_000_000); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
