package csvfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

var ab = Columns{Required: []string{"a", "b"}}

func open(t testing.TB, text string, columns Columns) *Reader {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), Options{}, columns)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readAll reads rows as "line: fields of the columns" and bad rows as "line! text".
func readAll(t testing.TB, r *Reader, columns ...string) []string {
	t.Helper()
	var all []string
	for {
		row, err := r.Read()
		var bad *BadRow
		switch {
		case err == io.EOF:
			return all
		case errors.As(err, &bad):
			all = append(all, fmt.Sprintf("%d! %s", bad.Line, bad.Text))
		case err != nil:
			t.Fatal(err)
		default:
			var fields []string
			for _, c := range columns {
				fields = append(fields, row.Field(c))
			}
			all = append(all, fmt.Sprintf("%d: %s", row.Line, strings.Join(fields, "|")))
		}
	}
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"in order":           {"a,b\n1,2\n3,4\n", []string{"2: 1|2", "3: 3|4"}},
		"other order":        {"b,a\n1,2\n", []string{"2: 2|1"}},
		"byte order mark":    {"\ufeffa,b\n1,2\n", []string{"2: 1|2"}},
		"mark and quotes":    {"\ufeff\"a\",b\n1,2\n", []string{"2: 1|2"}},
		"CRLF":               {"a,b\r\n1,2\r\n", []string{"2: 1|2"}},
		"no last newline":    {"a,b\n1,2", []string{"2: 1|2"}},
		"no rows":            {"a,b\n", nil},
		"only a header":      {"a,b", nil},
		"empty rows":         {"a,b\n\n,\n1,2\n  \n ,\t\n,\n", []string{"4: 1|2"}},
		"line in a field":    {"a,b\n\"x\r\ny\",2\n3,4\n", []string{"2: x\ny|2", "4: 3|4"}},
		"empty line in one":  {"a,b\n\"x\n\ny\",2\n3,4", []string{"2: x\n\ny|2", "5: 3|4"}},
		"too few fields":     {"a,b\n1\n3,4\n", []string{"2! 1", "3: 3|4"}},
		"too many fields":    {"a,b\n1,2,3\n3,4\n", []string{"2! 1,2,3", "3: 3|4"}},
		"more, but empty":    {"a,b,, \n1,2,,\n3,4\n5,6,7,\n", []string{"2: 1|2", "3: 3|4", "4! 5,6,7,"}},
		"stray quote":        {"a,b\r\n1\"x,2\r\n3,4\r\n", []string{"2! 1\"x,2", "3: 3|4"}},
		"quote left open":    {"a,b\n3,4\n\"x,2\n5,6\n", []string{"2: 3|4", "3! \"x,2", "4: 5|6"}},
		"text after a quote": {"a,b\n\"x\"y,2\n5,6\n", []string{"2! \"x\"y,2", "3: 5|6"}},
		"joins two rows": {
			"a,b\n1,\"x\ny\"\",4\n5,6\"\n7,8\n", []string{"2! 1,\"x", "3! y\"\",4", "4! 5,6\"", "5: 7|8"},
		},
		"quotes and commas": {"a,b\n\"x \"\"y\"\", z\",2\n", []string{"2: x \"y\", z|2"}},
		"other cases":       {" A ,\"B \"\n1,2\n", []string{"2: 1|2"}},
		"semicolons":        {"a;b\n1,5;\"2;\"\n", []string{"2: 1,5|2;"}},
		"tabs":              {"a\tb\n1,5\t2\n", []string{"2: 1,5|2"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := readAll(t, open(t, c.text, ab), "a", "b"); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

var goods = Columns{Required: []string{"product_id", "name", "description", "price", "currency", "stock"}}

// TestStrayQuotes: a quote that is not closed, or closed only by another stray one, costs its own line.
func TestStrayQuotes(t *testing.T) {
	for file, want := range map[string][]string{
		"quote-joins-rows.csv": {
			"2: sw-1|64.00", "3! sw-2,Oak board,\"Solid oak, 18 mm,12.00,GBP,40", "4: sw-3|7.50", "5: sw-4|9.50",
			"6! sw-5,Brass rod,Length 12\",4.00,GBP,5", "7: sw-6|5.00",
		},
		"quote-joins-two-rows.csv": {
			"2: sw-1|64.00", "3! sw-2,Oak board,\"Solid oak, 18 mm,12.00,GBP,40",
			"4! sw-5,Brass rod,Length 12\",4.00,GBP,5", "5: sw-6|5.00",
		},
		"quote-inside-a-word.csv": {"2! ad-1,Pipe 5\" steel,,1.00,GBP,1", "3: ad-2|1.00", "4: ad-3|1.00"},
	} {
		content, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, open(t, string(content), goods), "product_id", "price"); !slices.Equal(got, want) {
			t.Errorf("%s: got  %q\nwant %q", file, got, want)
		}
	}
}

func TestUnclosedQuote(t *testing.T) {
	content, err := os.ReadFile("testdata/quote-not-closed.csv")
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, open(t, string(content), goods), "product_id")
	if len(got) != 29 || got[1] != "3! ab-2,\"Brass lamp,,1.00,GBP,1" || got[28] != "30: ab-29" {
		t.Errorf("got %q, want 28 rows, and line 3 refused", got)
	}
}

// TestTextOfSeveralLines: long texts are one record, also with as many delimiters in their last line as a row has.
func TestTextOfSeveralLines(t *testing.T) {
	text := "product_id,name,description,price,currency,stock\n" +
		"a,Lamp,\"Warm, dry:\n\"\"for desks\"\"\n\nsmall, light, and bright\",64.00,GBP,12\n"
	want := []string{"2: a|Warm, dry:\n\"for desks\"\n\nsmall, light, and bright|64.00"}
	if got := readAll(t, open(t, text, goods), "product_id", "description", "price"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOptionalColumns(t *testing.T) {
	columns := Columns{
		Required: []string{"a"}, Optional: []string{"b", "c"}, Aliases: map[string]string{"Second": "b"}, Others: true,
	}
	r := open(t, "x, second ,A,x,\n1,2,3,4,\n", columns)
	if got := readAll(t, r, "a", "b", "c"); !slices.Equal(got, []string{"2: 3|2|"}) {
		t.Errorf("got %q", got)
	}
	if !r.Has("a") || !r.Has("b") || r.Has("c") || r.Has("x") {
		t.Error("has other columns than a and b")
	}
}

func TestHeader(t *testing.T) {
	for name, text := range map[string]string{
		"empty file":   "",
		"missing":      "a\n1\n",
		"unknown":      "a,b,c\n1,2,3\n",
		"there twice":  "a,b,A\n1,2,3\n",
		"unnamed":      "a,,b\n1,2,3\n",
		"malformed":    "a,\"b\n",
		"another file": "{\"a\": 1}\n",
	} {
		if _, err := NewReader(strings.NewReader(text), Options{}, ab); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: got %v, want ErrHeader", name, err)
		}
	}
	_, err := NewReader(strings.NewReader("a;x\n"), Options{}, ab)
	if err == nil || !strings.Contains(err.Error(), `"x"`) {
		t.Errorf("got %v, want what is wrong with the header that ; makes", err)
	}
}

func TestReadFails(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := NewReader(iotest.ErrReader(broken), Options{}, ab); !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

func TestProgress(t *testing.T) {
	r := open(t, "a,b\n1,2\n22,3\n", ab)
	if p := r.Progress(); p <= 0 || p >= 1 {
		t.Errorf("after the header %f", p)
	}
	if readAll(t, r); r.Progress() != 1 {
		t.Errorf("at the end %f, want 1", r.Progress())
	}
}

// covers holds that every line of the text after its header is in one row or one bad row, or blank.
func covers(t interface{ Fatalf(string, ...any) }, r *Reader, text string) {
	lines := strings.SplitAfter(text, "\n")
	next := r.line
	for {
		row, err := r.Read()
		var bad *BadRow
		if err == io.EOF {
			row = Row{Line: len(lines) + 1}
		} else if errors.As(err, &bad) {
			row = Row{Line: bad.Line, Lines: bad.Lines, Text: bad.Text}
		}
		for ; next < row.Line; next++ {
			if strings.Trim(lines[next-1], "\",;\t\v\f\u0085\u00a0 \r\n") != "" {
				t.Fatalf("line %d is in no row: %q", next, lines[next-1])
			}
		}
		if next != row.Line {
			t.Fatalf("line %d is in two rows", row.Line)
		}
		if err == io.EOF {
			return
		}
		next += row.Lines
		if got := strings.Join(lines[row.Line-1:next-1], ""); withoutEnd(got) != row.Text {
			t.Fatalf("lines %d to %d: got %q, want %q", row.Line, next-1, row.Text, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "\ufeffb,a\r\n\"x\ny\",2\r\n", "a,b\n1\n\"", "a,b\n\xff,\"\"\"\n3,4", "",
		"a,b\n1,\"x\n2,3\n4,5\"\n\"\n\n\"", "a;b\n1;\"x\n\n2;y\"\n", "a,b\n,\n\" \n\",\n1,2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := NewReader(strings.NewReader(text), Options{Encoding: UTF8}, ab)
		if err != nil {
			return
		}
		covers(t, r, strings.TrimPrefix(text, "\ufeff"))
	})
}

// TestStrayQuotesMoveNothing: wherever stray quotes fall, each row that is read is one that was written, as it was
// written but for the quotes.
func TestStrayQuotesMoveNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := []string{"id,text,price"}
		written := map[string]bool{}
		for i := range rapid.IntRange(1, 6).Draw(t, "rows") {
			text := rapid.SampledFrom([]string{"", "lamp", `"oak, oiled"`, `"6"" steel"`, `""`, "a b"}).Draw(t, "text")
			lines = append(lines, fmt.Sprintf("p%d,%s,%d.00", i, text, i))
			written[fmt.Sprintf("p%d %d.00", i, i)] = true
		}
		for range rapid.IntRange(0, 3).Draw(t, "strays") {
			i := rapid.IntRange(1, len(lines)-1).Draw(t, "line")
			at := rapid.IntRange(0, len(lines[i])).Draw(t, "at")
			lines[i] = lines[i][:at] + `"` + lines[i][at:]
		}
		text := strings.Join(lines, "\n")
		columns := Columns{Required: []string{"id", "text", "price"}}
		r, err := NewReader(strings.NewReader(text), Options{}, columns)
		if err != nil {
			t.Fatal(err)
		}
		covers(t, r, text)
		r, _ = NewReader(strings.NewReader(text), Options{}, columns)
		for {
			row, err := r.Read()
			var bad *BadRow
			if err == io.EOF {
				return
			}
			if !errors.As(err, &bad) && !written[row.Field("id")+" "+row.Field("price")] {
				t.Fatalf("line %d is read as %s at %s, in\n%s", row.Line, row.Field("id"), row.Field("price"), text)
			}
		}
	})
}
