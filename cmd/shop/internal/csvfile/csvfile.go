// Package csvfile reads CSV files (RFC 4180) row by row, by the names of their columns.
//
// A row that cannot be read is an error with its line number, and reading continues at the next line: one bad line of a
// long file costs only that line. Each line of a file is blank, or part of exactly one row or one such error.
package csvfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Reasons for which a row cannot be read.
var (
	// ErrQuote says that a line has a quote where none can be, or one that begins a field and is never closed.
	ErrQuote = errors.New("a quote stands where none can be, or is not closed")
	// ErrFields says that a row has fewer fields than the header names, or more that are not empty.
	ErrFields = errors.New("wrong number of fields")

	errNotText = errors.New("the line is not text of the file's encoding")
)

// Row is one record of a file.
type Row struct {
	Line   int    // the line on which the record starts; the header is line 1
	Lines  int    // how many lines it has
	Text   string // as the file has it, without the end of its last line
	record []string
	places map[string]int // column → its place in the record
}

// Field returns what the row has in a column; empty when the file does not have the column.
func (r Row) Field(column string) string {
	if place, there := r.places[column]; there {
		return r.record[place]
	}
	return ""
}

// BadRow is the error for a record that cannot be read or understood. Reading can go on after it.
type BadRow struct {
	Line  int
	Lines int
	Text  string // as the file has it
	Err   error
}

func (b *BadRow) Error() string { return fmt.Sprintf("line %d: %v", b.Line, b.Err) }

func (b *BadRow) Unwrap() error { return b.Err }

// Bad makes an error of the row that says what is wrong with it.
func (r Row) Bad(err error) *BadRow {
	return &BadRow{Line: r.Line, Lines: r.Lines, Text: r.Text, Err: err}
}

// Options override what is recognised of a file.
type Options struct {
	Delimiter rune   // one of [Delimiters]; 0: the one with which the header names the columns
	Encoding  string // one of [Encodings]; empty: see [Reader.Encoding]
}

// Reader reads the rows of a file, which it holds as a whole.
type Reader struct {
	delimiter byte
	encoding  string
	columns   int            // how many the header names
	places    map[string]int // column → its place in a record
	size      int
	rest      string // what is not read yet
	line      int    // the line on which rest starts
}

// NewReader reads a file and its header, which must have the given columns. The error is [ErrHeader] for another
// header, [ErrNotCSV], [ErrEncoding], or that of reading.
func NewReader(r io.Reader, o Options, columns Columns) (*Reader, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	text, encoding, err := decode(content, o.Encoding)
	if err != nil {
		return nil, err
	}
	reader := &Reader{encoding: encoding, size: len(text), rest: text, line: 1}
	return reader, reader.readHeader(o.Delimiter, columns)
}

// Delimiter returns what stands between the fields: given, or recognised.
func (r *Reader) Delimiter() rune { return rune(r.delimiter) }

// Encoding returns the encoding of the file: given, or recognised by a byte order mark, else UTF-8 if the file is valid
// UTF-8, else Windows-1252.
func (r *Reader) Encoding() string { return r.encoding }

// Has reports whether the file has the column.
func (r *Reader) Has(name string) bool {
	_, has := r.places[name]
	return has
}

// Progress returns how much of the file was read as rows, from 0 to 1.
func (r *Reader) Progress() float64 {
	if r.size == 0 {
		return 1
	}
	return 1 - float64(len(r.rest))/float64(r.size)
}

// Read returns the next row; rows without any text are passed over. The error is io.EOF after the last one, or a
// [*BadRow] for a record that cannot be read (call Read again for the next).
func (r *Reader) Read() (Row, error) {
	for r.rest != "" {
		row, record, err := r.next()
		switch {
		case err != nil:
			return Row{}, row.Bad(err)
		case !blank(record):
			row.record, row.places = record, r.places
			return row, nil
		}
	}
	return Row{}, io.EOF
}

// Start returns what a record that cannot be read has in a column, without quotes around it. Only its start is known:
// it is empty for every column but the file's first.
func (r *Reader) Start(b *BadRow, column string) string {
	if place, there := r.places[column]; !there || place > 0 {
		return ""
	}
	text, _, _ := strings.Cut(b.Text, string(rune(r.delimiter)))
	text = strings.TrimSpace(text)
	return strings.TrimSuffix(strings.TrimPrefix(text, `"`), `"`)
}

// next takes the next record off the rest; of one that cannot be read it takes the first line only.
func (r *Reader) next() (Row, []string, error) {
	record, length, err := r.record()
	if err != nil {
		length = len(firstLine(r.rest))
	}
	text := r.rest[:length]
	row := Row{Line: r.line, Lines: countLines(text), Text: withoutEnd(text)}
	r.rest = r.rest[length:]
	r.line += row.Lines
	if err == nil && !utf8.ValidString(text) {
		err = errNotText
	}
	return row, record, err
}

// record parses the record at the start of the rest, and returns how many bytes it has. A record of several lines
// that may have come about by a stray quote is none, see [swallows].
func (r *Reader) record() ([]string, int, error) {
	record, length, err := parse(r.rest, r.delimiter)
	if err != nil {
		return nil, 0, err
	}
	if blank(record) {
		return record, length, nil
	}
	record, fits := r.fit(record)
	if !fits {
		return nil, 0, ErrFields
	}
	if r.swallows(r.rest[:length]) {
		return nil, 0, ErrQuote
	}
	return record, length, nil
}

// fit removes empty fields beyond the header's, and reports whether as many are left as the header names.
func (r *Reader) fit(record []string) ([]string, bool) {
	if len(record) < r.columns || !blank(record[r.columns:]) {
		return nil, false
	}
	return record[:r.columns], true
}

// swallows reports whether a record of several lines looks as if a stray quote joined rows: one of its lines after
// the first is a row by itself, or would be one if quotes were plain text; for its last line this holds only if the
// same is true of the first, because the end of a long text often has as many delimiters as it takes.
func (r *Reader) swallows(text string) bool {
	first := firstLine(text)
	for rest := text[len(first):]; rest != ""; {
		line := firstLine(rest)
		rest = rest[len(line):]
		if r.isRow(line) || r.hasFields(line) && (rest != "" || r.hasFields(first)) {
			return true
		}
	}
	return false
}

func (r *Reader) isRow(line string) bool {
	record, length, err := parse(line, r.delimiter)
	if err != nil || length != len(line) || blank(record) {
		return false
	}
	_, fits := r.fit(record)
	return fits
}

// hasFields reports whether the line has enough delimiters for a row, quoted or not.
func (r *Reader) hasFields(line string) bool {
	n := strings.Count(line, string(rune(r.delimiter))) + 1
	return n >= r.columns && strings.Trim(line, " \t\r\n"+string(rune(r.delimiter))) != ""
}

func blank(record []string) bool {
	return !slices.ContainsFunc(record, func(field string) bool { return strings.TrimSpace(field) != "" })
}
