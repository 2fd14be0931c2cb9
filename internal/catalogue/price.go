package catalogue

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Errors of [ParsePrice].
var (
	ErrPriceSyntax   = errors.New("price is not a plain decimal number such as 3.39")
	ErrPriceFraction = errors.New("price has more digits than the currency's smallest coin")
	ErrPriceRange    = errors.New("price is too large")
)

// ParsePrice reads a decimal number as a whole count of minor units, of which the currency's
// decimal point leaves the given digits: with 2 digits "3.39" is 339 and "-0.5" is -50. It is
// exact: no floating point is involved, and nothing is rounded. The error is [ErrPriceSyntax],
// [ErrPriceFraction] ("0.001" with 2 digits; trailing zeros are no fraction) or [ErrPriceRange].
func ParsePrice(text string, digits int) (int64, error) {
	unsigned, negative := strings.CutPrefix(text, "-")
	whole, fraction, point := strings.Cut(unsigned, ".")
	if !isDigits(whole) || point && !isDigits(fraction) {
		return 0, fmt.Errorf("%w: %q", ErrPriceSyntax, text)
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > digits {
		return 0, fmt.Errorf("%w: %q", ErrPriceFraction, text)
	}
	amount, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil || amount == math.MaxInt64 {
		return 0, fmt.Errorf("%w: %q", ErrPriceRange, text)
	}
	if negative {
		return -amount, nil
	}
	return amount, nil
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
