package replay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"shop/cmd/shop/internal/csvfile"
	"shop/cmd/shop/internal/sales"
	"shop/internal/order"
	"shop/test/testenv"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// sale is a line of the sales file.
func sale(invoice, code string, quantity int, customer string) string {
	return fmt.Sprintf("%s,%s,NAME,%d,2011-01-01T08:00:00Z,1.25,%s,United Kingdom\n", invoice, code, quantity, customer)
}

func invoices(t testing.TB, r io.Reader, n int) ([]Invoice, int) {
	t.Helper()
	lines, err := sales.NewReader(r, csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	all, malformed, err := Invoices(context.Background(), lines, n)
	if err != nil {
		t.Fatal(err)
	}
	return all, malformed
}

func show(all []Invoice) string {
	var text strings.Builder
	for _, i := range all {
		fmt.Fprintf(&text, "%s/%s", i.Number, i.Customer)
		for _, item := range i.Items {
			fmt.Fprintf(&text, " %s:%d", item.ProductID, item.Quantity)
		}
		text.WriteString("; ")
	}
	return text.String()
}

func TestInvoices(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  string
	}{
		"grouped": {
			sale("1", "22423", 2, "7") + sale("1", "84029e", 3, "7") + sale("2", "22423", 1, "8"),
			"1/7 22423:2 84029E:3; 2/8 22423:1; ",
		},
		"apart in the file": {
			sale("1", "22423", 2, "7") + sale("2", "22423", 1, "8") + sale("1", "84029E", 3, "7"),
			"1/7 22423:2 84029E:3; 2/8 22423:1; ",
		},
		"same product twice": {sale("1", "22423", 2, "7") + sale("1", "22423", 2, "7"), "1/7 22423:2 22423:2; "},
		"cancellation":       {sale("C1", "22423", -2, "7") + sale("C2", "22423", 2, "7"), ""},
		"no customer":        {sale("1", "22423", 2, ""), ""},
		"customer on one":    {sale("1", "22423", 2, "") + sale("1", "22424", 2, "7"), "1/7 22423:2 22424:2; "},
		"no goods":           {sale("1", "POST", 1, "7"), ""},
		"goods and postage":  {sale("1", "POST", 1, "7") + sale("1", "22423", 2, "7"), "1/7 22423:2; "},
		"nothing sold":       {sale("1", "22423", -2, "7") + sale("1", "22424", 0, "7"), ""},
		"some written off":   {sale("1", "22423", -2, "7") + sale("1", "22424", 4, "7"), "1/7 22424:4; "},
		"no more than wanted": {sale("1", "22423", 1, "7") + sale("2", "22423", 1, "7") + sale("3", "22423", 1, "7") +
			sale("4", "22423", 1, "7"), "1/7 22423:1; 2/7 22423:1; 3/7 22423:1; "},
	} {
		got, malformed := invoices(t, strings.NewReader(header+c.lines), 3)
		if show(got) != c.want || malformed != 0 {
			t.Errorf("%s:\ngot  %s\nwant %s", name, show(got), c.want)
		}
	}
}

func TestInvoicesCountsMalformedLines(t *testing.T) {
	got, malformed := invoices(t, strings.NewReader(header+"1,22423\n"+sale("1", "22423", 1, "7")+"2,22423,x,y,z,,,\n"),
		3)
	if show(got) != "1/7 22423:1; " || malformed != 2 {
		t.Errorf("got %s and %d malformed, want one invoice and 2", show(got), malformed)
	}
}

func TestInvoicesFails(t *testing.T) {
	lines, err := sales.NewReader(strings.NewReader(header+sale("1", "22423", 1, "7")), csvfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Invoices(ctx, lines, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// TestInvoicesRealSales picks from the real sales file. The numbers and digests, over number, customer and
// items of every invoice picked, were computed from the same file by testdata/invoices.py, which shares
// no code with this package.
func TestInvoicesRealSales(t *testing.T) {
	path := testenv.Given(t, "SHOP_REAL_SALES")
	for _, c := range []struct {
		n, want, customers int
		units              int64
		digest             string
	}{
		{2000, 2000, 1214, 56575, "c0bc865408ecadcdeaed1cdd3c074d8ab4bcc6dc7d29bb974591a16387b7f69e"},
		{1000000, 8068, 2921, 253879, "6952fa4adeaff11e7ff1252528099277f0c845649deacbb286e22d82d14cf886"},
	} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		got, malformed := invoices(t, file, c.n)
		customers, sold, digest := totals(got)
		if len(got) != c.want || customers != c.customers || sold != c.units || digest != c.digest || malformed != 0 {
			t.Errorf("%d invoices, %d customers, %d units, digest %s, %d malformed; want %+v",
				len(got), customers, sold, digest, malformed, c)
		}
	}
}

func totals(all []Invoice) (customers int, sold int64, digest string) {
	seen, sum := map[string]bool{}, sha256.New()
	for _, i := range all {
		seen[i.Customer] = true
		var items []string
		for _, item := range i.Items {
			sold += item.Quantity
			items = append(items, fmt.Sprintf("%s:%d", item.ProductID, item.Quantity))
		}
		fmt.Fprintf(sum, "%s\t%s\t%s\n", i.Number, i.Customer, strings.Join(items, " "))
	}
	return len(seen), sold, hex.EncodeToString(sum.Sum(nil))
}

func FuzzInvoices(f *testing.F) {
	f.Add(sale("1", "22423", 2, "7")+sale("C2", "84029e", -3, "7")+sale("2", "POST", 1, ""), 5)
	f.Add("1,22423\n"+sale("1", "22423", 1000000000, "7")+"\"", 1)
	f.Fuzz(func(t *testing.T, lines string, n int) {
		got, _ := invoices(t, strings.NewReader(header+lines), n)
		if len(got) > max(n, 0) {
			t.Fatalf("%d invoices, %d wanted", len(got), n)
		}
		for _, i := range got {
			sold := func(item order.Item) bool { return item.Quantity > 0 && item.ProductID != "" }
			if i.Customer == "" || len(i.Items) == 0 || strings.HasPrefix(i.Number, "C") ||
				slices.ContainsFunc(i.Items, func(item order.Item) bool { return !sold(item) }) {
				t.Fatalf("invoice %+v cannot be replayed", i)
			}
		}
	})
}
