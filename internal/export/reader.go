package export

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// Errors of an export as a whole, after which nothing more can be read of it.
var (
	ErrEmpty   = errors.New("there is no header and no record")
	ErrHeader  = errors.New("it begins with neither the header nor the first record of an export")
	ErrTooLong = errors.New("a record is longer than 1 MB")
)

const (
	maxRecord = 1 << 20 // bytes
	maxLines  = 1000    // of an order; the store's have up to 98
)

// Fault is what is wrong with one record. Reading goes on after it.
type Fault struct {
	Line int // of the export, on which the record begins
	Text string
}

func (f *Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Text) }

// Reader reads an export, a record at a time, in either format.
type Reader struct {
	Kind string
	next func() (Record, int, error)
}

// NewReader recognises the format and the kind. It returns ErrEmpty, ErrHeader, and what reading does.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReader(r)
	start, err := in.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return nil, ErrEmpty
	case err != nil:
		return nil, fmt.Errorf("reading an export: %w", err)
	case start[0] == '{':
		return readLines(in)
	}
	return readTable(in)
}

// Next returns the next record and the line on which it begins; io.EOF after the last one. Where a record is not as it
// must be it returns a *Fault, and can be called again.
func (r *Reader) Next() (Record, int, error) { return r.next() }

// readLines reads lines of JSON. The first member of the first line says of what.
func readLines(in *bufio.Reader) (*Reader, error) {
	start, _ := in.Peek(len(`{"movement_id"`))
	for kind, columns := range kinds {
		if bytes.HasPrefix(start, []byte(`{"`+columns[0]+`"`)) {
			l := &lines{in: in}
			read := map[string]func([]byte) (Record, error){
				Orders: decode[Order], Products: decode[Product], Movements: decode[Movement],
			}[kind]
			return &Reader{Kind: kind, next: func() (Record, int, error) { return l.next(read) }}, nil
		}
	}
	return nil, ErrHeader
}

type lines struct {
	in   *bufio.Reader
	read int
}

func (l *lines) next(decode func([]byte) (Record, error)) (Record, int, error) {
	text, err := l.line()
	if err != nil {
		return nil, l.read, err
	}
	r, err := decode(text)
	if err != nil {
		return nil, l.read, &Fault{l.read, "is no record: " + err.Error()}
	}
	return r, l.read, nil
}

// line returns the next line. One that no line break ends was cut off.
func (l *lines) line() ([]byte, error) {
	l.read++
	var text []byte
	for {
		part, err := l.in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case len(text) > maxRecord:
			return nil, ErrTooLong
		case err == nil:
			return text, nil
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == io.EOF && len(text) == 0:
			return nil, io.EOF
		case err == io.EOF:
			return nil, &Fault{l.read, "is cut off"}
		}
		return nil, fmt.Errorf("reading an export: %w", err)
	}
}

func decode[T Record](text []byte) (Record, error) {
	var r T
	return r, json.Unmarshal(text, &r, json.RejectUnknownMembers(true))
}

// limited ends with ErrTooLong where more is read without a reset than one record may have.
type limited struct {
	in   io.Reader
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrTooLong
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// table reads CSV.
type table struct {
	csv     *csv.Reader
	limit   *limited
	columns []string
	pending *row // read already, and not taken
}

// row is a record of CSV.
type row struct {
	line  int
	cells []string
	at    map[string]int
}

func (r *row) text(column string) string { return plain(r.cells[r.at[column]]) }

// readTable reads CSV, whose header says of what.
func readTable(in *bufio.Reader) (*Reader, error) {
	limit := &limited{in: in, left: maxRecord}
	t := &table{csv: csv.NewReader(limit), limit: limit}
	header, err := t.csv.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	for kind, columns := range kinds {
		if slices.Equal(header, columns) {
			t.columns = columns
			next := map[string]func() (Record, int, error){
				Orders: t.order, Products: one(t, productRow), Movements: one(t, movementRow),
			}[kind]
			return &Reader{Kind: kind, next: next}, nil
		}
	}
	return nil, fmt.Errorf("%w: its columns are those of no export (%s)", ErrHeader,
		strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
}

// read returns the next row.
func (t *table) read() (*row, error) {
	if r := t.pending; r != nil {
		t.pending = nil
		return r, nil
	}
	t.limit.left = maxRecord
	cells, err := t.csv.Read()
	var wrong *csv.ParseError
	if errors.As(err, &wrong) && errors.Is(err, csv.ErrFieldCount) {
		return nil, &Fault{wrong.StartLine, "has another number of cells than the header"}
	}
	if err != nil {
		return nil, err
	}
	line, _ := t.csv.FieldPos(0)
	at := map[string]int{}
	for i, column := range t.columns {
		at[column] = i
	}
	return &row{line, cells, at}, nil
}

func one(t *table, read func(*numbers) Record) func() (Record, int, error) {
	return func() (Record, int, error) {
		r, err := t.read()
		if err != nil {
			return nil, 0, err
		}
		n := &numbers{row: r}
		return read(n), r.line, n.err()
	}
}

// numbers reads cells and remembers the first that is not what it must be.
type numbers struct {
	*row
	wrong string
}

func (n *numbers) err() error {
	if n.wrong == "" {
		return nil
	}
	return &Fault{n.line, n.wrong}
}

func (n *numbers) number(column string) int64 {
	text := n.text(column)
	v, err := strconv.ParseInt(text, 10, 64)
	if (err != nil || strconv.FormatInt(v, 10) != text) && n.wrong == "" {
		n.wrong = fmt.Sprintf("%s is no whole number: %q", column, text)
	}
	return v
}

func (n *numbers) optional(column string) *int64 {
	if n.text(column) == "" {
		return nil
	}
	v := n.number(column)
	return &v
}

func (n *numbers) money(column string) Money { return Money{n.number(column), n.text("currency")} }

func movementRow(n *numbers) Record {
	return Movement{
		ID: n.text("movement_id"), ProductID: n.text("product_id"), MovedAt: n.text("moved_at"), Day: n.text("day"),
		Before: n.optional("before"), After: n.optional("after"),
		Added: n.number("added"), Removed: n.number("removed"),
		Reason: n.text("reason"), By: n.text("moved_by"), OrderID: n.text("order_id"),
	}
}

// order reads the rows of one order. They stand together, and are numbered.
func (t *table) order() (Record, int, error) {
	first, err := t.read()
	if err != nil {
		return nil, 0, err
	}
	n := &numbers{row: first}
	o, lines := orderRow(n), n.number("lines")
	if n.wrong == "" && (n.number("line") != 1 || lines < 1 || lines > maxLines) {
		n.wrong = fmt.Sprintf("order %s begins with line %s of %s", o.ID, n.text("line"), n.text("lines"))
	}
	for n.wrong == "" && int64(len(o.Lines)) < lines {
		if err := t.line(&o, n); err != nil {
			return nil, 0, err
		}
	}
	return o, first.line, n.err()
}

// line reads one more row of an order.
func (t *table) line(o *Order, first *numbers) error {
	r, err := t.read()
	if err != nil && err != io.EOF {
		return err
	}
	if err == io.EOF || r.text("order_id") != o.ID {
		t.pending = r
		first.wrong = fmt.Sprintf("order %s has %d of %s lines", o.ID, len(o.Lines), first.text("lines"))
		return nil
	}
	n := &numbers{row: r}
	more := orderRow(n)
	first.wrong = n.wrong
	if n.wrong == "" && (n.number("line") != int64(len(o.Lines)+1) || !sameOrder(first.row, r)) {
		first.wrong = fmt.Sprintf("order %s: its line %d is not like its first one", o.ID, len(o.Lines)+1)
	}
	o.Lines = append(o.Lines, more.Lines...)
	return nil
}

// sameOrder reports whether two rows say the same of their order.
func sameOrder(a, b *row) bool {
	last := a.at["lines"] + 1
	return slices.Equal(a.cells[:last], b.cells[:last])
}

func orderRow(n *numbers) Order {
	return Order{
		ID: n.text("order_id"), PlacedAt: n.text("placed_at"), Day: n.text("day"), Status: n.text("status"),
		UserID: n.text("user_id"), Email: n.text("email"), Total: n.money("total_minor"),
		Lines: []Line{{
			ProductID: n.text("product_id"), Name: n.text("name"), UnitPrice: n.money("unit_price_minor"),
			Quantity: n.number("quantity"), Total: n.money("line_total_minor"),
		}},
	}
}
