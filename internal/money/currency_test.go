package money

import (
	"errors"
	"testing"
)

// TestDigits holds some of each number, among them currencies whose digits in use are fewer than those of the list.
func TestDigits(t *testing.T) {
	for code, want := range map[string]int{
		"GBP": 2, "EUR": 2, "CHF": 2, "IDR": 2, "HUF": 2, "COP": 2, "TWD": 2, "AFN": 2, "MGA": 2, "MRU": 2,
		"JPY": 0, "ISK": 0, "KRW": 0, "UGX": 0, "VND": 0, "KWD": 3, "IQD": 3, "TND": 3, "CLF": 4, "UYW": 4,
	} {
		if got, err := Digits(code); got != want || err != nil {
			t.Errorf("%s: got %d, %v, want %d", code, got, err, want)
		}
	}
	for _, code := range []string{"", "gbp", "POUNDS", "ZZZ", "XAU", "XXX", "BGN", "1", "ÀÀÀ"} {
		if _, err := Digits(code); !errors.Is(err, ErrCurrency) {
			t.Errorf("%q: got %v, want ErrCurrency", code, err)
		}
	}
}

func TestCodes(t *testing.T) {
	numbers := map[int]int{}
	for _, code := range Codes() {
		digits, err := Digits(code)
		if err != nil {
			t.Error(err)
		}
		numbers[digits]++
	}
	for digits, want := range map[int]int{0: 17, 2: 139, 3: 7, 4: 2} {
		if numbers[digits] != want {
			t.Errorf("%d codes have %d digits, want %d", numbers[digits], digits, want)
		}
	}
}
