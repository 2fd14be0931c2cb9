// Package sales reads the lines of the "Online Retail" sales file: what a British gift shop sold,
// one line per product of an invoice (Daqing Chen, UCI Machine Learning Repository, 2015,
// doi 10.24432/C5BW33). Prices are pounds sterling, times are UTC.
package sales

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"shop/internal/csvfile"
)

// Currency is the currency of every price in the file.
const Currency = "GBP"

// Header names the columns of the file.
var Header = []string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// MaxQuantity bounds the quantity of a line in either direction, so that sums of quantities cannot overflow.
const MaxQuantity = 1_000_000_000

// Reasons for which a line is malformed.
var (
	ErrInvoice  = errors.New("the InvoiceNo is not 1 to 32 letters and digits")
	ErrCode     = errors.New("the StockCode is empty")
	ErrQuantity = errors.New("the Quantity is not a whole number between -1,000,000,000 and 1,000,000,000")
	ErrTime     = errors.New("the InvoiceDate is not an RFC 3339 time")
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

// Cancelled tells whether the line takes an earlier sale back.
func (l Line) Cancelled() bool { return strings.HasPrefix(l.Invoice, "C") }

var goods = regexp.MustCompile(`^([0-9]{5}|DCGS|GIFT_|PADS$)`)

// Goods tells whether the line's code stands for goods. The others are postage, fees, discounts and
// the shop's own bookkeeping.
func (l Line) Goods() bool { return goods.MatchString(l.Code) }

// Reader reads the lines of a sales file, one at a time.
type Reader struct{ rows *csvfile.Reader }

// NewReader reads the file's header; the error is [csvfile.ErrHeader] when it is another file's.
func NewReader(r io.Reader) (*Reader, error) {
	rows, err := csvfile.NewReader(r, Header...)
	if err != nil {
		return nil, err
	}
	return &Reader{rows: rows}, nil
}

// Read returns the next line. The error is io.EOF after the last one, a [*csvfile.BadRow] for a
// malformed line (call Read again for the next), or that of the underlying reader.
func (r *Reader) Read() (Line, error) {
	row, err := r.rows.Read()
	if err != nil {
		return Line{}, err
	}
	line, err := parse(row)
	if err != nil {
		return Line{}, row.Bad(err)
	}
	return line, nil
}

func parse(row csvfile.Row) (Line, error) {
	f := row.Fields
	line := Line{
		Row:         row,
		Invoice:     strings.ToUpper(strings.TrimSpace(f[0])),
		Code:        strings.ToUpper(strings.TrimSpace(f[1])),
		Description: f[2],
		Price:       strings.TrimSpace(f[5]),
		Customer:    strings.TrimSpace(f[6]),
	}
	var err error
	if line.Quantity, err = quantity(f[3]); err != nil {
		return Line{}, err
	}
	if line.Time, err = time.Parse(time.RFC3339, strings.TrimSpace(f[4])); err != nil {
		return Line{}, fmt.Errorf("%w: %q", ErrTime, f[4])
	}
	return line, line.check()
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

func (l Line) check() error {
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
