package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/money"
	"shop/internal/product"
)

// columns are those of a catalogue CSV.
var columns = csvfile.Columns{
	Required: []string{"product_id", "name", "description", "price", "currency", "stock"},
	Optional: []string{"image_url", "active", "max_per_order", "low_stock_threshold", "categories"},
}

// Options say how a file becomes items.
type Options struct {
	Currency string // the store's, ISO 4217
	Stock    *int64 // when not nil, the stock of every item, whatever the file says
	File     csvfile.Options
	Decimal  DecimalMark // of prices; Either: see [Either], and [Point] in files parted by commas
}

// Reader reads a catalogue CSV. The price is decimal (3.39); an empty stock is 0; where another optional column is
// empty, the product's member stays as it is.
type Reader struct {
	rows *csvfile.Reader
	items
}

// items makes items of what a file says, and keeps the ids of those that it made.
type items struct {
	options Options
	digits  int // of the currency
	mark    DecimalMark
	seen    map[string]int // product id → the line that listed it
}

func newItems(rows *csvfile.Reader, digits int, o Options) items {
	return items{options: o, digits: digits, mark: markOf(o.Decimal, rows.Delimiter()), seen: map[string]int{}}
}

// NewReader reads the header of a catalogue CSV. The errors are those of [csvfile.NewReader], and [money.ErrCurrency]
// for a store currency that is none.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	digits, err := money.Digits(o.Currency)
	if err != nil {
		return nil, err
	}
	rows, err := csvfile.NewReader(r, o.File, columns)
	if err != nil {
		return nil, err
	}
	return &Reader{rows: rows, items: newItems(rows, digits, o)}, nil
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
	field := func(column string) string { return strings.TrimSpace(row.Field(column)) }
	item, refusal := r.item(row, cells{
		id: field("product_id"), name: field("name"), description: field("description"), hasDescription: true,
		price: field("price"), currency: field("currency"), stock: field("stock"),
		imageURL: field("image_url"), active: field("active"), maxPerOrder: field("max_per_order"),
		lowStockThreshold: field("low_stock_threshold"), categories: field("categories"),
	})
	if refusal != nil {
		return Item{}, refusal
	}
	return item, nil
}

// Progress is [Source]'s.
func (r *Reader) Progress() float64 { return r.rows.Progress() }

// Encoding is [Source]'s.
func (r *Reader) Encoding() string { return r.rows.Encoding() }

// cells are what a row of a file has of a product. From imageURL on an empty one keeps the product's member.
type cells struct {
	id, name, description, price, currency, stock string
	hasDescription                                bool
	imageURL, active, categories                  string
	maxPerOrder, lowStockThreshold                string
}

// item makes an item of what the row says of a product, or says why there is none.
func (i *items) item(row csvfile.Row, s cells) (Item, *Refusal) {
	item := Item{
		Origin: originOf(row),
		Draft:  product.Draft{ID: s.id, Name: s.name, Description: s.description, ImageURL: s.imageURL, Active: true},
		Given:  Given{Description: s.hasDescription, ImageURL: s.imageURL != "", Active: s.active != ""},
	}
	if first, again := i.seen[item.Draft.ID]; again {
		return Item{}, item.refuse(Duplicate, fmt.Sprintf("on line %d", first))
	}
	if refusal := i.amounts(&item, s); refusal != nil {
		return Item{}, refusal
	}
	if refusal := setActive(&item, s.active); refusal != nil {
		return Item{}, refusal
	}
	if refusal := setUnits(&item, &item.Draft.MaxPerOrder, "max_per_order", s.maxPerOrder); refusal != nil {
		return Item{}, refusal
	}
	threshold := &item.Draft.LowStockThreshold
	if refusal := setUnits(&item, threshold, "low_stock_threshold", s.lowStockThreshold); refusal != nil {
		return Item{}, refusal
	}
	item.Draft.Categories = categories(s.categories)
	if refusal := validateItem(item, i.options.Currency); refusal != nil {
		return Item{}, refusal
	}
	i.seen[item.Draft.ID] = row.Line
	return item, nil
}

// applyTo returns the product with what the item gives.
func (i Item) applyTo(p product.Product) product.Product {
	p.Name, p.Price = i.Draft.Name, i.Draft.Price
	if i.Given.Description {
		p.Description = i.Draft.Description
	}
	if i.Given.ImageURL {
		p.ImageURL = i.Draft.ImageURL
	}
	if i.Given.Active {
		p.Active = i.Draft.Active
	}
	if given := i.Draft.MaxPerOrder; given != nil && limit(*given) != limit(p.MaxPerOrder) {
		p.MaxPerOrder = *given
	}
	if given := i.Draft.LowStockThreshold; given != nil {
		p.LowStockThreshold = *given
	}
	if i.Draft.Categories != nil {
		p.Categories = product.CategoriesOf(i.Draft.Categories)
	}
	return p
}

// limit returns how many units one order may have of a product whose MaxPerOrder is n.
func limit(n int64) int64 {
	if n == 0 {
		return product.MaxPerOrder
	}
	return n
}

func (i *items) amounts(item *Item, s cells) *Refusal {
	if s.currency != i.options.Currency {
		return item.refuse(OtherCurrency, fmt.Sprintf("%q instead of %s", s.currency, i.options.Currency))
	}
	amount, err := i.mark.Parse(s.price, i.digits)
	if err != nil {
		return item.refuse(priceReason(err), err.Error())
	}
	units, err := i.units(s.stock)
	if err != nil {
		return item.refuse(Invalid, err.Error())
	}
	item.Draft.Price, item.Draft.Stock = money.Money{Amount: amount, Currency: s.currency}, &units
	return nil
}

func priceReason(err error) Reason {
	if errors.Is(err, ErrPriceFraction) {
		return FinePrice
	}
	return Invalid
}

func (i *items) units(text string) (int64, error) {
	if i.options.Stock != nil {
		return *i.options.Stock, nil
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

// setActive reads true, yes and 1, and false, no and 0, in any case. Nothing leaves the item as it is.
func setActive(item *Item, text string) *Refusal {
	switch strings.ToLower(text) {
	case "", "true", "yes", "1":
	case "false", "no", "0":
		item.Draft.Active = false
	default:
		return item.refuse(Invalid, fmt.Sprintf("active is neither true nor false: %q", text))
	}
	return nil
}

// setUnits reads a number of units into a member of the item. Nothing leaves the item as it is.
func setUnits(item *Item, member **int64, name, text string) *Refusal {
	if text == "" {
		return nil
	}
	units, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return item.refuse(Invalid, fmt.Sprintf("%s is not a whole number: %q", name, text))
	}
	*member = &units
	return nil
}

// categories reads names with | between them. Nothing leaves the product's as they are; | alone is none.
func categories(text string) []string {
	if text == "" {
		return nil
	}
	names := []string{}
	for name := range strings.SplitSeq(text, "|") {
		if name = clean(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}
