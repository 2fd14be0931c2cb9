package replay

import (
	"context"
	"errors"
	"fmt"
	"io"

	"shop/cmd/shop/internal/csvfile"
	"shop/cmd/shop/internal/sales"
	"shop/internal/order"
)

// Invoice is what one customer bought at once.
type Invoice struct {
	Number   string // the Idempotency-Key of its checkout
	Customer string
	Items    []order.Item // as the file lists them: a product may come up twice
}

// Invoices reads a whole sales file and returns its first n invoices, in the order in which the file
// first names them, that are no cancellation, have a customer, and sell goods. Of those it takes the
// lines of goods that were sold, that is, with a quantity above 0. Malformed is how many lines of the
// file could not be understood and were left out.
func Invoices(ctx context.Context, lines *sales.Reader, n int) (invoices []Invoice, malformed int, err error) {
	f := &file{byNumber: map[string]*Invoice{}}
	for {
		line, err := read(ctx, lines)
		var bad *csvfile.BadRow
		switch {
		case err == io.EOF:
			return f.first(n), malformed, nil
		case errors.As(err, &bad):
			malformed++
		case err != nil:
			return nil, malformed, fmt.Errorf("reading sales: %w", err)
		default:
			f.invoice(line.Invoice).add(line)
		}
	}
}

func read(ctx context.Context, lines *sales.Reader) (sales.Line, error) {
	if err := ctx.Err(); err != nil {
		return sales.Line{}, err
	}
	return lines.Read()
}

// file holds the invoices of the lines read so far.
type file struct {
	invoices []*Invoice // in the order in which they are first named
	byNumber map[string]*Invoice
}

func (f *file) invoice(number string) *Invoice {
	i, known := f.byNumber[number]
	if !known {
		i = &Invoice{Number: number}
		f.byNumber[number] = i
		f.invoices = append(f.invoices, i)
	}
	return i
}

func (i *Invoice) add(line sales.Line) {
	if i.Customer == "" {
		i.Customer = line.Customer
	}
	if line.Goods() && line.Quantity > 0 && !line.Cancelled() {
		i.Items = append(i.Items, order.Item{ProductID: line.Code, Quantity: line.Quantity})
	}
}

// first returns the first n invoices that can be replayed; a cancellation has no items.
func (f *file) first(n int) []Invoice {
	var invoices []Invoice
	for _, i := range f.invoices {
		if len(invoices) < n && i.Customer != "" && len(i.Items) > 0 {
			invoices = append(invoices, *i)
		}
	}
	return invoices
}

// units adds up the quantities of each product.
func units(items []order.Item) map[string]int64 {
	sum := make(map[string]int64, len(items))
	for _, item := range items {
		sum[item.ProductID] += item.Quantity
	}
	return sum
}
