package catalogue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"shop/cmd/shop/internal/csvfile"
	"shop/internal/product"
	"shop/test/testenv"
)

const salesHeader = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func gather(t testing.TB, lines string, o Options) *Goods {
	t.Helper()
	goods, err := Gather(context.Background(), strings.NewReader(salesHeader+lines), o)
	if err != nil {
		t.Fatal(err)
	}
	return goods
}

// sale is a line of the sales file.
func sale(invoice, code, description string, quantity int, day int, price string) string {
	return fmt.Sprintf("%s,%s,%s,%d,2011-01-%02dT08:00:00Z,%s,17850,United Kingdom\n",
		invoice, code, description, quantity, day, price)
}

// TestGatherForms: the file as people have it is read, whatever their tools made of its times, customers and letters.
func TestGatherForms(t *testing.T) {
	for file, want := range map[string][]string{
		"sales-us-dates.csv": {
			"2: 85123A|WHITE HEART|WHITE HEART|255 GBP|6|true", "3: 71053|LANTERN|LANTERN|339 GBP|6|true",
		},
		"sales-windows-1252.csv": {"2: 85123A|PANTRY £ SCRUBBING BRUSH|PANTRY £ SCRUBBING BRUSH|255 GBP|6|true"},
	} {
		content, err := os.Open("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
		goods, err := Gather(t.Context(), content, pounds)
		if err != nil {
			t.Fatal(err)
		}
		if items, refused := drain(t, goods); !slices.Equal(showAll(items), want) || len(refused) > 0 {
			t.Errorf("%s: got %q, refused %v, want %q", file, showAll(items), refused, want)
		}
	}
}

func TestGather(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  []string
	}{
		"one line": {
			sale("1", "22423", "CAKESTAND", 3, 1, "12.75"), []string{"2: 22423|CAKESTAND|CAKESTAND|1275 GBP|3|true"},
		},
		"one code, two cases": {
			sale("1", "84029e", "BOTTLE", 3, 1, "1") + sale("2", "84029E", "BOTTLE", 4, 2, "2"),
			[]string{"2: 84029E|BOTTLE|BOTTLE|200 GBP|7|true"},
		},
		"blanks cleaned": {
			sale("1", "22423", "  CAKE\t  STAND ", 3, 1, "1"),
			[]string{"2: 22423|CAKE STAND|CAKE STAND|100 GBP|3|true"},
		},
		"most frequent name": {sale("1", "22423", "A", 1, 1, "1") + sale("2", "22423", "B ", 1, 1, "1") +
			sale("3", "22423", " B", 1, 1, "1") +
			sale("4", "22423", "", 1, 1, "1") + sale("5", "22423", "", 1, 1, "1") + sale("6", "22423", "", 1, 1, "1"),
			[]string{"2: 22423|B|B|100 GBP|6|true"}},
		"tie by the alphabet": {
			sale("1", "22423", "B", 1, 1, "1") + sale("2", "22423", "A", 1, 1, "1"),
			[]string{"2: 22423|A|A|100 GBP|2|true"},
		},
		"latest price": {
			sale("1", "22423", "A", 1, 9, "2") + sale("2", "22423", "A", 1, 3, "1"),
			[]string{"2: 22423|A|A|200 GBP|2|true"},
		},
		"latest positive price": {sale("1", "22423", "A", 1, 3, "2") + sale("2", "22423", "A", 1, 9, "0") +
			sale("3", "22423", "A", 1, 9, "-5"), []string{"2: 22423|A|A|200 GBP|3|true"}},
		"last of the same time": {
			sale("1", "22423", "A", 1, 3, "2") + sale("2", "22423", "A", 1, 3, "1.5"),
			[]string{"2: 22423|A|A|150 GBP|2|true"},
		},
		"what came back counts not": {sale("1", "22423", "A", 5, 3, "2") + sale("C2", "22423", "A", -3, 4, "2") +
			sale("3", "22423", "A", -1, 4, "2") + sale("C4", "22423", "A", 9, 4, "2"),
			[]string{"2: 22423|A|A|200 GBP|5|true"}},
		"only what came back": {sale("C2", "22423", "A", -3, 4, "2"), []string{"2: 22423|A|A|200 GBP|0|true"}},
		"order of the file": {sale("1", "99999", "Z", 1, 3, "2") + sale("1", "PADS", "P", 1, 3, "2") +
			sale("1", "11111", "A", 1, 3, "2"),
			[]string{"2: 99999|Z|Z|200 GBP|1|true", "3: PADS|P|P|200 GBP|1|true", "4: 11111|A|A|200 GBP|1|true"}},
		"nothing": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			items, refused := drain(t, gather(t, c.lines, pounds))
			var got []string
			for _, item := range items {
				got = append(got, show(item))
			}
			if !slices.Equal(got, c.want) || len(refused) > 0 {
				t.Errorf("got  %q, refused %v\nwant %q", got, refused, c.want)
			}
		})
	}
}

func TestGatherRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  string
	}{
		"postage": {sale("1", "POST", "POSTAGE", 1, 1, "18"), "line 2: line is not goods: POST"},
		"no name": {
			sale("1", "22423", "  ", 1, 1, "18") + sale("1", "22423", "", 1, 1, "18"),
			"line 2: product without a name: 22423",
		},
		"no price": {
			sale("1", "22423", "A", 1, 1, "0") + sale("1", "22423", "A", 1, 1, "-1"),
			"line 2: product without a positive price: 22423",
		},
		"neither": {sale("1", "22423", "", 1, 1, "0"), "line 2: product without a name: 22423"},
		"fine price": {
			sale("1", "PADS", "PADS", 1, 1, "0.001"),
			`line 2: price finer than the smallest coin: PADS: price has more digits than the currency's smallest coin: "0.001"`,
		},
		"no number": {
			sale("1", "22423", "A", 1, 1, "1.2e3"),
			`line 2: malformed line: 22423: price is not a plain decimal number such as 3.39: "1.2e3"`,
		},
		"malformed": {
			"1,22423,A,1.5,2011-01-01T08:00:00Z,1,,\n",
			`line 2: malformed line: the Quantity is not a whole number between -1,000,000,000 and 1,000,000,000: "1.5"`,
		},
		"long name": {sale("1", "22423", strings.Repeat("A", 201), 1, 1,
			"1"), "line 2: product breaks the store's rules: 22423: name: must have 1 to 200 characters"},
		"odd code": {
			sale("1", "22423 X", "A", 1, 1, "1"),
			"line 2: product breaks the store's rules: 22423 X: product_id: must have 1 to 64 of the characters A–Z a–z 0–9 . _ -, and not be . or ..",
		},
		"too much stock": {
			sale("1", "22423", "A", 1e9, 1, "1") + sale("2", "22423", "A", 1, 1, "1"),
			"line 2: product breaks the store's rules: 22423: stock: must be a whole number from 0 to 1000000000",
		},
	} {
		t.Run(name, func(t *testing.T) {
			items, refused := drain(t, gather(t, c.lines+sale("9", "99999", "LAST", 1, 1, "1"), pounds))
			if len(items) != 1 || items[0].Draft.ID != "99999" {
				t.Errorf("items = %v, want only the last line's", items)
			}
			if len(refused) != 1 || refused[0].Error() != c.want {
				t.Errorf("got  %v\nwant %s", refused, c.want)
			}
		})
	}
}

// TestGatherRefusedLineAddsNothing: of two lines the one with the impossible price counts for nothing.
func TestGatherRefusedLineAddsNothing(t *testing.T) {
	items, refused := drain(t,
		gather(t, sale("1", "22423", "A", 5, 3, "2")+sale("2", "22423", "B", 7, 9, "0.001"), pounds))
	if len(items) != 1 || show(items[0]) != "2: 22423|A|A|200 GBP|5|true" || len(refused) != 1 || refused[0].Line != 3 {
		t.Errorf("items %v, refused %v, want line 3 refused and not counted", items, refused)
	}
}

func TestGatherStockGiven(t *testing.T) {
	seven := int64(7)
	items, _ := drain(t, gather(t, sale("1", "22423", "A", 5, 3, "2"), Options{Currency: "GBP", Stock: &seven}))
	if got := *items[0].Draft.Stock; got != 7 {
		t.Errorf("stock = %d, want 7", got)
	}
}

func TestGatherFails(t *testing.T) {
	ctx := context.Background()
	if _, err := Gather(
		ctx, strings.NewReader(salesHeader), Options{Currency: "EUR"},
	); !errors.Is(err, ErrOtherCurrency) {
		t.Errorf("another currency: got %v, want ErrOtherCurrency", err)
	}
	if _, err := Gather(ctx, strings.NewReader(catalogueHeader), pounds); !errors.Is(err, csvfile.ErrHeader) {
		t.Errorf("another file: got %v, want ErrHeader", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Gather(
		ctx, strings.NewReader(salesHeader+sale("1", "22423", "A", 5, 3, "2")), pounds,
	); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want context.Canceled", err)
	}
}

// TestGatherRealSales gathers the real sales file. The numbers and the digest, over id, name, price and
// stock of every product, were computed from the same file by testdata/goods.py, which shares no code
// with this package: it reads with Python's csv module and counts with exact decimals.
func TestGatherRealSales(t *testing.T) {
	content, err := os.ReadFile(testenv.Given(t, "SHOP_REAL_SALES"))
	if err != nil {
		t.Fatal(err)
	}
	comma := pounds
	comma.Decimal = Comma
	for name, c := range map[string]struct {
		text    string
		options Options
	}{
		"as it is":           {string(content), pounds},
		"American times":     {rewritten(t, content, ',', "1/2/2006 15:04", salesHeader, "."), pounds},
		"the second edition": {rewritten(t, content, '\t', "2006-01-02 15:04:05", secondHeader, "."), pounds},
		"semicolons": {rewritten(t, content, ';', "2006-01-02 15:04", strings.ToUpper(salesHeader),
			","), comma},
	} {
		t.Run(name, func(t *testing.T) {
			goods, err := Gather(t.Context(), strings.NewReader(c.text), c.options)
			if err != nil {
				t.Fatal(err)
			}
			wantRealGoods(t, goods)
		})
	}
}

func wantRealGoods(t *testing.T, goods *Goods) {
	t.Helper()
	items, refused := drain(t, goods)
	got := map[Reason]int{}
	for _, r := range refused {
		got[r.Reason]++
	}
	want := map[Reason]int{NotGoods: 145, FinePrice: 1, NoName: 41, NoPrice: 3}
	if !maps.Equal(got, want) {
		t.Errorf("refused %v, want %v", got, want)
	}
	if len(items) != 2876 {
		t.Errorf("%d products, want 2876", len(items))
	}
	if got, want := digest(items), "6c643c52def967ede8ef2d63a61dd4ad8e9c4483f3f402c50c74ee3aea53c104"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

const secondHeader = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"

// rewritten writes the sales file as other copies of it are: with another delimiter, layout of times, header and
// decimal mark, customers as decimal numbers, and in Windows-1252.
func rewritten(t *testing.T, content []byte, delimiter rune, layout, header, mark string) string {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	lines[0] = strings.Split(strings.TrimSpace(header), ",")
	for _, line := range lines[1:] {
		at, err := time.Parse(time.RFC3339, line[4])
		if err != nil {
			t.Fatal(err)
		}
		line[4], line[5] = at.Format(layout), strings.Replace(line[5], ".", mark, 1)
		if line[6] != "" {
			line[6] += ".0"
		}
	}
	var text strings.Builder
	w := csv.NewWriter(&text)
	w.Comma = delimiter
	if err := w.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	windows, err := charmap.Windows1252.NewEncoder().String(text.String())
	if err != nil {
		t.Fatal(err)
	}
	return windows
}

func digest(items []Item) string {
	items = slices.SortedFunc(slices.Values(items),
		func(a, b Item) int { return strings.Compare(a.Draft.ID, b.Draft.ID) })
	sum := sha256.New()
	for _, i := range items {
		fmt.Fprintf(sum, "%s\t%s\t%d\t%d\n", i.Draft.ID, i.Draft.Name, i.Draft.Price.Amount, *i.Draft.Stock)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func FuzzGather(f *testing.F) {
	f.Add(sale("1", "84029e", " RED  BOTTLE", 3, 1, "1") + sale("C2", "84029E", "BOTTLE", -4, 2, "2.5"))
	f.Add(sale("1", "POST", "POSTAGE", 1, 1, "18") + sale("1", "PADS", "PADS", 1, 1, "0.001") + "1,22423,\"A")
	f.Add(sale("1", "22423", "", 1000000000, 1, "92233720368547758.07"))
	f.Fuzz(func(t *testing.T, lines string) {
		items, _ := drain(t, gather(t, lines, pounds))
		seen := map[string]bool{}
		for _, item := range items {
			d := item.Draft
			if seen[d.ID] || !product.ValidID(d.ID) || d.Name != clean(d.Name) || d.Name == "" || d.Price.Amount <= 0 ||
				d.Price.Check("GBP") != nil || *d.Stock < 0 {
				t.Fatalf("item %s is not what Gather promises", show(item))
			}
			seen[d.ID] = true
		}
	})
}
