package export

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/product"
	"shop/test/unset"
)

var placed = time.Date(2026, 3, 14, 20, 26, 53, 589e6, time.UTC)

// kathmandu is ahead of UTC, so that the day of placed is the next one there.
var kathmandu = time.FixedZone("Kathmandu", 5*60*60+45*60)

// sale is an order of 2 lamps and a mug, whose names are dangerous.
func sale(id string, at time.Time) Order {
	gbp := func(pence int64) money.Money { return money.Money{Amount: pence, Currency: "GBP"} }
	return OrderOf(order.Order{
		ID: id, UserID: "usr_1", Email: "+ada@example.com", PlacedAt: at, Total: gbp(13500), Lines: []order.Line{
			{ProductID: "lamp", Name: `=SUM(A1), "warm"`, UnitPrice: gbp(6400), Quantity: 2},
			{ProductID: "mug", Name: "'Til dawn", UnitPrice: gbp(700), Quantity: 1},
		},
	}, kathmandu)
}

func written(t testing.TB, kind, format string, records ...Record) string {
	t.Helper()
	text := Header(kind, format)
	for _, r := range records {
		var err error
		if text, err = Append(text, r, format); err != nil {
			t.Fatal(err)
		}
	}
	return string(text)
}

// TestFormats holds both formats to the letter.
func TestFormats(t *testing.T) {
	const start = "ord_1,2026-03-14T20:26:53.589Z,2026-03-15,placed,usr_1,'+ada@example.com,GBP,13500,2,"
	want := "order_id,placed_at,day,status,user_id,email,currency,total_minor,lines,line,product_id,name," +
		"unit_price_minor,quantity,line_total_minor\r\n" +
		start + `1,lamp,"'=SUM(A1), ""warm""",6400,2,12800` + "\r\n" +
		start + "2,mug,''Til dawn,700,1,700\r\n"
	if got := written(t, Orders, CSV, sale("ord_1", placed)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	pound := func(pence string) string { return `{"amount":` + pence + `,"currency":"GBP"}` }
	want = `{"order_id":"ord_1","placed_at":"2026-03-14T20:26:53.589Z","day":"2026-03-15","status":"placed",` +
		`"user_id":"usr_1","email":"+ada@example.com","total":` + pound("13500") + `,"items":[` +
		`{"product_id":"lamp","name":"=SUM(A1), \"warm\"","unit_price":` + pound("6400") + `,"quantity":2,` +
		`"line_total":` + pound("12800") + `},{"product_id":"mug","name":"'Til dawn","unit_price":` + pound("700") +
		`,"quantity":1,"line_total":` + pound("700") + "}]}\n"
	if got := written(t, Orders, JSONL, sale("ord_1", placed)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

var breaks = regexp.MustCompile(`\r+\n`)

// texts are texts with all that is special in CSV, in JSON and to spreadsheets. A reader of CSV makes one line break of
// CRLF.
var texts = rapid.Custom(func(t *rapid.T) string {
	runes := rapid.SampledFrom([]rune("ab'=+-@\t\r\n\x00,\"\\{}＝＠é\u2028😀 "))
	return breaks.ReplaceAllString(string(rapid.SliceOf(runes).Draw(t, "text")), "\n")
})

var categories = rapid.SliceOfN(rapid.SampledFrom([]string{"=light", "'", "kitchen, bath", "-"}), 0, 5)

// TestReadsWhatIsWritten: every record comes back as it was from either format, and no cell of CSV begins as a formula.
func TestReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{Orders, Products, Movements}).Draw(rt, "kind")
		records := rapid.SliceOfN(recordOf(kind), 1, 5).Draw(rt, "records")
		for _, format := range []string{CSV, JSONL} {
			text := written(t, kind, format, records...)
			in, err := NewReader(strings.NewReader(text))
			if err != nil || in.Kind != kind {
				rt.Fatalf("got %+v, %v of\n%s", in, err, text)
			}
			for _, want := range records {
				if got, _, err := in.Next(); err != nil || !reflect.DeepEqual(got, want) {
					rt.Fatalf("got  %+v, %v\nwant %+v\nof\n%s", got, err, want, text)
				}
			}
			if _, _, err := in.Next(); err != io.EOF {
				rt.Fatalf("got %v, want the end", err)
			}
			if format == CSV {
				wantHarmless(rt, text)
			}
		}
	})
}

func wantHarmless(t *rapid.T, text string) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n\x00") {
				t.Fatalf("%q begins as a formula may", cell)
			}
		}
	}
}

func recordOf(kind string) *rapid.Generator[Record] {
	return rapid.Custom(func(t *rapid.T) Record {
		text := func() string { return texts.Draw(t, "text") }
		number := func() int64 { return rapid.Int64Range(0, 1_000_000).Draw(t, "number") }
		currency := text()
		price := func() money.Money { return money.Money{Amount: number(), Currency: currency} }
		switch kind {
		case Products:
			return ProductOf(product.Product{
				ID: text(), Name: text(), Description: text(), ImageURL: text(), Active: number()%2 == 0,
				Price: price(), Stock: number(), MaxPerOrder: number(), Version: number(),
				LowStockThreshold: number(), Categories: product.CategoriesOf(categories.Draw(t, "categories")),
				CreatedAt: placed, UpdatedAt: placed,
			})
		case Movements:
			return MovementOf(product.Movement{ID: text(), ProductID: text(), Before: number(), After: number(),
				Reason: text(), By: text(), MovedAt: placed, OrderID: text(), Units: number()}, time.UTC)
		}
		o := order.Order{ID: text(), UserID: text(), Email: text(), PlacedAt: placed, Total: price(),
			Status: order.Status(number() % 6)}
		for range 1 + number()%3 {
			line := order.Line{ProductID: text(), Name: text(), UnitPrice: price(), Quantity: number()}
			o.Lines = append(o.Lines, line)
		}
		return OrderOf(o, time.UTC)
	})
}

// check verifies a text and returns the faults.
func check(text string) (Sums, []string, error) {
	var faults []string
	sums, err := Verify(strings.NewReader(text), func(f error) { faults = append(faults, f.Error()) })
	return sums, faults, err
}

// TestVerifyAddsUp: cancelled orders are orders, and no revenue.
func TestVerifyAddsUp(t *testing.T) {
	second, third := sale("ord_0", placed.Add(time.Second)), sale("ord_2", placed.Add(time.Minute))
	second.Status = order.Cancelled.String()
	for _, format := range []string{CSV, JSONL} {
		sums, faults, err := check(written(t, Orders, format, sale("ord_1", placed), second, third))
		got := fmt.Sprint(sums.Records, sums.Cancelled, sums.Units, sums.Revenue, faults, err)
		if want := "3 1 6 map[GBP:27000] [] <nil>"; got != want {
			t.Errorf("%s: got %s, want %s", format, got, want)
		}
	}
	back := MovementOf(product.Movement{ID: "m2", ProductID: "lamp", MovedAt: placed, OrderID: "ord_1", Units: 2},
		time.UTC)
	rush := MovementOf(product.Movement{ID: "m3", ProductID: "lamp", MovedAt: placed, Units: -4}, time.UTC)
	sums, faults, err := check(written(t, Movements, CSV, moved(12, 9), back, rush))
	if got := fmt.Sprint(sums.Records, sums.Added, sums.Removed, faults, err); got != "3 2 7 [] <nil>" {
		t.Errorf("got %s", got)
	}
	lamp := ProductOf(product.Product{ID: "lamp", Stock: 12, Version: 1, CreatedAt: placed, UpdatedAt: placed})
	sums, faults, err = check(written(t, Products, JSONL, lamp))
	if got := fmt.Sprint(sums.Records, sums.Units, faults, err); got != "1 12 [] <nil>" {
		t.Errorf("got %s", got)
	}
}

func moved(before, after int64) Movement {
	m := product.Movement{ID: "m1", ProductID: "lamp", Before: before, After: after, MovedAt: placed}
	return MovementOf(m, time.UTC)
}

// TestVerifyFinds: each of these changes of a good export is found, and said once.
func TestVerifyFinds(t *testing.T) {
	orders := written(t, Orders, CSV, sale("ord_1", placed), sale("ord_2", placed))
	lines := written(t, Orders, JSONL, sale("ord_1", placed), sale("ord_2", placed))
	movements := written(t, Movements, CSV, moved(12, 9))
	rows := strings.SplitAfter(orders, "\r\n")
	for name, c := range map[string]struct{ text, want string }{
		"a total": {
			strings.ReplaceAll(orders, ",13500,", ",13501,"),
			"its 2 lines sum to 13500, and its total is 13501",
		},
		"a line's total": {
			strings.Replace(orders, ",700,1,700", ",700,1,701", 1),
			"1 of mug at 700 are not 701",
		},
		"a quantity": {
			strings.Replace(lines, `"quantity":2`, `"quantity":3`, 1),
			"3 of lamp at 6400 are not 12800",
		},
		"a currency": {
			strings.Replace(lines, `12800,"currency":"GBP"`, `12800,"currency":"EUR"`, 1),
			"lamp has another currency",
		},
		"a status": {strings.ReplaceAll(orders, ",placed,", ",sold,"), `there is no status "sold"`},
		"a time":   {strings.ReplaceAll(orders, "T20:26", "T25:26"), "is no time"},
		"the order": {
			rows[0] + rows[3] + rows[4] + rows[1] + rows[2],
			"line 4: ord_1 comes after one that is later",
		},
		"an order twice":  {orders + rows[3] + rows[4], `line 6: "ord_2" is empty, or was there before`},
		"a line left out": {rows[0] + rows[1] + rows[3] + rows[4], "line 2: order ord_1 has 1 of 2 lines"},
		"the last line":   {strings.Join(rows[:4], ""), "line 4: order ord_2 has 1 of 2 lines"},
		"a line twice":    {rows[0] + rows[1] + rows[1], "its line 2 is not like its first one"},
		"another e-mail": {
			strings.Replace(orders, "'+ada", "bob", 1),
			"its line 2 is not like its first one",
		},
		"a number": {
			strings.Replace(orders, ",6400,", ",6400.0,", 1),
			`unit_price_minor is no whole number: "6400.0"`,
		},
		"a cell more":   {orders + strings.TrimSpace(rows[1]) + ",\r\n", "another number of cells"},
		"half a line":   {lines[:len(lines)-5], "line 2: is cut off"},
		"a member more": {strings.Replace(lines, `"day"`, `"paid":true,"day"`, 1), "is no record"},
		"a stock": {
			strings.ReplaceAll(movements, ",12,9,", ",12,8,"),
			"12 and 0 added and 3 removed are not 8",
		},
		"no stock": {strings.ReplaceAll(movements, ",12,9,", ",,9,"), "one of the stocks before and after"},
	} {
		_, faults, err := check(c.text)
		if err != nil || !strings.Contains(strings.Join(faults, "\n"), c.want) {
			t.Errorf("%s: got %q, %v, want %q", name, faults, err, c.want)
		}
	}
}

// TestVerifyRefuses: of these nothing can be added up.
func TestVerifyRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"nothing":       {"", ErrEmpty},
		"another table": {"product_id,name\r\n", ErrHeader},
		"other JSON":    {`{"items":[]}` + "\n", ErrHeader},
		"a long line":   {`{"order_id":"` + strings.Repeat("x", maxRecord), ErrTooLong},
		"a long cell":   {written(t, Orders, CSV) + `"` + strings.Repeat("x", 3*maxRecord), ErrTooLong},
		"a stray quote": {written(t, Orders, CSV) + `a"b,c` + "\r\n", csv.ErrBareQuote},
	} {
		if _, _, err := check(c.text); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// FuzzVerify: whatever it reads, it ends, and what has no fault is written again with the same sums.
func FuzzVerify(f *testing.F) {
	for _, format := range []string{CSV, JSONL} {
		f.Add(written(f, Orders, format, sale("ord_1", placed), sale("ord_2", placed)))
		f.Add(written(f, Movements, format, moved(12, 9)))
		f.Add(written(f, Products, format, ProductOf(product.Product{ID: "lamp", Version: 1, MaxPerOrder: 3})))
	}
	f.Fuzz(func(t *testing.T, text string) {
		sums, faults, err := check(text)
		if err != nil || len(faults) > 0 {
			return
		}
		in, err := NewReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		again := bytes.NewBuffer(Header(in.Kind, CSV))
		for {
			r, _, err := in.Next()
			if err == io.EOF {
				break
			}
			row, failed := Append(nil, r, CSV)
			if err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			again.Write(row)
		}
		second, faults, err := check(again.String())
		if !reflect.DeepEqual(second, sums) || len(faults) > 0 || err != nil {
			t.Fatalf("got %+v %q %v, want %+v of\n%s", second, faults, err, sums, again)
		}
	})
}

// TestProductIsExportedWhole: a record has every member of its product, and comes back whole from either format.
func TestProductIsExportedWhole(t *testing.T) {
	whole := product.Product{
		ID: "lamp", Name: "Lamp", Description: "Warm", ImageURL: "/images/lamp.svg", Active: true,
		Price: money.Money{Amount: 6400, Currency: "GBP"}, Stock: 12, MaxPerOrder: 2, LowStockThreshold: 8, Version: 3,
		Categories: product.Categories{"Lamps"}, CreatedAt: placed, UpdatedAt: placed,
	}
	if missing := unset.Members(whole); len(missing) > 0 {
		t.Fatalf("give the product of this test %q", missing)
	}
	want := ProductOf(whole)
	for _, member := range reflect.VisibleFields(reflect.TypeFor[product.Product]()) {
		if got := reflect.ValueOf(want).FieldByName(member.Name); !got.IsValid() || got.IsZero() {
			t.Errorf("the record lacks %s", member.Name)
		}
	}
	for _, format := range []string{CSV, JSONL} {
		in, err := NewReader(strings.NewReader(written(t, Products, format, want)))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		if missing := unset.Members(got.(Product)); len(missing) > 0 {
			t.Errorf("%s: %q were not read", format, missing)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", format, got, want)
		}
	}
}

// TestColumnsAreDocumented: the page on the desk names every column.
func TestColumnsAreDocumented(t *testing.T) {
	docs, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind, columns := range kinds {
		for _, column := range columns {
			if !strings.Contains(string(docs), "`"+column+"`") {
				t.Errorf("docs/admin.md does not name %s of %s", column, kind)
			}
		}
	}
}
