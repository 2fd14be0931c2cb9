package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"shop/internal/csvfile"
	"shop/internal/money"
	"shop/internal/product"
)

// Header names the columns of a catalogue CSV. The price is decimal (3.39), an empty stock is 0.
var Header = []string{"product_id", "name", "description", "price", "currency", "stock"}

// Options say how a file becomes items.
type Options struct {
	Currency string // the store's, ISO 4217
	Stock    *int64 // when not nil, the stock of every item, whatever the file says
}

// Reader reads a catalogue CSV one line at a time; of the lines before it keeps the product ids.
type Reader struct {
	rows    *csvfile.Reader
	size    int64 // bytes
	options Options
	digits  int
	seen    map[string]int // product id → the line that listed it
}

// NewReader reads the header of a catalogue CSV of size bytes. The error is [csvfile.ErrHeader] for
// another kind of file and [money.ErrCurrency] for a store currency that is none.
func NewReader(r io.Reader, size int64, o Options) (*Reader, error) {
	digits, err := money.Digits(o.Currency)
	if err != nil {
		return nil, err
	}
	rows, err := csvfile.NewReader(r, Header...)
	if err != nil {
		return nil, err
	}
	return &Reader{rows: rows, size: size, options: o, digits: digits, seen: map[string]int{}}, nil
}

// Next is [Source]'s.
func (r *Reader) Next(ctx context.Context) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	row, err := r.rows.Read()
	if err != nil {
		return Item{}, refuseRow(err)
	}
	return r.item(row)
}

// Progress is [Source]'s.
func (r *Reader) Progress() float64 {
	if r.size <= 0 {
		return 0
	}
	return min(1, float64(r.rows.Offset())/float64(r.size))
}

func (r *Reader) item(row csvfile.Row) (Item, error) {
	f := row.Fields
	item := Item{Origin: Origin{Line: row.Line, Record: row.Record}, Draft: product.Draft{
		ID: strings.TrimSpace(f[0]), Name: strings.TrimSpace(f[1]), Description: strings.TrimSpace(f[2]), Active: true,
	}}
	if first, again := r.seen[item.Draft.ID]; again {
		return Item{}, item.refuse(Duplicate, fmt.Sprintf("on line %d", first))
	}
	if err := r.amounts(&item, strings.TrimSpace(f[3]), strings.TrimSpace(f[4]), strings.TrimSpace(f[5])); err != nil {
		return Item{}, err
	}
	if refusal := check(item, r.options.Currency); refusal != nil {
		return Item{}, refusal
	}
	r.seen[item.Draft.ID] = row.Line
	return item, nil
}

func (r *Reader) amounts(item *Item, price, currency, stock string) error {
	if currency != r.options.Currency {
		return item.refuse(OtherCurrency, fmt.Sprintf("%q instead of %s", currency, r.options.Currency))
	}
	amount, err := ParsePrice(price, r.digits)
	if err != nil {
		return item.refuse(priceReason(err), err.Error())
	}
	units, err := r.units(stock)
	if err != nil {
		return item.refuse(Invalid, err.Error())
	}
	item.Draft.Price, item.Draft.Stock = money.Money{Amount: amount, Currency: currency}, &units
	return nil
}

func priceReason(err error) Reason {
	if errors.Is(err, ErrPriceFraction) {
		return FinePrice
	}
	return Invalid
}

func (r *Reader) units(text string) (int64, error) {
	if r.options.Stock != nil {
		return *r.options.Stock, nil
	}
	if text == "" {
		return 0, nil
	}
	units, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("stock is not a whole number: %q", text)
	}
	return units, nil
}
