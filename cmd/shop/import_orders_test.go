package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/dynamostore"
	"shop/internal/order"
	"shop/test/testenv"
)

// count returns how many items a table has.
func (s *tableStore) count(name string) (n int32) {
	s.t.Helper()
	pages := dynamodb.NewScanPaginator(s.client, &dynamodb.ScanInput{TableName: aws.String(s.tables.Name(name))})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.t.Context())
		s.must(err)
		n += page.Count
	}
	return n
}

// TestImportOrders: bad lines stop all, or cost their invoices; orders have the file's times, take no stock and send no
// mail; a repeat and a file that was changed store nothing.
func TestImportOrders(t *testing.T) {
	s := startTables(t)
	s.addProduct("22423", "Cake stand", midnight)
	file := write(t, "sales.csv", salesFile+
		"7,22423,CAKE STAND,1,2010-12-02T08:00:00Z,0.001,17850,United Kingdom\n"+
		"7,84029E,RED BOTTLE,1,2010-12-02T08:00:00Z,3.75,17850,United Kingdom\n"+
		"\"8\",22423,=CAKE,many,2010-12-02T08:00:00Z,1,17850,United Kingdom\n"+
		"\"13\",22423,CAKE \"STAND,1,2010-12-02T08:00:00Z,1,17850,United Kingdom\n"+
		"8,22423,CAKE STAND,1,2010-12-02T08:00:00Z,1,17850,United Kingdom\n"+
		"13,22424,CAKE STAND,1,2010-12-02T08:00:00Z,1,17850,United Kingdom\n"+
		"9,22423,CAKE STAND,2,2010-12-02T09:00:00Z,10.95,17850,United Kingdom\n"+
		"9,22423,CAKE STAND,3,2010-12-02T09:00:00Z,10.95,17850,United Kingdom\n"+
		"10,22423,CAKE STAND,2,2010-12-02T09:00:00Z,10.95,17850,United Kingdom\n"+
		"10,22423,CAKE STAND,3,2010-12-02T09:00:00Z,9.95,17850,United Kingdom\n"+
		"11,22423,CAKE STAND,3,2999-12-02T09:00:00Z,9.95,17850,United Kingdom\n")
	command := []string{"--local", "import-orders", file}
	shop(t, command...).want(t, exitFailed, "5 lines are bad, and nothing was stored", "their 5 invoices")
	if report := read(t, "sales.csv.refused.csv"); strings.Count(report, "\n") != 6 ||
		!strings.Contains(report, "10,\"price has more digits") ||
		!strings.Contains(report, "22423 has another price") {
		t.Errorf("the report is\n%s", report)
	}
	command = append(command, "--skip-bad")
	shop(t, append(command, "--dry-run")...).want(t, exitDone, "5 orders would be stored")
	if n := s.count("Orders"); n != 0 {
		t.Fatalf("%d orders are stored", n)
	}
	shop(t, command...).want(t, exitDone, "5 orders stored", "0 stored before", "5 invoices with a bad line",
		"1 lines left out: cancellation", "1 lines left out: not goods", "1 lines left out: no price")
	shop(t, command...).want(t, exitDone, "0 orders stored", "5 stored before")
	if s.count("Orders") != 5 || s.count("Mails") != 0 {
		t.Errorf("there are %d orders and %d mails, want 5 and none", s.count("Orders"), s.count("Mails"))
	}
	shop(t, "--local", "audit").want(t, exitDone, "5 orders, 0 mails", "no differences")
	exported := shop(t, "--local", "export", "orders", "--to", "2010-12-02")
	for _, want := range []string{
		",2010-12-01T08:26:00.000Z,2010-12-01,delivered,usr_00000000-0000-7",
		",customer-17850@import.invalid,GBP,8328,2,1,",
		",unknown-customer@import.invalid,GBP,1095,1,1,22423,CAKE STAND,1095,1,1095",
		",GBP,5475,1,1,22423,CAKE STAND,1095,5,5475",
	} {
		if !strings.Contains(exported.out, want) {
			t.Errorf("the export has no %s:\n%s", want, exported.out)
		}
	}
	reordered := "Quantity,InvoiceNo,StockCode,Description,InvoiceDate,UnitPrice,CustomerID,Country\n" +
		"many,20,22423,CAKE,2010-12-02T08:00:00Z,1,17850,\n2,20,22424,CAKE,2010-12-02T08:00:00Z,1,17850,\n" +
		"2,21,22423,CAKE,2010-12-02T08:00:00Z,1,17850,\n"
	command[2] = write(t, "reordered.csv", reordered)
	shop(t, append(command, "--dry-run")...).want(t, exitDone, "1 orders would be stored", "1 invoices with a bad line")
	for _, bad := range []string{
		"2,22,22423,CAKE \"STAND,2010-12-02T08:00:00Z,1,17850,\n", "2,,22423,CAKE,2010-12-02T08:00:00Z,1,17850,\n",
	} {
		command[2] = write(t, "unknown.csv", reordered+bad)
		shop(t, command...).want(t, exitFailed, "1 bad lines do not say which invoice is theirs", "nothing was stored")
	}
	command[2] = file
	changed := write(t, "sales.csv", strings.Replace(salesFile, "STAND,6,", "STAND,7,", 1)+
		"12,22423,CAKE STAND,2,2010-12-02T09:00:00Z,10.95,17850,United Kingdom\n")
	shop(t, "--local", "import-orders", changed).want(t, exitFailed, "placed at 2010-12-01T08:26:00.000Z",
		"is stored already, and is another one")
	if n := s.count("Orders"); n != 5 {
		t.Errorf("a changed file left %d orders, want 5", n)
	}
	s.params["Currency"] = "EUR"
	shop(t, command...).want(t, exitFailed, `the sales file is in GBP, the store in "EUR"`)
}

// figures are what test/pastsales/past_sales.py prints.
type figures struct {
	Total [3]int64            `json:"total"` // orders, units, pence
	Days  map[string][3]int64 `json:"days"`
	Top   [][3]any            `json:"top"` // product id, pence, units
}

// TestImportRealOrders imports the real sales file. Each day's figures and the top ten are those that a script computes
// from the same file, which shares no code; and what is exported adds up to them.
func TestImportRealOrders(t *testing.T) {
	file := testenv.Given(t, "SHOP_REAL_SALES")
	s := startTables(t)
	s.params["TimeZone"] = "Europe/London"
	want := pastSales(t, file, s.params["TimeZone"])
	began := time.Now()
	shop(t, "--local", "import-orders", file, "--skip-bad").want(t, exitDone,
		fmt.Sprintf("%d orders stored", want.Total[0]))
	t.Logf("%d orders in %s", want.Total[0], time.Since(began))
	shop(t, "--local", "import-orders", file, "--skip-bad").want(t, exitDone, "0 orders stored")
	if n := s.count("Mails"); n != 0 {
		t.Errorf("%d mails are stored, want none", n)
	}
	s.wantFigures(want)
	began = time.Now()
	shop(t, "--local", "export", "orders", "--output", "orders.csv").want(t, exitDone,
		fmt.Sprint(want.Total[0], " orders"))
	t.Logf("exported in %s", time.Since(began))
	shop(t, "verify", "orders.csv").want(t, exitDone, fmt.Sprintf("orders %d, of which 0 are cancelled", want.Total[0]),
		fmt.Sprintf("units %d", want.Total[1]), fmt.Sprintf("revenue GBP %d in minor units", want.Total[2]))
}

func pastSales(t *testing.T, file, zone string) figures {
	t.Helper()
	script := filepath.Join(folder, "..", "..", "test", "pastsales", "past_sales.py")
	out, err := exec.Command(cmp.Or(os.Getenv("PYTHON"), "python3"), script, file, zone).Output()
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	var all figures
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// wantFigures compares the summary of sales, as admins get it.
func (s *tableStore) wantFigures(want figures) {
	s.t.Helper()
	in, err := time.LoadLocation(s.params["TimeZone"])
	s.must(err)
	orders := s.tables.Name("Orders")
	analytics := &order.Analytics{
		Feed:     &dynamostore.OrderHistory{Client: s.client, Orders: orders},
		Sales:    &dynamostore.SalesByDay{Client: s.client, SalesByDay: s.tables.Name("SalesByDay"), Orders: orders},
		Currency: "GBP", Zone: in, Now: clock.Now,
	}
	// As count-sales and "shop rebuild-sales" count, but not up to today, which would be some thousand empty days.
	counted := func() time.Time { return time.Date(2011, 10, 2, 0, 0, 0, 0, time.UTC) }
	counter := &order.Counter{Feed: analytics.Feed, Sales: analytics.Sales, Zone: in, Now: counted, Most: countedAtOnce}
	_, err = counter.Run(s.t.Context(), clock.Now())
	s.must(err)
	from := time.Date(2010, 12, 1, 0, 0, 0, 0, time.UTC)
	got, err := analytics.Summarize(s.t.Context(), from, from.AddDate(1, 0, -1), 10)
	s.must(err)
	if total := [3]int64{got.Orders, got.Units, got.Revenue.Amount}; total != want.Total {
		s.t.Errorf("got %v, want %v", total, want.Total)
	}
	if len(got.Days) != len(want.Days) {
		s.t.Errorf("got %d days, want %d", len(got.Days), len(want.Days))
	}
	for _, d := range got.Days {
		name := d.Day.Format(time.DateOnly)
		if day := [3]int64{d.Orders, d.Units, d.Revenue.Amount}; day != want.Days[name] {
			s.t.Errorf("%s: got %v, want %v", name, day, want.Days[name])
		}
	}
	for i, p := range got.TopProducts {
		is := fmt.Sprint(p.ProductID, p.Revenue.Amount, p.Units)
		top := want.Top[i]
		if should := fmt.Sprint(top[0], int64(top[1].(float64)), int64(top[2].(float64))); is != should {
			s.t.Errorf("place %d: got %s, want %s", i+1, is, should)
		}
	}
}
