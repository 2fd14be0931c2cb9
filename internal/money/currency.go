package money

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrCurrency is returned by [Digits] for a code that is no currency's.
var ErrCurrency = errors.New("unknown currency")

// Digits returns how many digits follow the decimal point in amounts of the currency with the given code: 2 for GBP,
// 0 for JPY, 3 for KWD. It is the column "minor unit" of ISO 4217, list one. (CLDR, and golang.org/x/text/currency with
// it, counts the digits in use instead, 0 for IDR for example, and so cannot tell what a minor unit is.) The error is
// [ErrCurrency] for a code that the list does not have, and for one without a minor unit, such as XAU.
func Digits(code string) (int, error) {
	digits, known := digitsByCode[code]
	if !known {
		return 0, fmt.Errorf("%w: %q", ErrCurrency, code)
	}
	return digits, nil
}

// Codes returns the codes that [Digits] knows, in alphabetical order.
func Codes() []string {
	codes := make([]string, 0, len(digitsByCode))
	for code := range digitsByCode {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// digitsByCode is ISO 4217, list one, as published on 2026-01-01.
var digitsByCode = byCode(map[int]string{
	0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
	2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE " +
		"CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD " +
		"HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK " +
		"MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD " +
		"RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH " +
		"USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
	3: "BHD IQD JOD KWD LYD OMR TND",
	4: "CLF UYW",
})

func byCode(codesByDigits map[int]string) map[string]int {
	digits := map[string]int{}
	for n, codes := range codesByDigits {
		for code := range strings.FieldsSeq(codes) {
			digits[code] = n
		}
	}
	return digits
}
