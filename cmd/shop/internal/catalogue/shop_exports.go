package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/money"
)

// Export is a kind of file that other shops export their products to.
type Export string

// The kinds of exports.
const (
	Shopify        Export = "shopify"
	WooCommerce    Export = "woocommerce"
	GoogleMerchant Export = "google-merchant"
)

// Exports are the kinds of exports that [ReadExport] reads.
var Exports = []Export{GoogleMerchant, Shopify, WooCommerce}

// Reasons for which something of an export is not imported.
const (
	NoProduct Reason = "line belongs to no product of the file"
	Unsuited  Reason = "kind of product that the store cannot have"
)

// ErrExport is returned by [ReadExport] for an unknown kind.
var ErrExport = errors.New("unknown kind of export")

// ReadExport reads an export as a whole and makes one item of each variant; descriptions in HTML become text. The
// errors are [ErrExport], [money.ErrCurrency] and those of [csvfile.NewReader].
func ReadExport(ctx context.Context, r io.Reader, kind Export, o Options) (*Goods, error) {
	columns, read, err := kind.reading()
	if err != nil {
		return nil, err
	}
	digits, err := money.Digits(o.Currency)
	if err != nil {
		return nil, err
	}
	file, err := csvfile.NewReader(r, o.File, columns)
	if err != nil {
		return nil, err
	}
	e := &export{file: file, items: newItems(file, digits, o), goods: &Goods{encoding: file.Encoding()}}
	rows, err := e.rows(ctx)
	if err != nil {
		return nil, err
	}
	read(e, rows)
	slices.SortStableFunc(e.goods.refused, func(a, b *Refusal) int { return a.Line - b.Line })
	return e.goods, nil
}

func (e Export) reading() (csvfile.Columns, func(*export, []csvfile.Row), error) {
	switch e {
	case Shopify:
		return shopifyColumns, (*export).shopify, nil
	case WooCommerce:
		return wooColumns, (*export).wooCommerce, nil
	case GoogleMerchant:
		return merchantColumns, (*export).googleMerchant, nil
	}
	return csvfile.Columns{}, nil, fmt.Errorf("%w: %q", ErrExport, e)
}

// export is a file half read.
type export struct {
	file *csvfile.Reader
	items
	goods *Goods
}

// rows returns the rows of the file, and refuses what is none.
func (e *export) rows(ctx context.Context) ([]csvfile.Row, error) {
	var rows []csvfile.Row
	for ctx.Err() == nil {
		row, err := e.file.Read()
		var refusal *Refusal
		switch err := refuseRow(err); {
		case err == io.EOF:
			return rows, nil
		case errors.As(err, &refusal):
			e.goods.refused = append(e.goods.refused, refusal)
		case err != nil:
			return nil, err
		default:
			rows = append(rows, row)
		}
	}
	return nil, ctx.Err()
}

// add makes an item of what the row says of a product, or refuses it.
func (e *export) add(row csvfile.Row, s cells) {
	item, refusal := e.item(row, s)
	if refusal != nil {
		e.goods.refused = append(e.goods.refused, refusal)
		return
	}
	e.goods.items = append(e.goods.items, item)
}

func (e *export) refuse(row csvfile.Row, id string, reason Reason, detail string) {
	refusal := &Refusal{Origin: originOf(row), ProductID: id, Reason: reason, Detail: detail}
	e.goods.refused = append(e.goods.refused, refusal)
}

// cell returns what a row has in a column, without blanks around it.
func cell(row csvfile.Row, column string) string { return strings.TrimSpace(row.Field(column)) }
