package money

import (
	"strconv"
	"strings"
)

// String writes m for people who read English: £1,234.50, ¥1,235, CHF 1,234.50.
func (m Money) String() string {
	sign, digits := "", strconv.FormatInt(m.Amount, 10)
	if unsigned, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "-", unsigned
	}
	decimals, err := Digits(m.Currency)
	if err != nil {
		decimals = 2 // no store has such a currency
	}
	return sign + symbol(m.Currency) + point(digits, decimals)
}

// symbol returns what stands before the digits: the sign of a currency that goes by one, else its code and a space.
func symbol(currency string) string {
	switch currency {
	case "EUR":
		return "€"
	case "GBP":
		return "£"
	case "JPY":
		return "¥"
	case "USD":
		return "$"
	}
	return currency + " "
}

// point puts a point before the last n of the digits and commas between the thousands.
func point(digits string, n int) string {
	if missing := n + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	whole, fraction := digits[:len(digits)-n], digits[len(digits)-n:]
	if n == 0 {
		return thousands(whole)
	}
	return thousands(whole) + "." + fraction
}

func thousands(whole string) string {
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}
