package catalogue

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"shop/internal/money"
)

func TestParsePrice(t *testing.T) {
	for _, c := range []struct {
		text   string
		digits int
		want   int64
		err    error
	}{
		{"3.39", 2, 339, nil},
		{"0", 2, 0, nil},
		{"0.0", 2, 0, nil},
		{"2.5", 2, 250, nil},
		{"2.50", 2, 250, nil},
		{"2.500", 2, 250, nil},
		{"17", 2, 1700, nil},
		{"007.01", 2, 701, nil},
		{"0.29", 2, 29, nil}, // 0.29 * 100 is 28.999… in floating point
		{"1.15", 2, 115, nil},
		{"-11062.06", 2, -1106206, nil},
		{"500", 0, 500, nil},
		{"500.00", 0, 500, nil},
		{"1.234", 3, 1234, nil},
		{"10000000000.00", 2, 1_000_000_000_000, nil},
		{"0.001", 2, 0, ErrPriceFraction},
		{"500.5", 0, 0, ErrPriceFraction},
		{"", 2, 0, ErrPriceSyntax},
		{"-", 2, 0, ErrPriceSyntax},
		{"--1", 2, 0, ErrPriceSyntax},
		{"+1", 2, 0, ErrPriceSyntax},
		{".5", 2, 0, ErrPriceSyntax},
		{"5.", 2, 0, ErrPriceSyntax},
		{"1.2.3", 2, 0, ErrPriceSyntax},
		{"1,50", 2, 0, ErrPriceSyntax},
		{"1e2", 2, 0, ErrPriceSyntax},
		{" 1", 2, 0, ErrPriceSyntax},
		{"£3.39", 2, 0, ErrPriceSyntax},
		{"NaN", 2, 0, ErrPriceSyntax},
		{"٣", 2, 0, ErrPriceSyntax},
		{"92233720368547758.07", 2, 0, ErrPriceRange},
		{"92233720368547758.06", 2, 9223372036854775806, nil},
		{strings.Repeat("9", 400), 2, 0, ErrPriceRange},
	} {
		got, err := ParsePrice(c.text, c.digits)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("ParsePrice(%q, %d) = %d, %v, want %d, %v", c.text, c.digits, got, err, c.want, c.err)
		}
	}
}

func TestDecimalMarks(t *testing.T) {
	for _, c := range []struct {
		text  string
		mark  DecimalMark
		want  int64
		error error
	}{
		{"64.00", Point, 6400, nil},
		{"1.500", Point, 150, nil},
		{"64,00", Point, 0, ErrPriceSyntax},
		{"64,00", Comma, 6400, nil},
		{"64", Comma, 6400, nil},
		{"1,500", Comma, 150, nil},
		{"64.00", Comma, 0, ErrPriceSyntax},
		{"1.234,50", Comma, 0, ErrPriceSyntax},
		{"64,00", Either, 6400, nil},
		{"64.00", Either, 6400, nil},
		{"64,5", Either, 6450, nil},
		{"-64,5", Either, -6450, nil},
		{"64", Either, 6400, nil},
		{"1500", Either, 150000, nil},
		{"1,500", Either, 0, ErrPriceMark},
		{"1.500", Either, 0, ErrPriceMark},
		{"-999,500", Either, 0, ErrPriceMark},
		{"0,500", Either, 50, nil},
		{"0.001", Either, 0, ErrPriceFraction},
		{"1500,500", Either, 150050, nil},
		{"1,5001", Either, 0, ErrPriceFraction},
		{"1,234,567", Either, 0, ErrPriceSyntax},
		{"1,234.50", Either, 0, ErrPriceSyntax},
		{"1.234,50", Either, 0, ErrPriceSyntax},
		{"1.234.567", Either, 0, ErrPriceSyntax},
		{",5", Either, 0, ErrPriceSyntax},
		{"5,", Either, 0, ErrPriceSyntax},
		{"", Either, 0, ErrPriceSyntax},
	} {
		if got, err := c.mark.Parse(c.text, 2); got != c.want || !errors.Is(err, c.error) {
			t.Errorf("%q with %q: got %d, %v, want %d, %v", c.text, rune(c.mark), got, err, c.want, c.error)
		}
	}
}

// TestEveryCurrency: what a file says a thing costs is what the mail says, in every currency; the digits are those of
// the published list.
func TestEveryCurrency(t *testing.T) {
	for _, code := range money.Codes() {
		digits, err := money.Digits(code)
		if err != nil {
			t.Fatal(err)
		}
		price := strings.TrimSuffix("64."+"0123"[:digits], ".")
		items, refused := drain(t, catalogueReader(t, "a,A,,"+price+","+code+",1\n", Options{Currency: code}))
		if len(items) != 1 {
			t.Errorf("%s: refused %v", code, refused)
			continue
		}
		if got := items[0].Draft.Price.String(); !strings.HasSuffix(got, price) {
			t.Errorf("%s: %s is shown as %s", code, price, got)
		}
	}
}

// FuzzParsePrice holds the parser to rational arithmetic.
func FuzzParsePrice(f *testing.F) {
	for _, seed := range []string{
		"3.39", "0.001", "-2.5", "1e9", "", "00.10", "92233720368547758.07", "9223372036854775807",
	} {
		f.Add(seed, uint8(2))
		f.Add(seed, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, places uint8) {
		digits := int(places % 5)
		got, err := ParsePrice(text, digits)
		if err != nil && got != 0 {
			t.Fatalf("%q: %d with the error %v", text, got, err)
		}
		if errors.Is(err, ErrPriceSyntax) {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is accepted as a number, %d, %v", text, got, err)
		}
		minor := exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
		switch {
		case errors.Is(err, ErrPriceFraction) && minor.IsInt():
			t.Fatalf("%q has no fraction of a minor unit", text)
		case errors.Is(err, ErrPriceRange) && minor.IsInt() && minor.Num().IsInt64() &&
			minor.Num().CmpAbs(big.NewInt(1<<62)) < 0:
			t.Fatalf("%q is not too large", text)
		case err == nil && minor.Cmp(new(big.Rat).SetInt64(got)) != 0:
			t.Fatalf("%q is %s minor units, not %d", text, minor, got)
		}
	})
}
