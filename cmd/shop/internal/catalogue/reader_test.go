package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/money"
	"shop/internal/product"
)

const catalogueHeader = "product_id,name,description,price,currency,stock\n"

var pounds = Options{Currency: "GBP"}

func catalogueReader(t testing.TB, lines string, o Options) *Reader {
	t.Helper()
	text := catalogueHeader + lines
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drain reads a source to its end, items and refusals apart.
func drain(t testing.TB, s Source) (items []Item, refused []*Refusal) {
	t.Helper()
	for {
		item, err := s.Next(context.Background())
		var refusal *Refusal
		switch {
		case err == io.EOF:
			return items, refused
		case errors.As(err, &refusal):
			refused = append(refused, refusal)
		case err != nil:
			t.Fatal(err)
		default:
			items = append(items, item)
		}
		if p := s.Progress(); p < 0 || p > 1 {
			t.Fatalf("progress %f", p)
		}
	}
}

// show writes an item as text, to compare.
func show(i Item) string {
	d := i.Draft
	return fmt.Sprintf("%d: %s|%s|%s|%d %s|%d|%t",
		i.Line, d.ID, d.Name, d.Description, d.Price.Amount, d.Price.Currency, *d.Stock, d.Active)
}

func showAll(items []Item) []string {
	var all []string
	for _, item := range items {
		all = append(all, show(item))
	}
	return all
}

func TestReader(t *testing.T) {
	text := "lamp, Brass lamp ,\"Warm,\n bright\",64.00,GBP,12\nmug,Mug,,7.5,GBP,\n"
	items, refused := drain(t, catalogueReader(t, text, pounds))
	want := []string{"2: lamp|Brass lamp|Warm,\n bright|6400 GBP|12|true", "4: mug|Mug||750 GBP|0|true"}
	got := []string{}
	for _, item := range items {
		got = append(got, show(item))
	}
	if !slices.Equal(got, want) || len(refused) > 0 {
		t.Errorf("got  %q, refused %v\nwant %q", got, refused, want)
	}
	if items[1].Text != "mug,Mug,,7.5,GBP," {
		t.Errorf("text = %q, want it as written", items[1].Text)
	}
}

func TestReaderStockGiven(t *testing.T) {
	five := int64(5)
	items, _ := drain(t, catalogueReader(t, "lamp,Lamp,,1,GBP,12\n", Options{Currency: "GBP", Stock: &five}))
	if got := *items[0].Draft.Stock; got != 5 {
		t.Errorf("stock = %d, want 5", got)
	}
}

func TestReaderMaxPerOrder(t *testing.T) {
	for cell, want := range map[string]int64{
		"": 0, "1": 1, " 10000 ": 10000, "0": -1, "10001": -1, "2.5": -1, "no": -1,
	} {
		text := "product_id,name,description,price,currency,stock,max_per_order\na,A,,1,GBP,1," + cell + "\n"
		r, err := NewReader(strings.NewReader(text), pounds)
		if err != nil {
			t.Fatal(err)
		}
		items, refused := drain(t, r)
		got := int64(-1)
		if len(items) == 1 {
			got = 0
			if given := items[0].Draft.MaxPerOrder; given != nil {
				got = *given
			}
		}
		if got != want || want < 0 && refused[0].Reason != Invalid {
			t.Errorf("%q: got %d, refused %v, want %d", cell, got, refused, want)
		}
	}
}

func TestReaderCategories(t *testing.T) {
	for cell, want := range map[string][]string{
		"": nil, "|": {}, "Lamps": {"Lamps"}, " Home  &  Garden | Lamps|": {"Home & Garden", "Lamps"},
		"1|2|3|4|5|6": {"refused"}, "a|A": {"refused"}, "🦊": {"refused"},
	} {
		text := "product_id,name,description,price,currency,stock,categories\na,A,,1,GBP,1," + cell + "\n"
		r, err := NewReader(strings.NewReader(text), pounds)
		if err != nil {
			t.Fatal(err)
		}
		items, refused := drain(t, r)
		got := []string{"refused"}
		if len(items) == 1 {
			got = items[0].Draft.Categories
		}
		if !reflect.DeepEqual(got, want) || len(refused) == 1 && refused[0].Reason != Invalid {
			t.Errorf("%q: got %q, refused %v, want %q", cell, got, refused, want)
		}
	}
}

func TestReaderLowStockThreshold(t *testing.T) {
	for cell, want := range map[string]int64{
		"": -2, "0": 0, " 1000000 ": 1_000_000, "-1": -1, "1000001": -1, "2.5": -1, "no": -1,
	} {
		text := "product_id,name,description,price,currency,stock,low_stock_threshold\na,A,,1,GBP,1," + cell + "\n"
		r, err := NewReader(strings.NewReader(text), pounds)
		if err != nil {
			t.Fatal(err)
		}
		items, refused := drain(t, r)
		got := int64(-1)
		if len(items) == 1 {
			got = -2 // not given
			if given := items[0].Draft.LowStockThreshold; given != nil {
				got = *given
			}
		}
		if got != want || want == -1 && refused[0].Reason != Invalid {
			t.Errorf("%q: got %d, refused %v, want %d", cell, got, refused, want)
		}
	}
}

func TestReaderOptionalColumns(t *testing.T) {
	text := "Active, IMAGE_URL ,product_id,name,description,price,currency,stock,,\n" +
		"no,https://img.example/1.jpg,a,A,,1,GBP,1,,\n,,b,B,,1,GBP,1,,\nTRUE,http://img.example/1.jpg,c,C,,1,GBP,1\nperhaps,,d,D,,1,GBP,1\n"
	r, err := NewReader(strings.NewReader(text), pounds)
	if err != nil {
		t.Fatal(err)
	}
	items, refused := drain(t, r)
	if len(items) != 2 || len(refused) != 2 || refused[0].Line != 4 || refused[1].Line != 5 {
		t.Fatalf("items %v, refused %v; want lines 4 (no https) and 5 (perhaps) refused", items, refused)
	}
	if d := items[0].Draft; d.Active || d.ImageURL != "https://img.example/1.jpg" ||
		items[0].Given != (Given{true, true, true}) {
		t.Errorf("got %+v, given %+v", d, items[0].Given)
	}
	if d := items[1].Draft; !d.Active || d.ImageURL != "" || items[1].Given != (Given{Description: true}) {
		t.Errorf("got %+v, given %+v; an empty cell gives nothing", d, items[1].Given)
	}
}

// TestReaderTakesSpreadsheets: what spreadsheets save is read, to the last row and penny, and the rest is refused.
func TestReaderTakesSpreadsheets(t *testing.T) {
	for file, c := range map[string]struct {
		currency string
		items    []string
	}{
		"semicolons.csv": {"GBP", []string{"2: lamp-a|Lampe; rouge||6400 GBP|12|true"}},
		"header-cases.csv": {
			"GBP", []string{"2: lamp-a|Lampe à pied|Belle, rouge|6400 GBP|12|true", "3: mug-a|Mug||750 GBP|3|true"},
		},
		"windows-1252.csv": {
			"GBP", []string{"2: lamp-a|Lampe à pied|Belle, rouge|6400 GBP|12|true", "3: mug-a|Mug||750 GBP|3|true"},
		},
		"empty-rows.csv": {"GBP", []string{"2: lamp-e|Lamp E||100 GBP|1|true", "7: mug-e|Mug E||200 GBP|2|true"}},
		"rupiah.csv": {"IDR", []string{
			"2: kopi-1|Kopi 250 g||6400000 IDR|10|true", "3: kopi-2|Kopi 500 g||6400000 IDR|10|true",
			"4: kopi-3|Permen||50050 IDR|10|true",
		}},
	} {
		t.Run(file, func(t *testing.T) {
			content, err := os.Open("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			r, err := NewReader(content, Options{Currency: c.currency})
			if err != nil {
				t.Fatal(err)
			}
			items, refused := drain(t, r)
			if got := showAll(items); !slices.Equal(got, c.items) || len(refused) > 0 {
				t.Errorf("got  %q, refused %v\nwant %q", got, refused, c.items)
			}
		})
	}
}

// TestReaderDecimalMarks: only a file that is not parted by commas may write them in prices, and never where they
// could part thousands.
func TestReaderDecimalMarks(t *testing.T) {
	const text = "product_id;name;description;price;currency;stock\na;A;;64,00;GBP;1\nb;B;;1,500;GBP;1\nc;C;;1.500;GBP;1\nd;D;;7.5;GBP;1\n"
	for mark, want := range map[DecimalMark][]string{
		Either: {"2: a|A||6400 GBP|1|true", "5: d|D||750 GBP|1|true"},
		Comma:  {"2: a|A||6400 GBP|1|true", "3: b|B||150 GBP|1|true"},
		Point:  {"4: c|C||150 GBP|1|true", "5: d|D||750 GBP|1|true"},
	} {
		r, err := NewReader(strings.NewReader(text), Options{Currency: "GBP", Decimal: mark})
		if err != nil {
			t.Fatal(err)
		}
		items, refused := drain(t, r)
		if got := showAll(items); !slices.Equal(got, want) || len(refused) != 2 {
			t.Errorf("mark %q: got %q, refused %v, want %q", rune(mark), showAll(items), refused, want)
		}
	}
}

func TestReaderOtherDigits(t *testing.T) {
	items, refused := drain(t,
		catalogueReader(t, "lamp,Lamp,,6400,JPY,12\nmug,Mug,,7.5,JPY,1\n", Options{Currency: "JPY"}))
	if len(items) != 1 || items[0].Draft.Price != (money.Money{Amount: 6400, Currency: "JPY"}) {
		t.Errorf("items = %v, want one of 6400 yen", items)
	}
	if len(refused) != 1 || refused[0].Reason != FinePrice {
		t.Errorf("refused = %v, want half a yen", refused)
	}
}

func TestReaderRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		line   string
		reason Reason
		detail string // part of it
	}{
		"no id":             {",Lamp,,1,GBP,1", Invalid, "product_id"},
		"blank in the id":   {"a b,Lamp,,1,GBP,1", Invalid, "product_id"},
		"slash in the id":   {"a/b,Lamp,,1,GBP,1", Invalid, "product_id"},
		"only dots":         {"..,Lamp,,1,GBP,1", Invalid, "product_id"},
		"long id":           {strings.Repeat("a", 65) + ",Lamp,,1,GBP,1", Invalid, "product_id"},
		"no name":           {"a, ,,1,GBP,1", Invalid, "name"},
		"long name":         {"a," + strings.Repeat("é", 201) + ",,1,GBP,1", Invalid, "name"},
		"long description":  {"a,Lamp," + strings.Repeat("x", 5001) + ",1,GBP,1", Invalid, "description"},
		"no price":          {"a,Lamp,,,GBP,1", Invalid, "price"},
		"price with comma":  {"a,Lamp,,\"1,50\",GBP,1", Invalid, "price"},
		"negative price":    {"a,Lamp,,-1,GBP,1", Invalid, "price"},
		"price too large":   {"a,Lamp,,10000000000.01,GBP,1", Invalid, "price"},
		"tenth of a penny":  {"a,Lamp,,0.001,GBP,1", FinePrice, "0.001"},
		"other currency":    {"a,Lamp,,1,EUR,1", OtherCurrency, "EUR"},
		"no currency":       {"a,Lamp,,1,,1", OtherCurrency, "GBP"},
		"half a unit":       {"a,Lamp,,1,GBP,1.5", Invalid, "stock"},
		"negative stock":    {"a,Lamp,,1,GBP,-1", Invalid, "stock"},
		"stock too large":   {"a,Lamp,,1,GBP,1000000001", Invalid, "stock"},
		"too few fields":    {"a,Lamp,,1,GBP", Malformed, "fields"},
		"stray quote":       {"a,Lamp 5\",,1,GBP,1", Malformed, "quote"},
		"two lines in name": {"a,\"Brass\nlamp\",,1,GBP,1", Invalid, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			items, refused := drain(t, catalogueReader(t, c.line+"\nmug,Mug,,1,GBP,1\n", pounds))
			if len(items) != 1 || items[0].Draft.ID != "mug" {
				t.Errorf("items = %v, want the mug after it", items)
			}
			if len(refused) != 1 || refused[0].Line != 2 || refused[0].Reason != c.reason ||
				!strings.Contains(refused[0].Detail, c.detail) {
				t.Errorf("refused = %v, want %q with %q on line 2", refused, c.reason, c.detail)
			}
		})
	}
}

func TestReaderAcceptsLimits(t *testing.T) {
	line := strings.Repeat("a", 64) + "," + strings.Repeat("é", 200) + "," + strings.Repeat("é", 5000) +
		",10000000000.00,GBP,1000000000\n"
	if items, refused := drain(t, catalogueReader(t, line+"free,Free,,0,GBP,0\n", pounds)); len(items) != 2 {
		t.Errorf("refused = %v, want both accepted", refused)
	}
}

func TestReaderRefusesDuplicates(t *testing.T) {
	text := "a,,,1,GBP,1\na,Lamp,,1,GBP,1\na,Other lamp,,2,GBP,1\nA,Capital lamp,,1,GBP,1\n"
	items, refused := drain(t, catalogueReader(t, text, pounds))
	if len(items) != 2 || items[0].Line != 3 || items[1].Line != 5 {
		t.Errorf("items = %v, want lines 3 and 5", items)
	}
	if len(refused) != 2 || refused[1].Reason != Duplicate || refused[1].Line != 4 || refused[1].Detail != "on line 3" {
		t.Errorf("refused = %v, want line 4 as a duplicate of line 3", refused)
	}
}

func TestNewReaderRefuses(t *testing.T) {
	if _, err := NewReader(strings.NewReader("a,b\n"), pounds); !errors.Is(err, csvfile.ErrHeader) {
		t.Errorf("got %v, want ErrHeader", err)
	}
	if _, err := NewReader(
		strings.NewReader(catalogueHeader), Options{Currency: "coins"},
	); !errors.Is(err, money.ErrCurrency) {
		t.Errorf("got %v, want money.ErrCurrency", err)
	}
}

func TestReaderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := catalogueReader(t, "a,Lamp,,1,GBP,1\n", pounds).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add("lamp,Brass lamp,\"Warm, bright\",64.00,GBP,12\nmug,Mug,,7.5,GBP,\n")
	f.Add("a,Lamp,,0.001,GBP,1\na,Lamp,,1,GBP,1\na,Lamp,,1,GBP,1\n")
	f.Add("a,Lamp,,-1,EUR,99999999999999999999\r\n\"")
	f.Add("ä,\x00,\xff,1,GBP,1\n")
	f.Fuzz(func(t *testing.T, lines string) {
		items, refused := drain(t, catalogueReader(t, lines, pounds))
		seen, read := map[string]bool{}, map[int]bool{}
		for _, r := range refused {
			if read[r.Line] {
				t.Fatalf("line %d is refused twice", r.Line)
			}
			read[r.Line] = true
		}
		for _, item := range items {
			if read[item.Line] {
				t.Fatalf("line %d is read twice", item.Line)
			}
			read[item.Line] = true
			d := item.Draft
			if seen[d.ID] || !product.ValidID(d.ID) || d.Name == "" || d.Price.Check("GBP") != nil || *d.Stock < 0 ||
				*d.Stock > product.MaxStock {
				t.Fatalf("item %s breaks the store's rules", show(item))
			}
			seen[d.ID] = true
		}
	})
}
