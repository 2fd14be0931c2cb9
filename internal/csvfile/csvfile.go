// Package csvfile reads CSV files (RFC 4180) row by row, by the names of their columns.
//
// A row that cannot be read is an error of its own, with its line number, and reading goes on
// after it: one bad line of a long file costs that line only.
package csvfile

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// ErrHeader is returned by [NewReader] for a file whose first line does not name the expected columns.
var ErrHeader = errors.New("unexpected header")

var errNotUTF8 = errors.New("the line is not UTF-8")

// Row is one record of a file.
type Row struct {
	Line   int      // the line on which the record starts; the header is line 1
	Record []string // every field, in the file's order
	Fields []string // the fields of the columns asked for, in the order asked for
}

// BadRow is the error for a record that cannot be read or understood. Reading can go on after it.
type BadRow struct {
	Line   int
	Record []string // what could be read of it, if anything
	Err    error
}

func (b *BadRow) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Err) }

func (b *BadRow) Unwrap() error { return b.Err }

// Bad makes an error of the row that says what is wrong with it.
func (r Row) Bad(err error) *BadRow { return &BadRow{Line: r.Line, Record: r.Record, Err: err} }

// Reader reads rows lazily: it holds one record at a time.
type Reader struct {
	csv   *csv.Reader
	order []int // order[i] is the position in the file of the i-th column asked for
}

// NewReader reads the header of a file that has exactly the given columns, in any order.
// A byte order mark is ignored. The error is [ErrHeader] for another header, or that of reading.
func NewReader(r io.Reader, columns ...string) (*Reader, error) {
	reader := csv.NewReader(withoutMark(r))
	header, err := reader.Read()
	var malformed *csv.ParseError
	if err == io.EOF || errors.As(err, &malformed) {
		return nil, fmt.Errorf("%w: the first line must name the columns %s", ErrHeader, strings.Join(columns, ","))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	order, err := match(header, columns)
	if err != nil {
		return nil, err
	}
	return &Reader{csv: reader, order: order}, nil
}

// withoutMark skips the byte order mark that spreadsheets write at the start of UTF-8 files.
func withoutMark(r io.Reader) io.Reader {
	const mark = "\ufeff"
	buffered := bufio.NewReader(r)
	if start, err := buffered.Peek(len(mark)); err == nil && string(start) == mark {
		_, _ = buffered.Discard(len(mark)) // cannot fail: these bytes are in the buffer
	}
	return buffered
}

func match(header, columns []string) ([]int, error) {
	order := make([]int, len(columns))
	for i, column := range columns {
		if order[i] = slices.Index(header, column); order[i] < 0 {
			return nil, fmt.Errorf("%w: the column %s is missing; expected %s", ErrHeader, column, strings.Join(columns, ","))
		}
	}
	for i, name := range header {
		if !slices.Contains(columns, name) || slices.Index(header, name) != i {
			return nil, fmt.Errorf("%w: the column %q is unknown or there twice; expected %s", ErrHeader, name, strings.Join(columns, ","))
		}
	}
	return order, nil
}

// Read returns the next row. The error is io.EOF after the last one, a [*BadRow] for a record that
// cannot be read (call Read again for the next), or that of the underlying reader.
func (r *Reader) Read() (Row, error) {
	record, err := r.csv.Read()
	var malformed *csv.ParseError
	if errors.As(err, &malformed) {
		return Row{}, &BadRow{Line: malformed.StartLine, Record: record, Err: malformed.Err}
	}
	if err != nil {
		return Row{}, err
	}
	line, _ := r.csv.FieldPos(0)
	row := Row{Line: line, Record: record, Fields: r.pick(record)}
	if !slices.ContainsFunc(record, notUTF8) {
		return row, nil
	}
	return Row{}, row.Bad(errNotUTF8)
}

func notUTF8(s string) bool { return !utf8.ValidString(s) }

func (r *Reader) pick(record []string) []string {
	fields := make([]string, len(r.order))
	for i, position := range r.order {
		fields[i] = record[position]
	}
	return fields
}

// Offset returns how many bytes of the file have been read as records.
func (r *Reader) Offset() int64 { return r.csv.InputOffset() }
