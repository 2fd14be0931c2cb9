// Package catalogue reads files of products and imports them into a store.
//
// It reads three kinds of file: a catalogue CSV with one product a line ([NewReader]); the raw "Online Retail" sales
// file, whose lines are combined into the products they sold ([Gather]); and exports of other shops ([ReadExport]).
// Each is a [Source] for an [Importer].
package catalogue

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/product"
	"shop/internal/validation"
)

// Item is one product of a file, valid by the store's rules as far as a file can tell.
type Item struct {
	Origin
	Draft product.Draft // Stock is never nil: it is what a new product starts with
	Given Given
}

// Given says which members of a product its file gives, besides name, price, and the optional ones of its draft that
// are not nil. The others stay as the store has them; a new product begins without them, and for sale.
type Given struct{ Description, ImageURL, Active bool }

// Origin is where in a file something comes from.
type Origin struct {
	Line int    // the header is line 1
	Text string // as the file has it, without the end of its last line
}

func originOf(row csvfile.Row) Origin { return Origin{Line: row.Line, Text: row.Text} }

// Reason says in words that count ("12 × no goods") why a line or a product is not imported.
type Reason string

// The reasons. But for the last two, nothing needs to be asked of the store.
const (
	Malformed     Reason = "malformed line"
	NotGoods      Reason = "line is not goods"
	NoName        Reason = "product without a name"
	NoPrice       Reason = "product without a positive price"
	FinePrice     Reason = "price finer than the smallest coin"
	OtherCurrency Reason = "currency is not the store's"
	Duplicate     Reason = "product listed before"
	Invalid       Reason = "product breaks the store's rules"
	BadPicture    Reason = "no picture"
	RefusedThere  Reason = "refused by the store"
)

// Refusal is the error for a line or product that is not imported. The rest of the file still is.
type Refusal struct {
	Origin
	ProductID string // empty when the line does not tell
	Reason    Reason
	Detail    string // what exactly is wrong; may be empty
}

// Error tells line, product and reason in one line.
func (r *Refusal) Error() string {
	text := fmt.Sprintf("line %d: %s", r.Line, r.Reason)
	if r.ProductID != "" {
		text += ": " + r.ProductID
	}
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// Source hands out the items of a file.
type Source interface {
	// Next returns the next item. The error is io.EOF after the last one, a *Refusal for what is not
	// to be imported (call Next again for the rest), or anything else when reading cannot go on.
	Next(ctx context.Context) (Item, error)
	// Progress returns how much of the source was handed out, from 0 to 1.
	Progress() float64
	// Encoding returns the encoding of the file, one of [csvfile.Encodings].
	Encoding() string
}

// clean trims text and collapses each run of blanks into one.
func clean(text string) string { return strings.Join(strings.Fields(text), " ") }

// refuseRow turns the error of reading a row into a Refusal when only that row is lost.
func refuseRow(err error) error {
	var bad *csvfile.BadRow
	if !errors.As(err, &bad) {
		return err
	}
	return &Refusal{Origin: Origin{Line: bad.Line, Text: bad.Text}, Reason: Malformed, Detail: bad.Err.Error()}
}

// validateItem refuses an item that the store would refuse: nothing is sent that is known to come back. It returns nil
// for one that is fine.
func validateItem(item Item, currency string) *Refusal {
	err := item.Draft.Check(currency)
	var problems validation.Errors
	if errors.As(err, &problems) {
		return item.refuse(Invalid, problems.Describe())
	}
	return nil
}

func (i Item) refuse(reason Reason, detail string) *Refusal {
	return &Refusal{Origin: i.Origin, ProductID: i.Draft.ID, Reason: reason, Detail: detail}
}
