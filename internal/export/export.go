// Package export writes orders, products and stock movements as CSV (RFC 4180) or as lines of JSON, reads them back,
// and checks that what was read adds up. docs/admin.md describes the columns.
//
// Money is an integer of minor units beside its currency: exact, and the same to a reader who does not know how many
// digits a currency has, and to a spreadsheet of any language.
package export

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"shop/internal/calendar"
	"shop/internal/order"
	"shop/internal/product"
)

// timeFormat is how a time is written: RFC 3339, UTC, milliseconds, so that texts sort as times do.
const timeFormat = "2006-01-02T15:04:05.000Z"

// The formats.
const (
	CSV   = "csv"
	JSONL = "jsonl" // an object a line, in UTF-8
)

// The kinds of records.
const (
	Orders    = "orders"
	Products  = "products"
	Movements = "movements"
)

// kinds has of each kind the columns of its CSV; the first is that of its id, and the first member of its JSON, too.
var kinds = map[string][]string{
	Orders: {
		"order_id", "placed_at", "day", "status", "user_id", "email", "currency", "total_minor", "lines", "line",
		"product_id", "name", "unit_price_minor", "quantity", "line_total_minor",
	},
	Products: productColumns,
	Movements: {
		"movement_id", "product_id", "moved_at", "day", "before", "after", "added", "removed", "reason", "moved_by",
		"order_id",
	},
}

// Record is an [Order], a [Product] or a [Movement].
type Record interface {
	// rows are the records of CSV: one for each line of an order, else one.
	rows() [][]string
}

// Header returns what an export of the kind begins with.
func Header(kind, format string) []byte {
	if format == JSONL {
		return nil
	}
	return appendRow(nil, kinds[kind])
}

// Append writes a record.
func Append(to []byte, r Record, format string) ([]byte, error) {
	if format != JSONL {
		for _, row := range r.rows() {
			to = appendRow(to, row)
		}
		return to, nil
	}
	text, err := json.Marshal(r)
	if err != nil {
		return to, fmt.Errorf("writing a record: %w", err)
	}
	return append(append(to, text...), '\n'), nil
}

// Money is an amount in minor units.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Order is an order of an export. Its JSON has the members that the HTTP API lists, and the day.
type Order struct {
	ID       string `json:"order_id"`
	PlacedAt string `json:"placed_at"`
	Day      string `json:"day"` // of the shop's zone
	Status   string `json:"status"`
	UserID   string `json:"user_id"`
	Email    string `json:"email"`
	Total    Money  `json:"total"`
	Lines    []Line `json:"items"`
}

// Line is one product of an order.
type Line struct {
	ProductID string `json:"product_id"`
	Name      string `json:"name"`
	UnitPrice Money  `json:"unit_price"`
	Quantity  int64  `json:"quantity"`
	Total     Money  `json:"line_total"`
}

// OrderOf returns the record of an order. Its day is that of the zone.
func OrderOf(o order.Order, in *time.Location) Order {
	r := Order{
		ID: o.ID, PlacedAt: formatTime(o.PlacedAt), Day: day(o.PlacedAt, in), Status: o.Status.String(),
		UserID: o.UserID, Email: o.Email, Total: Money(o.Total), Lines: make([]Line, len(o.Lines)),
	}
	for i, l := range o.Lines {
		r.Lines[i] = Line{
			ProductID: l.ProductID, Name: l.Name, UnitPrice: Money(l.UnitPrice), Quantity: l.Quantity,
			Total: Money(l.Total()),
		}
	}
	return r
}

// Movement is a change of a stock. How many units it added or removed are two members, of which one is 0, so that no
// number of an export is negative. Units that came back with an order, and changes by a difference in a rush, have no
// Before and After.
type Movement struct {
	ID        string `json:"movement_id"`
	ProductID string `json:"product_id"`
	MovedAt   string `json:"moved_at"`
	Day       string `json:"day"` // of the shop's zone
	Before    *int64 `json:"before,omitzero"`
	After     *int64 `json:"after,omitzero"`
	Added     int64  `json:"added"`
	Removed   int64  `json:"removed"`
	Reason    string `json:"reason"`
	By        string `json:"moved_by"`
	OrderID   string `json:"order_id,omitzero"`
}

// MovementOf returns the record of a movement. Its day is that of the zone.
func MovementOf(m product.Movement, in *time.Location) Movement {
	r := Movement{
		ID: m.ID, ProductID: m.ProductID, MovedAt: formatTime(m.MovedAt), Day: day(m.MovedAt, in), Reason: m.Reason,
		Added: max(m.Delta(), 0), Removed: max(-m.Delta(), 0), By: m.By, OrderID: m.OrderID,
	}
	if m.IsExact() {
		r.Before, r.After = &m.Before, &m.After
	}
	return r
}

func formatTime(t time.Time) string { return t.UTC().Format(timeFormat) }

func day(t time.Time, in *time.Location) string { return calendar.Of(t, in).Format(time.DateOnly) }
