package sales

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"shop/cmd/shop/internal/csvfile"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func reader(t testing.TB, lines string) *Reader {
	t.Helper()
	r, err := NewReader(strings.NewReader(header+lines), csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	got, err := reader(t, `c536365, 84029e ," RED  BOTTLE. ",-6,2010-12-01T08:26:00Z, 3.39 , 17850 ,United Kingdom`).
		Read()
	if err != nil {
		t.Fatal(err)
	}
	if got.Row.Line != 2 || got.Row.Field("Country") != "United Kingdom" {
		t.Errorf("row = %+v, want line 2 with its record", got.Row)
	}
	got.Row = csvfile.Row{}
	want := Line{
		Invoice: "C536365", Code: "84029E", Description: " RED  BOTTLE. ", Quantity: -6,
		Time: time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC), Price: "3.39", Customer: "17850",
	}
	if !equal(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func equal(a, b Line) bool {
	return a.Invoice == b.Invoice && a.Code == b.Code && a.Description == b.Description && a.Quantity == b.Quantity &&
		a.Time.Equal(b.Time) && a.Price == b.Price && a.Customer == b.Customer
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want error
	}{
		"no invoice":         {",22423,CAKE,1,2010-12-01T08:26:00Z,1,17850,", ErrInvoice},
		"invoice with blank": {"53 65,22423,CAKE,1,2010-12-01T08:26:00Z,1,17850,", ErrInvoice},
		"long invoice":       {strings.Repeat("5", 33) + ",22423,CAKE,1,2010-12-01T08:26:00Z,1,17850,", ErrInvoice},
		"no code":            {"5, ,CAKE,1,2010-12-01T08:26:00Z,1,17850,", ErrCode},
		"no quantity":        {"5,22423,CAKE,,2010-12-01T08:26:00Z,1,17850,", ErrQuantity},
		"half a unit":        {"5,22423,CAKE,1.5,2010-12-01T08:26:00Z,1,17850,", ErrQuantity},
		"huge quantity":      {"5,22423,CAKE,1000000001,2010-12-01T08:26:00Z,1,17850,", ErrQuantity},
		"huge negative":      {"5,22423,CAKE,-1000000001,2010-12-01T08:26:00Z,1,17850,", ErrQuantity},
		"overflow":           {"5,22423,CAKE,99999999999999999999,2010-12-01T08:26:00Z,1,17850,", ErrQuantity},
		"no time":            {"5,22423,CAKE,1,,1,17850,", ErrTime},
		"day first":          {"5,22423,CAKE,1,31/12/2010 8:26,1,17850,", ErrTime},
		"no hour":            {"5,22423,CAKE,1,2010-12-01,1,17850,", ErrTime},
		"half a customer":    {"5,22423,CAKE,1,2010-12-01T08:26:00Z,1,17850.5,", ErrCustomer},
		"customer with +":    {"5,22423,CAKE,1,2010-12-01T08:26:00Z,1,17850+1,", ErrCustomer},
	} {
		_, err := reader(t, c.line).Read()
		var bad *csvfile.BadRow
		if !errors.Is(err, c.want) || !errors.As(err, &bad) || bad.Line != 2 {
			t.Errorf("%s: got %v, want %v on line 2", name, err, c.want)
		}
	}
}

// TestForms: copies of the file write times and customers in several ways; they all read the same.
func TestForms(t *testing.T) {
	want := Line{
		Invoice: "5", Code: "22423", Description: "CAKE", Quantity: 1,
		Time: time.Date(2010, 12, 1, 8, 26, 0, 0, time.UTC), Price: "2.55", Customer: "17850",
	}
	for _, form := range []string{
		"2010-12-01T08:26:00Z,2.55,17850", "2010-12-01T08:26:00,2.55,17850.0", "2010-12-01 08:26:00,2.55,17850.0",
		"2010-12-01 08:26,2.55,17850", "12/1/2010 8:26,2.55,17850", "12/1/2010 08:26:00,2.55,17850",
		"12/1/10 8:26,2.55,17850",
	} {
		got, err := reader(t, "5,22423,CAKE,1,"+form+",United Kingdom").Read()
		if err != nil || !equal(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", form, got, err, want)
		}
	}
	const second = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n" +
		"5,22423,CAKE,1,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
	r, err := NewReader(strings.NewReader(second), csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Read(); err != nil || !equal(got, want) {
		t.Errorf("second edition: got %+v, %v, want %+v", got, err, want)
	}
}

func TestReadGoesOn(t *testing.T) {
	r := reader(t, "5,22423,CAKE,x,2010-12-01T08:26:00Z,1,,\n6,22423,CAKE,1,2010-12-01T08:26:00Z,1,,\n")
	if _, err := r.Read(); !errors.Is(err, ErrQuantity) {
		t.Fatalf("got %v, want ErrQuantity", err)
	}
	if line, err := r.Read(); err != nil || line.Invoice != "6" {
		t.Errorf("got %+v, %v, want invoice 6", line, err)
	}
	if _, err := r.Read(); err != io.EOF {
		t.Errorf("got %v, want io.EOF", err)
	}
}

func TestNewReaderRefuses(t *testing.T) {
	if _, err := NewReader(
		strings.NewReader("product_id,name\n"), csvfile.Options{},
	); !errors.Is(err, csvfile.ErrHeader) {
		t.Errorf("got %v, want ErrHeader", err)
	}
}

func TestGoods(t *testing.T) {
	for code, want := range map[string]bool{
		"22423": true, "84029E": true, "15056BL": true, "DCGS0070": true, "DCGSSGIRL": true, "GIFT_0001_40": true,
		"PADS": true,
		"POST": false, "DOT": false, "M": false, "D": false, "C2": false, "S": false, "BANK CHARGES": false,
		"AMAZONFEE": false,
		"2242":      false, "A22423": false, "PADSX": false, "GIFT": false, "DCG": false, "": false, "２２４２３": false,
	} {
		if got := (Line{Code: code}).Goods(); got != want {
			t.Errorf("%q: goods = %t, want %t", code, got, want)
		}
	}
}

func TestCancelled(t *testing.T) {
	for invoice, want := range map[string]bool{"C536379": true, "536365": false, "A563185": false} {
		if got := (Line{Invoice: invoice}).Cancelled(); got != want {
			t.Errorf("%s: cancelled = %t, want %t", invoice, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("536365,71053,WHITE METAL LANTERN,6,2010-12-01T08:26:00Z,3.39,17850,United Kingdom\n")
	f.Add("C536379,D,Discount,-1,2010-12-01T09:41:00Z,27.5,14527,United Kingdom\n5,22423,\"x\n")
	f.Add("536414,22139,,56,2010-12-01T11:52:00Z,0,,United Kingdom\r\n")
	f.Add("5,22423,CAKE,-99999999999999999999,2010-12-01T08:26:00+99:00,1e9,17850\x00,\xff\n")
	f.Fuzz(func(t *testing.T, lines string) {
		r := reader(t, lines)
		for {
			line, err := r.Read()
			var bad *csvfile.BadRow
			switch {
			case err == io.EOF:
				return
			case errors.As(err, &bad):
				continue
			case err != nil:
				t.Fatal(err)
			}
			if line.Code == "" || line.Code != strings.ToUpper(line.Code) || line.Quantity < -MaxQuantity ||
				line.Quantity > MaxQuantity {
				t.Fatalf("line %+v breaks what Line promises", line)
			}
			if !identifier.MatchString(line.Invoice) || line.Customer != "" && !identifier.MatchString(line.Customer) {
				t.Fatalf("line %+v has an invoice or customer that fits no key or address", line)
			}
		}
	})
}
