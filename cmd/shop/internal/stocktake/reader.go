package stocktake

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"shop/cmd/shop/internal/catalogue"
	"shop/cmd/shop/internal/csvfile"
	"shop/internal/product"
)

// Count is a line of a file: how many units of a product there are.
type Count struct {
	catalogue.Origin
	ProductID string
	Quantity  int64
	Seen      *int64 // the stock that the store said when it was counted; nil where the file does not tell
}

func (c Count) refuse(reason catalogue.Reason, detail string) *catalogue.Refusal {
	return &catalogue.Refusal{Origin: c.Origin, ProductID: c.ProductID, Reason: reason, Detail: detail}
}

// seenText is the stock that was seen, as a message has it.
func (c Count) seenText() string {
	if c.Seen == nil {
		return "another stock"
	}
	return strconv.FormatInt(*c.Seen, 10)
}

// Reader reads the counts of a file.
type Reader struct {
	rows *csvfile.Reader
	seen map[string]int // product → the line that counts it
}

var columns = csvfile.Columns{
	Required: []string{"product_id", "quantity"}, Optional: []string{"compare_quantity"}, Others: true,
}

// NewReader reads the header of a file. It returns what csvfile.NewReader does.
func NewReader(r io.Reader, o csvfile.Options) (*Reader, error) {
	rows, err := csvfile.NewReader(r, o, columns)
	return &Reader{rows: rows, seen: map[string]int{}}, err
}

// Progress returns how much of the file was read, from 0 to 1.
func (r *Reader) Progress() float64 { return r.rows.Progress() }

// Next returns the next count. The error is io.EOF after the last one, or a *catalogue.Refusal for a line that has none
// (call Next again).
func (r *Reader) Next() (Count, error) {
	row, err := r.rows.Read()
	var bad *csvfile.BadRow
	if errors.As(err, &bad) {
		c := Count{Origin: catalogue.Origin{Line: bad.Line, Text: bad.Text}}
		return c, c.refuse(Malformed, bad.Err.Error())
	}
	if err != nil {
		return Count{}, err
	}
	return r.count(row)
}

func (r *Reader) count(row csvfile.Row) (Count, error) {
	c := Count{
		Origin: catalogue.Origin{Line: row.Line, Text: row.Text}, ProductID: strings.TrimSpace(row.Field("product_id")),
	}
	if !product.ValidID(c.ProductID) {
		return c, c.refuse(Invalid, fmt.Sprintf("%q is no product_id", c.ProductID))
	}
	if line, before := r.seen[c.ProductID]; before {
		return c, c.refuse(Duplicate, fmt.Sprintf("in line %d", line))
	}
	r.seen[c.ProductID] = row.Line
	quantity, err := units("quantity", row.Field("quantity"))
	if err != nil {
		return c, c.refuse(Invalid, err.Error())
	}
	c.Quantity = quantity
	if text := row.Field("compare_quantity"); strings.TrimSpace(text) != "" {
		seen, err := units("compare_quantity", text)
		if err != nil {
			return c, c.refuse(Invalid, err.Error())
		}
		c.Seen = &seen
	}
	return c, nil
}

func units(column, text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 || n > product.MaxStock {
		return 0, fmt.Errorf("%s %q is no whole number from 0 to %d", column, text, product.MaxStock)
	}
	return n, nil
}
