package money

import (
	"strconv"
	"strings"
)

// Digits returns how many decimals a currency has, by the column "minor unit" of ISO 4217 list one: 2 for GBP, 0 for JPY,
// 3 for KWD. It is 2 for a code that the list does not have. (CLDR, and golang.org/x/text/currency with it, counts the
// digits in use instead, 0 for IQD for example, and so cannot tell what a minor unit is.)
func Digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// String writes m for people who read English: £1,234.50, ¥1,235, CHF 1,234.50.
func (m Money) String() string {
	sign, digits := "", strconv.FormatInt(m.Amount, 10)
	if unsigned, negative := strings.CutPrefix(digits, "-"); negative {
		sign, digits = "-", unsigned
	}
	return sign + symbol(m.Currency) + point(digits, Digits(m.Currency))
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
