package pastsales

import (
	"strings"
	"testing"
	"time"

	"shop/cmd/shop/internal/csvfile"
	"shop/cmd/shop/internal/sales"
	"shop/internal/money"
	"shop/internal/order"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

// FuzzRead: whatever a file has, each order of it is one that the store can have.
func FuzzRead(f *testing.F) {
	f.Add("1,22423,CAKE,6,2010-12-01T08:26:00Z,12.75,17850,\n1,22423,,2,2010-12-01T08:26:00Z,12.75,17850,\n")
	f.Add("1,22423,CAKE,1000000000,2010-12-01T08:26:00Z,9999.99,1,\n1,22424,,1000000000,2010-12-01T08:26:00Z,9999,1,\n")
	f.Add("C1,22423,CAKE,-6,2010-12-01T08:26:00Z,12.75,,\n2,22423,CAKE,x,2010-12-01T08:26:00Z,-1,,\n3,M,,1,12/1/10 8:26,1,,")
	now := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := sales.NewReader(strings.NewReader(header+text), csvfile.Options{})
		if err != nil {
			return
		}
		sold, err := Read(t.Context(), lines, "GBP", now)
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, o := range sold.Orders {
			if ids[o.ID] || !order.ValidID(o.ID) || o.PlacedAt.After(now) || len(o.Lines) > order.MaxProducts {
				t.Fatalf("%+v is no order, or comes twice", o)
			}
			ids[o.ID] = true
			wantSound(t, o)
		}
	})
}

// wantSound wants each product once, and lines that sum to the total.
func wantSound(t *testing.T, o order.Order) {
	t.Helper()
	sum, products := money.Money{Currency: "GBP"}, map[string]bool{}
	for _, l := range o.Lines {
		sum = sum.Plus(l.Total())
		if products[l.ProductID] || l.Quantity < 1 || l.Quantity > order.MaxQuantity || l.UnitPrice.Amount < 1 ||
			l.Name == "" {
			t.Fatalf("%+v cannot be a line of %+v", l, o)
		}
		products[l.ProductID] = true
	}
	if sum != o.Total || sum.Check("GBP") != nil || sum.Amount == 0 {
		t.Fatalf("the total of %+v is not %v", o, sum)
	}
}
