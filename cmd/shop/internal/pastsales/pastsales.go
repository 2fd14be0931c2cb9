// Package pastsales makes orders of the invoices of a sales file, with the times at which they were sold.
package pastsales

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"shop/cmd/shop/internal/catalogue"
	"shop/cmd/shop/internal/csvfile"
	"shop/cmd/shop/internal/sales"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/product"
)

// ErrCurrency says that the store has another currency than the file.
var ErrCurrency = errors.New("another currency")

// Why lines are no sale. They are left out, and their invoice is imported without them.
const (
	Cancellation = "cancellation"
	NoGoods      = "not goods"
	NothingSold  = "nothing sold" // a quantity of 0 or less
	NoPrice      = "no price"     // a price of 0
)

// Bad is a line that cannot be understood, or cannot be part of an order. No order is made of its invoice.
type Bad struct {
	Line   int
	Text   string // as the file has it
	Reason string
}

// Sold is what a sales file says of what was sold.
type Sold struct {
	Orders  []order.Order  // one for each invoice, in the order in which the file first names them
	LeftOut map[string]int // lines that are no sale, by why
	Bad     []Bad
	Dropped int // invoices of which no order is made, because a line is bad
	Unknown int // bad lines that may be of any invoice: theirs cannot be read
}

const (
	pence   = 2   // digits after the point of a price in pounds
	maxName = 200 // characters, as of the store's products
)

// Read reads a whole sales file. An invoice is placed at the time of its first line, by its first customer, and is
// delivered. Lines of a product are one, and must have one price.
//
// Every part of an order comes from the file alone, so the same file makes the same orders.
func Read(ctx context.Context, lines *sales.Reader, currency string, now time.Time) (Sold, error) {
	if currency != sales.Currency {
		return Sold{}, fmt.Errorf("%w: the sales file is in %s, the store in %q", ErrCurrency, sales.Currency, currency)
	}
	r := &reading{Sold: Sold{LeftOut: map[string]int{}}, now: now, byNumber: map[string]*invoice{}}
	for {
		if err := ctx.Err(); err != nil {
			return Sold{}, err
		}
		line, err := lines.Read()
		var wrong *csvfile.BadRow
		switch {
		case err == io.EOF:
			return r.sold(), nil
		case errors.As(err, &wrong):
			if line.Invoice == "" {
				r.Unknown++
			} else {
				r.invoice(line.Invoice).bad = true
			}
			r.Bad = append(r.Bad, Bad{wrong.Line, wrong.Text, wrong.Err.Error()})
		case err != nil:
			return Sold{}, err
		default:
			r.add(line)
		}
	}
}

// reading is a file half read.
type reading struct {
	Sold
	now      time.Time
	invoices []*invoice // in the order in which they are first named
	byNumber map[string]*invoice
}

// invoice is one that is half read.
type invoice struct {
	number, customer string
	at               time.Time
	lines            []order.Line
	place            map[string]int // product id → its place in lines
	bad              bool
}

func (r *reading) invoice(number string) *invoice {
	i, known := r.byNumber[number]
	if !known {
		i = &invoice{number: number, place: map[string]int{}}
		r.byNumber[number] = i
		r.invoices = append(r.invoices, i)
	}
	return i
}

func (r *reading) add(line sales.Line) {
	i := r.invoice(line.Invoice)
	if i.customer == "" {
		i.customer = line.Customer
	}
	if i.at.IsZero() {
		i.at = line.Time.UTC().Truncate(time.Millisecond)
	}
	price, err := catalogue.ParsePrice(line.Price, pence)
	switch reason := noSale(line, price, err); {
	case reason != "":
		r.LeftOut[reason]++
		return
	case err == nil:
		err = i.sell(line, price, r.now)
	}
	if err != nil {
		i.bad = true
		r.Bad = append(r.Bad, Bad{line.Row.Line, line.Row.Text, err.Error()})
	}
}

// noSale says why the line is no sale, or nothing.
func noSale(line sales.Line, price int64, unread error) string {
	switch {
	case line.Cancelled():
		return Cancellation
	case !line.Goods():
		return NoGoods
	case line.Quantity <= 0:
		return NothingSold
	case price == 0 && unread == nil:
		return NoPrice
	}
	return ""
}

// sell adds a line to its invoice, or says why an order cannot have it.
func (i *invoice) sell(line sales.Line, price int64, now time.Time) error {
	name := strings.Join(strings.Fields(line.Description), " ")
	switch {
	case price < 0 || price > money.MaxAmount/line.Quantity:
		return fmt.Errorf("%d at %s is no amount of the store", line.Quantity, line.Price)
	case !product.ValidID(line.Code):
		return fmt.Errorf("%q cannot be a product's id", line.Code)
	case utf8.RuneCountInString(name) > maxName:
		return fmt.Errorf("the description is longer than %d characters", maxName)
	case line.Time.After(now):
		return errors.New("it was not sold yet")
	}
	at, known := i.place[line.Code]
	if !known {
		return i.begin(order.Line{
			ProductID: line.Code, Name: name, UnitPrice: money.Money{Amount: price, Currency: sales.Currency},
			Quantity: line.Quantity,
		})
	}
	l := &i.lines[at]
	if l.UnitPrice.Amount != price {
		return fmt.Errorf("%s has another price in a line before of the invoice", line.Code)
	}
	l.Quantity += line.Quantity
	if l.Name == "" {
		l.Name = name
	}
	return i.affordable()
}

// begin adds the first line of a product.
func (i *invoice) begin(line order.Line) error {
	if len(i.lines) == order.MaxProducts {
		return fmt.Errorf("the invoice has more than %d products", order.MaxProducts)
	}
	i.place[line.ProductID] = len(i.lines)
	i.lines = append(i.lines, line)
	return i.affordable()
}

// affordable holds quantities and the total to what an order may have.
func (i *invoice) affordable() error {
	left := int64(money.MaxAmount)
	for _, l := range i.lines {
		if l.Quantity > order.MaxQuantity {
			return fmt.Errorf("the invoice has more than %d of %s", order.MaxQuantity, l.ProductID)
		}
		if l.UnitPrice.Amount > 0 && l.Quantity > left/l.UnitPrice.Amount {
			return errors.New("the invoice's total is no amount of the store")
		}
		left -= l.Total().Amount
	}
	return nil
}

func (r *reading) sold() Sold {
	for _, i := range r.invoices {
		switch {
		case i.bad:
			r.Dropped++
		case len(i.lines) > 0:
			r.Orders = append(r.Orders, i.order())
		}
	}
	return r.Sold
}

func (i *invoice) order() order.Order {
	o := order.Order{
		ID: order.ID("import-orders", i.number), UserID: userID(i.customer), Email: email(i.customer), Lines: i.lines,
		Total: money.Money{Currency: sales.Currency}, PlacedAt: i.at, Status: order.Delivered, Imported: true,
	}
	for at, l := range o.Lines {
		o.Total = o.Total.Plus(l.Total())
		if l.Name == "" {
			o.Lines[at].Name = l.ProductID
		}
	}
	return o
}

// userID returns an id of no user of the store: a UUIDv7 of the first instant, made of the customer's number.
func userID(customer string) string {
	hash := sha256.Sum256([]byte("import-orders\x00" + customer))
	id := uuid.UUID(hash[:16])
	copy(id[:6], make([]byte, 6))
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return "usr_" + id.String()
}

// email returns an address that no mail can reach (RFC 2606).
func email(customer string) string {
	if customer == "" {
		return "unknown-customer@import.invalid"
	}
	return "customer-" + strings.ToLower(customer) + "@import.invalid"
}
