package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"shop/cmd/shop/internal/sales"
	"shop/internal/money"
	"shop/internal/product"
)

// Goods are products of a file that was read as a whole. They are a [Source] that hands out what was refused first,
// then the products in the order in which the file names them.
type Goods struct {
	refused  []*Refusal
	items    []Item
	next     int
	encoding string
}

// ErrOtherCurrency is returned by [Gather] when the store's currency is not the file's.
var ErrOtherCurrency = errors.New("another currency")

// Gather reads a whole sales file and makes of it one item per stock code of goods: its name and
// description are its most frequent description with blanks cleaned (of several, the first in
// alphabetical order), its price is the latest positive unit price (of several at one time, the last in the
// file), its stock is the units that the file sells, cancellations and write-offs not counted.
// A product without a name or a positive price is refused; a line that cannot be understood, or
// whose price no coin can pay, is refused and adds nothing to its product.
//
// The errors are those of [csvfile.NewReader], and [ErrOtherCurrency] when the store's currency is not the file's.
func Gather(ctx context.Context, r io.Reader, o Options) (*Goods, error) {
	if o.Currency != sales.Currency {
		return nil, fmt.Errorf("%w: the sales file is in %s, the store in %q",
			ErrOtherCurrency, sales.Currency, o.Currency)
	}
	lines, err := sales.NewReader(r, o.File)
	if err != nil {
		return nil, err
	}
	g := &gathering{options: o, mark: markOf(o.Decimal, lines.Delimiter()), products: map[string]*tally{}}
	for {
		switch err := g.read(ctx, lines); {
		case err == io.EOF:
			return g.goods(lines.Encoding()), nil
		case err != nil:
			return nil, err
		}
	}
}

// Next is [Source]'s.
func (g *Goods) Next(ctx context.Context) (Item, error) {
	if err := ctx.Err(); err != nil {
		return Item{}, err
	}
	g.next++
	if g.next <= len(g.refused) {
		return Item{}, g.refused[g.next-1]
	}
	if i := g.next - len(g.refused); i <= len(g.items) {
		return g.items[i-1], nil
	}
	return Item{}, io.EOF
}

// Encoding is [Source]'s.
func (g *Goods) Encoding() string { return g.encoding }

// Progress is [Source]'s.
func (g *Goods) Progress() float64 {
	total := len(g.refused) + len(g.items)
	if total == 0 {
		return 1
	}
	return min(1, float64(g.next)/float64(total))
}

// gathering is a sales file half read.
type gathering struct {
	options  Options
	mark     DecimalMark
	refused  []*Refusal
	products map[string]*tally
	order    []*tally // as the file first names them
}

// tally is what the lines read so far say of one product.
type tally struct {
	origin Origin // its first line
	id     string
	names  map[string]int // cleaned description → lines that have it
	price  int64          // pence; 0 until one was positive
	priced time.Time
	units  int64
}

const pence = 2 // digits after the point of a price in pounds

func (g *gathering) read(ctx context.Context, lines *sales.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	line, err := lines.Read()
	if err == nil {
		err = g.add(line)
	}
	var refusal *Refusal
	if err = refuseRow(err); errors.As(err, &refusal) {
		g.refused = append(g.refused, refusal)
		return nil
	}
	return err
}

func (g *gathering) add(line sales.Line) error {
	refusal := Refusal{Origin: originOf(line.Row), ProductID: line.Code}
	if !line.Goods() {
		refusal.Reason = NotGoods
		return &refusal
	}
	price, err := g.mark.Parse(line.Price, pence)
	switch {
	case errors.Is(err, ErrPriceFraction):
		refusal.Reason, refusal.Detail = FinePrice, err.Error()
		return &refusal
	case err != nil:
		refusal.Reason, refusal.Detail = Malformed, err.Error()
		return &refusal
	}
	g.tally(line.Code, refusal.Origin).count(line, price)
	return nil
}

func (g *gathering) tally(id string, origin Origin) *tally {
	t, known := g.products[id]
	if !known {
		t = &tally{origin: origin, id: id, names: map[string]int{}}
		g.products[id] = t
		g.order = append(g.order, t)
	}
	return t
}

func (t *tally) count(line sales.Line, price int64) {
	if name := clean(line.Description); name != "" {
		t.names[name]++
	}
	if price > 0 && !line.Time.Before(t.priced) {
		t.price, t.priced = price, line.Time
	}
	if line.Quantity > 0 && !line.Cancelled() {
		t.units += line.Quantity
	}
}

// name returns the most frequent description; equally frequent ones go by the alphabet, so that the
// same lines in another order give the same name.
func (t *tally) name() string {
	best := ""
	for name, n := range t.names {
		if n > t.names[best] || n == t.names[best] && name < best {
			best = name
		}
	}
	return best
}

func (g *gathering) goods(encoding string) *Goods {
	goods := &Goods{refused: g.refused, encoding: encoding}
	for _, t := range g.order {
		item, refusal := t.item(g.options)
		if refusal != nil {
			goods.refused = append(goods.refused, refusal)
			continue
		}
		goods.items = append(goods.items, item)
	}
	return goods
}

func (t *tally) item(o Options) (Item, *Refusal) {
	name, units := t.name(), t.units
	if o.Stock != nil {
		units = *o.Stock
	}
	item := Item{Origin: t.origin, Given: Given{Description: true}, Draft: product.Draft{
		ID: t.id, Name: name, Description: name, Active: true,
		Price: money.Money{Amount: t.price, Currency: sales.Currency}, Stock: &units,
	}}
	switch {
	case name == "":
		return Item{}, item.refuse(NoName, "")
	case t.price == 0:
		return Item{}, item.refuse(NoPrice, "")
	}
	return item, validateItem(item, o.Currency)
}
