package catalogue

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Errors of [ParsePrice].
var (
	ErrPriceSyntax   = errors.New("price is not a plain decimal number such as 3.39")
	ErrPriceFraction = errors.New("price has more digits than the currency's smallest coin")
	ErrPriceRange    = errors.New("price is too large")
	// ErrPriceMark is for a comma or point that may separate thousands or decimals.
	ErrPriceMark = errors.New("price may mean thousands or decimals; say which with --decimal point or --decimal comma")
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

// DecimalMark is what stands before the decimals of a file's prices.
type DecimalMark rune

// The decimal marks.
const (
	Point DecimalMark = '.'
	Comma DecimalMark = ','
	// Either allows both marks. A price that could be read in two ways is refused with ErrPriceMark: 1,500 and 1.500
	// are fifteen hundred in half of the world, and one and a half in the other.
	Either DecimalMark = 0
)

var thousands = regexp.MustCompile(`^-?[1-9][0-9]{0,2}$`)

// markOf returns the decimal mark of a file: the one given, else a point in files whose fields are parted by commas,
// and either in others, which are what spreadsheets write where the decimal mark is a comma.
func markOf(given DecimalMark, delimiter rune) DecimalMark {
	if given == Either && delimiter == ',' {
		return Point
	}
	return given
}

// Parse is [ParsePrice] for prices with the mark. The errors are those, and [ErrPriceMark].
func (m DecimalMark) Parse(text string, digits int) (int64, error) {
	if m == Point {
		return ParsePrice(text, digits)
	}
	whole, fraction, found := strings.Cut(text, string(Comma))
	switch {
	case found && strings.ContainsAny(whole+fraction, ".,"), !found && m == Comma && strings.Contains(text, "."):
		return 0, fmt.Errorf("%w: %q", ErrPriceSyntax, text)
	case !found:
		whole, fraction, found = strings.Cut(text, string(Point))
	}
	if m == Either && thousands.MatchString(whole) && len(fraction) == 3 {
		return 0, fmt.Errorf("%w: %q", ErrPriceMark, text)
	}
	if found {
		whole += string(Point)
	}
	return ParsePrice(whole+fraction, digits)
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
