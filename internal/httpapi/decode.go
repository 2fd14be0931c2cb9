package httpapi

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// strictly is how the JSON of requests is read beyond what the decoder does: no member is null, and an integer is any
// number without a fraction, however it is written.
var strictly = json.JoinUnmarshalers(json.UnmarshalFromFunc(refuseNull), json.UnmarshalFromFunc(decodeInteger))

// errNull says that a value is null. The contract has no member that may be: one that is not given is left out.
var errNull = errors.New("is null")

// refuseNull is called for every value. errors.ErrUnsupported leaves one to the decoder, and so the body as a whole.
func refuseNull(d *jsontext.Decoder, _ any) error {
	if d.PeekKind() != 'n' || d.StackDepth() == 0 {
		return errors.ErrUnsupported
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	return errNull
}

func decodeInteger(d *jsontext.Decoder, n *int64) error {
	if d.PeekKind() != '0' {
		return errors.ErrUnsupported
	}
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	*n, err = parseInteger(string(text))
	return err
}

// parseInteger returns the value of a JSON number that is a whole one: 1.0 and 1e0 are 1, as JSON Schema has it (Draft
// 2020-12 Validation, section 6.1.1). It returns strconv.ErrSyntax for another number, and strconv.ErrRange for one
// that int64 does not hold. It computes with digits, never with a float, and takes no more time for a large exponent
// than for a small one.
func parseInteger(number string) (int64, error) {
	digits, zeros, err := split(number)
	switch {
	case err != nil:
		return 0, err
	case digits == "" || digits == "-":
		return 0, nil
	case zeros < 0:
		return 0, strconv.ErrSyntax
	case zeros > 18: // int64 has 19 digits
		return 0, strconv.ErrRange
	}
	return strconv.ParseInt(digits+strings.Repeat("0", int(zeros)), 10, 64)
}

// split writes a JSON number as a sign, digits that end in none of 0, and how many zeros follow: 12.50e3 is 125 and 2.
// Digits are missing from 0.
func split(number string) (digits string, zeros int64, err error) {
	mantissa, exponent := number, "0"
	if e := strings.IndexAny(number, "eE"); e >= 0 {
		mantissa, exponent = number[:e], number[e+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits = strings.TrimRight(whole+fraction, "0")
	if digits == "" || digits == "-" {
		return digits, 0, nil
	}
	zeros, err = strconv.ParseInt(exponent, 10, 32) // a body's length in digits makes up for no larger one
	return digits, zeros + int64(len(whole)-len(digits)), err
}
