package money

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestString(t *testing.T) {
	tests := []struct {
		money Money
		want  string
	}{
		{Money{0, "GBP"}, "£0.00"},
		{Money{5, "GBP"}, "£0.05"},
		{Money{99, "GBP"}, "£0.99"},
		{Money{339, "GBP"}, "£3.39"},
		{Money{99_999, "GBP"}, "£999.99"},
		{Money{100_000, "GBP"}, "£1,000.00"},
		{Money{123_456_789, "GBP"}, "£1,234,567.89"},
		{Money{MaxAmount, "GBP"}, "£10,000,000,000.00"},
		{Money{-339, "GBP"}, "-£3.39"},
		{Money{-5, "CHF"}, "-CHF 0.05"},
		{Money{1250, "EUR"}, "€12.50"},
		{Money{1250, "USD"}, "$12.50"},
		{Money{1250, "CHF"}, "CHF 12.50"},
		{Money{0, "JPY"}, "¥0"},
		{Money{1235, "JPY"}, "¥1,235"},
		{Money{1235, "KRW"}, "KRW 1,235"},
		{Money{5, "KWD"}, "KWD 0.005"},
		{Money{1_234_567, "KWD"}, "KWD 1,234.567"},
		{Money{12_345, "CLF"}, "CLF 1.2345"},
		{Money{math.MinInt64, "GBP"}, "-£92,233,720,368,547,758.08"},
		{Money{math.MaxInt64, "JPY"}, "¥9,223,372,036,854,775,807"},
	}
	for _, tt := range tests {
		if got := tt.money.String(); got != tt.want {
			t.Errorf("%d %s: got %s, want %s", tt.money.Amount, tt.money.Currency, got, tt.want)
		}
	}
}

// TestStringIsReadBack holds an invariant of writing: nothing of the amount is lost, and the digits stand as people
// group them.
func TestStringIsReadBack(t *testing.T) {
	shape := regexp.MustCompile(`^-?(?:[£€¥$]|[A-Z]{3} )[0-9]{1,3}(?:,[0-9]{3})*(\.[0-9]+)?$`)
	rapid.Check(t, func(t *rapid.T) {
		m := Money{rapid.Int64().Draw(t, "amount"), rapid.SampledFrom(Codes()).Draw(t, "currency")}
		parts := shape.FindStringSubmatch(m.String())
		if parts == nil {
			t.Fatalf("%s has another shape", m)
		}
		want, err := Digits(m.Currency)
		if got := len(strings.TrimPrefix(parts[1], ".")); err != nil || got != want {
			t.Fatalf("%s has %d decimals, want %d (%v)", m, got, want, err)
		}
		plain := strings.Map(func(r rune) rune {
			if r == '-' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, m.String())
		if amount, err := strconv.ParseInt(plain, 10, 64); err != nil || amount != m.Amount {
			t.Fatalf("%s reads as %d (%v), want %d", m, amount, err, m.Amount)
		}
	})
}
