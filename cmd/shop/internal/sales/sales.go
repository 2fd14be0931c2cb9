// Package sales reads the lines of the sales file "Online Retail": the sales of a British gift shop, one line for each
// product of an invoice (Daqing Chen, UCI Machine Learning Repository, 2015, doi 10.24432/C5BW33). It also reads the
// second edition, "Online Retail II" (2019, doi 10.24432/C5CG6D), some of whose columns have other names. Prices are in
// pounds sterling; times are taken as UTC.
package sales

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shop/cmd/shop/internal/csvfile"
)

// Currency is the currency of every price in the file.
const Currency = "GBP"

// columns are those of the file. The second edition has three other names.
var columns = csvfile.Columns{
	Required: []string{
		"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
	},
	Aliases: map[string]string{"Invoice": "InvoiceNo", "Price": "UnitPrice", "Customer ID": "CustomerID"},
}

// layouts are how copies of the file write its times. Where days and months are numbers between slashes, the month is
// first.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04",
	"1/2/2006 15:04", "1/2/2006 15:04:05", "1/2/06 15:04",
}

// MaxQuantity bounds the quantity of a line in either direction, so that sums of quantities cannot overflow.
const MaxQuantity = 1_000_000_000

// Reasons for which a line is malformed.
var (
	ErrInvoice  = errors.New("the InvoiceNo is not 1 to 32 letters and digits")
	ErrCode     = errors.New("the StockCode is empty")
	ErrQuantity = errors.New("the Quantity is not a whole number between -1,000,000,000 and 1,000,000,000")
	ErrTime     = errors.New("the InvoiceDate is not a time such as 2010-12-01T08:26:00Z or 12/1/2010 8:26")
	ErrCustomer = errors.New("the CustomerID is not 1 to 32 letters and digits, or empty")
)

// Line is one line of an invoice.
type Line struct {
	Row         csvfile.Row
	Invoice     string // starts with C when the invoice is a cancellation
	Code        string // the stock code in upper case: the file writes some codes in either
	Description string // as written, stray blanks and all
	Quantity    int64  // negative for what came back or was written off
	Time        time.Time
	Price       string // decimal pounds, as written
	Customer    string // empty when the shop did not know the customer
}

// Cancelled reports whether the line takes an earlier sale back.
func (l Line) Cancelled() bool { return strings.HasPrefix(l.Invoice, "C") }

var goods = regexp.MustCompile(`^([0-9]{5}|DCGS|GIFT_|PADS$)`)

// Goods reports whether the line's code stands for goods. The others are postage, fees, discounts and
// the shop's own bookkeeping.
func (l Line) Goods() bool { return goods.MatchString(l.Code) }

// Reader reads the lines of a sales file, one at a time.
type Reader struct{ rows *csvfile.Reader }

// NewReader reads the file's header; the errors are those of [csvfile.NewReader].
func NewReader(r io.Reader, o csvfile.Options) (*Reader, error) {
	rows, err := csvfile.NewReader(r, o, columns)
	if err != nil {
		return nil, err
	}
	return &Reader{rows: rows}, nil
}

// Delimiter is what stands between the fields of the file.
func (r *Reader) Delimiter() rune { return r.rows.Delimiter() }

// Encoding is one of [csvfile.Encodings].
func (r *Reader) Encoding() string { return r.rows.Encoding() }

// Read returns the next line. The error is io.EOF after the last one, a [*csvfile.BadRow] for a malformed line (call
// Read again for the next), or that of the underlying reader. Of a malformed line the Invoice alone is returned, or
// nothing, if it is not known.
func (r *Reader) Read() (Line, error) {
	row, err := r.rows.Read()
	var bad *csvfile.BadRow
	if errors.As(err, &bad) {
		return known(r.rows.Start(bad, "InvoiceNo")), err
	}
	if err != nil {
		return Line{}, err
	}
	line, err := parse(row)
	if err != nil {
		return known(line.Invoice), row.Bad(err)
	}
	return line, nil
}

// known is what is known of a malformed line that has this in the place of its InvoiceNo.
func known(text string) Line {
	invoice := invoiceNo(text)
	if !identifier.MatchString(invoice) {
		return Line{}
	}
	return Line{Invoice: invoice}
}

func invoiceNo(text string) string { return strings.ToUpper(strings.TrimSpace(text)) }

// parse returns the line; with an error, at least its Invoice, as it is.
func parse(row csvfile.Row) (Line, error) {
	line := Line{
		Row:         row,
		Invoice:     invoiceNo(row.Field("InvoiceNo")),
		Code:        strings.ToUpper(strings.TrimSpace(row.Field("StockCode"))),
		Description: row.Field("Description"),
		Price:       strings.TrimSpace(row.Field("UnitPrice")),
		Customer:    customer(row.Field("CustomerID")),
	}
	var err error
	if line.Quantity, err = quantity(row.Field("Quantity")); err != nil {
		return line, err
	}
	if line.Time, err = parseTime(row.Field("InvoiceDate")); err != nil {
		return line, err
	}
	return line, line.validate()
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %q", ErrTime, text)
}

// customer returns the number of a customer, which tools that take it for a decimal number write as 17850.0.
func customer(text string) string {
	text = strings.TrimSpace(text)
	if number, cut := strings.CutSuffix(text, ".0"); cut && number != "" && strings.Trim(number, "0123456789") == "" {
		return number
	}
	return text
}

func quantity(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < -MaxQuantity || n > MaxQuantity {
		return 0, fmt.Errorf("%w: %q", ErrQuantity, text)
	}
	return n, nil
}

// Invoices and customers become Idempotency-Keys and e-mail addresses when sales are replayed, and
// must fit in both.
var identifier = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)

func (l Line) validate() error {
	switch {
	case !identifier.MatchString(l.Invoice):
		return fmt.Errorf("%w: %q", ErrInvoice, l.Invoice)
	case l.Code == "":
		return ErrCode
	case l.Customer != "" && !identifier.MatchString(l.Customer):
		return fmt.Errorf("%w: %q", ErrCustomer, l.Customer)
	}
	return nil
}
