package csvfile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ErrHeader is returned by [NewReader] for a file whose first line does not name the expected columns.
var ErrHeader = errors.New("unexpected header")

// Delimiters are what may stand between the fields of a line.
const Delimiters = ",;\t"

// Columns are the columns that a file has, in any order. In the file their names may have other letter cases and blanks
// around them.
type Columns struct {
	Required []string
	Optional []string
	// Aliases are other names of columns: another name → the column.
	Aliases map[string]string
	// Others says that a file may have more columns, which are left aside. Without it such a file is refused.
	Others bool
}

// readHeader takes the header off the rest.
func (r *Reader) readHeader(delimiter rune, columns Columns) error {
	candidates := Delimiters
	if delimiter != 0 {
		candidates = string(delimiter)
	}
	var first error
	for _, candidate := range []byte(candidates) {
		record, length, err := parse(r.rest, candidate)
		if err == nil {
			r.columns, r.places, err = columns.match(record)
		} else {
			err = fmt.Errorf("%w: %w", ErrHeader, err)
		}
		if err == nil {
			r.delimiter, r.rest, r.line = candidate, r.rest[length:], r.line+countLines(r.rest[:length])
			return nil
		}
		if first == nil || len(record) > 1 {
			first = err
		}
	}
	return first
}

// match finds the columns in a header and returns how many it names, and the places of those asked for. Empty names at
// its end are left aside.
func (c Columns) match(header []string) (int, map[string]int, error) {
	for len(header) > 0 && strings.TrimSpace(header[len(header)-1]) == "" {
		header = header[:len(header)-1]
	}
	known, places := c.known(), make(map[string]int, len(header))
	for i, written := range header {
		name, wanted := known[normal(written)]
		if _, again := places[name]; again || !wanted && !c.Others {
			const wrong = "%w: the column %q is unknown or there twice; expected %s"
			return 0, nil, fmt.Errorf(wrong, ErrHeader, written, c.describe())
		}
		if wanted {
			places[name] = i
		}
	}
	for _, name := range c.Required {
		if _, there := places[name]; !there {
			return 0, nil, fmt.Errorf("%w: the column %s is missing; expected %s", ErrHeader, name, c.describe())
		}
	}
	return len(header), places, nil
}

// known returns the column for each name as [normal] writes it.
func (c Columns) known() map[string]string {
	known := map[string]string{}
	for other, name := range maps.All(c.Aliases) {
		known[normal(other)] = name
	}
	for _, name := range slices.Concat(c.Required, c.Optional) {
		known[normal(name)] = name
	}
	return known
}

func normal(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

func (c Columns) describe() string {
	text := strings.Join(c.Required, ",")
	if len(c.Optional) > 0 {
		text += " and, if there, " + strings.Join(c.Optional, ",")
	}
	return text
}
