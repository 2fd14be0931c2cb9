package csvfile

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads rows as "line: fields" and bad rows as "line! error".
func readAll(t testing.TB, r *Reader) []string {
	t.Helper()
	var all []string
	for {
		row, err := r.Read()
		var bad *BadRow
		switch {
		case err == io.EOF:
			return all
		case errors.As(err, &bad):
			all = append(all, fmt.Sprintf("%d! %v", bad.Line, bad.Err))
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, fmt.Sprintf("%d: %s", row.Line, strings.Join(row.Fields, "|")))
		}
	}
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"in order":          {"a,b\n1,2\n3,4\n", []string{"2: 1|2", "3: 3|4"}},
		"other order":       {"b,a\n1,2\n", []string{"2: 2|1"}},
		"byte order mark":   {"\ufeffa,b\n1,2\n", []string{"2: 1|2"}},
		"mark and quotes":   {"\ufeff\"a\",b\n1,2\n", []string{"2: 1|2"}},
		"CRLF":              {"a,b\r\n1,2\r\n", []string{"2: 1|2"}},
		"no last newline":   {"a,b\n1,2", []string{"2: 1|2"}},
		"no rows":           {"a,b\n", nil},
		"empty line":        {"a,b\n\n1,2\n", []string{"3: 1|2"}},
		"line in a field":   {"a,b\n\"x\ny\",2\n3,4\n", []string{"2: x\ny|2", "4: 3|4"}},
		"too few fields":    {"a,b\n1\n3,4\n", []string{"2! wrong number of fields", "3: 3|4"}},
		"too many fields":   {"a,b\n1,2,3\n3,4\n", []string{"2! wrong number of fields", "3: 3|4"}},
		"stray quote":       {"a,b\n1\"x,2\n3,4\n", []string{"2! bare \" in non-quoted-field", "3: 3|4"}},
		"quote left open":   {"a,b\n3,4\n\"x,2\n5,6\n", []string{"2: 3|4", "3! extraneous or missing \" in quoted-field"}},
		"not UTF-8":         {"a,b\n\xff,2\n3,4\n", []string{"2! the line is not UTF-8", "3: 3|4"}},
		"quotes and commas": {"a,b\n\"x \"\"y\"\", z\",2\n", []string{"2: x \"y\", z|2"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(c.text), "a", "b")
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, r); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestReadKeepsTheRecord(t *testing.T) {
	r, err := NewReader(strings.NewReader("b,a\n1,2\n1,2,3\n"), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	row, err := r.Read()
	if err != nil || !slices.Equal(row.Record, []string{"1", "2"}) {
		t.Errorf("row %v, %v: want the record as in the file", row, err)
	}
	_, err = r.Read()
	var bad *BadRow
	if !errors.As(err, &bad) || !slices.Equal(bad.Record, []string{"1", "2", "3"}) {
		t.Errorf("got %v, want a bad row with its record", err)
	}
}

func TestHeader(t *testing.T) {
	for name, text := range map[string]string{
		"empty file":   "",
		"missing":      "a\n1\n",
		"unknown":      "a,b,c\n1,2,3\n",
		"there twice":  "a,b,a\n1,2,3\n",
		"other case":   "A,B\n1,2\n",
		"malformed":    "a,\"b\n",
		"another file": "{\"a\": 1}\n",
	} {
		if _, err := NewReader(strings.NewReader(text), "a", "b"); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: got %v, want ErrHeader", name, err)
		}
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := NewReader(iotest.ErrReader(broken), "a"); !errors.Is(err, broken) {
		t.Errorf("NewReader: got %v, want the reader's error", err)
	}
	r, err := NewReader(io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(broken)), "a")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err = r.Read(); err != nil {
			break
		}
	}
	var bad *BadRow
	if !errors.Is(err, broken) || errors.As(err, &bad) {
		t.Errorf("Read: got %v, want the reader's error, and no bad row", err)
	}
}

func TestOffset(t *testing.T) {
	const text = "a\n1\n22\n"
	r, err := NewReader(strings.NewReader(text), "a")
	if err != nil {
		t.Fatal(err)
	}
	if readAll(t, r); r.Offset() != int64(len(text)) {
		t.Errorf("offset at the end %d, want %d", r.Offset(), len(text))
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\ufeffb,a\r\n\"x\ny\",2\r\n", "a,b\n1\n\"", "a,b\n\xff,\"\"\"\n3,4", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := NewReader(strings.NewReader(text), "a", "b")
		if err != nil {
			return
		}
		line, rows := 1, 0
		for {
			row, err := r.Read()
			var bad *BadRow
			if err == io.EOF {
				break
			}
			if errors.As(err, &bad) {
				row.Line = bad.Line
			} else if err != nil || len(row.Fields) != 2 || len(row.Record) != 2 {
				t.Fatalf("row %v, %v: want two fields", row, err)
			}
			if row.Line <= line {
				t.Fatalf("line %d after line %d", row.Line, line)
			}
			line = row.Line
			rows++
		}
		if limit := strings.Count(text, "\n") + 1; rows > limit {
			t.Fatalf("%d rows in %d lines", rows, limit)
		}
	})
}
