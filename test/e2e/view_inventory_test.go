package e2e

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func listInventory(from caller) call {
	return call{method: "GET", path: "/admin/products", from: from}
}

// TestListInventory: the admin's list is by name and has the inactive ones too.
func TestListInventory(t *testing.T) {
	t.Parallel()
	prefix := "Inventory " + unique()
	saved := shelf(t, prefix, "c", "A", "e", "b")
	off := newProduct(t, named(prefix+" D"), inactive)
	want := []adminProduct{saved["A"], saved["b"], saved["c"], off, saved["e"]}
	for i := range want {
		want[i].Description = ""
	}
	for _, limit := range []string{"100", "31"} {
		all := allPages[adminProduct](t, listInventory(admin(t)).with("limit", limit))
		got := slices.DeleteFunc(slices.Clone(all),
			func(p adminProduct) bool { return !strings.HasPrefix(p.Name, prefix) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("in pages of %s: %+v, want %+v", limit, got, want)
		}
	}
}

func TestViewInventory(t *testing.T) {
	t.Parallel()
	for _, p := range []adminProduct{newProduct(t), newProduct(t, inactive)} {
		if got := inventory(t, p.ProductID); got != p {
			t.Errorf("product = %+v, want %+v", got, p)
		}
	}
	wantNoProduct(t, "e2e-"+unique())
}

// TestInventoryFollowsSales: the admin sees what is left.
func TestInventoryFollowsSales(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	newOrder(t, newCustomer(t), some(p.ProductID, 7))
	got := inventory(t, p.ProductID)
	if got.Stock != 3 || got.StockStatus != "low_stock" {
		t.Errorf("stock = %d %s, want 3 low_stock", got.Stock, got.StockStatus)
	}
	seen := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
	if seen.StockStatus != "low_stock" {
		t.Errorf("customers see %s, want low_stock", seen.StockStatus)
	}
}

func lowStock(prefix string) call {
	return call{method: "GET", path: "/admin/products"}.with("stock", "low").with("q", prefix)
}

// TestInventoryByName: what is for sale and what is not, by the start of the name.
func TestInventoryByName(t *testing.T) {
	t.Parallel()
	word := "Begins " + unique()
	shown := newProduct(t, named(word+" a"))
	hidden := newProduct(t, named(word+" b"), func(d *saveProduct) { d.Active = false })
	newProduct(t, named("Other "+word))
	list := call{method: "GET", path: "/admin/products", from: admin(t)}.with("q", strings.ToUpper(word)).
		with("limit", "1")
	eventually(t, time.Minute, "both are listed, and no other", func() bool {
		got := allPages[listedInventory](t, list)
		return len(got) == 2 && got[0].ProductID == shown.ProductID && got[1].ProductID == hidden.ProductID
	})
}

// listedInventory is what of a listed product these tests look at.
type listedInventory struct {
	ProductID string `json:"product_id"`
	Stock     int64  `json:"stock"`
}

// TestLowStock: a product is listed once a sale or an admin leaves few units of it, or calls what is left few, and no
// more once there are enough.
func TestLowStock(t *testing.T) {
	t.Parallel()
	boss, word := admin(t), "Low "+unique()
	sold := newProduct(t, named(word+" sold"))
	counted := newProduct(t, named(word+" counted"))
	empty := newProduct(t, named(word+" empty"), withoutStock)
	list := lowStock(word)
	list.from = boss
	wantLow := func(want map[string]int64) {
		t.Helper()
		eventually(t, time.Minute, "the low ones are listed", func() bool {
			got := map[string]int64{}
			for _, p := range allPages[listedInventory](t, list) {
				got[p.ProductID] = p.Stock
			}
			return maps.Equal(got, want)
		})
	}
	wantLow(map[string]int64{empty.ProductID: 0})
	c := newCustomer(t)
	newOrder(t, c, some(sold.ProductID, 4))
	wantLow(map[string]int64{empty.ProductID: 0})
	newOrder(t, c, some(sold.ProductID, 1))
	send(t, stockSet(boss, counted.ProductID, setStock{3, 10, "stocktake"})).want(t, http.StatusOK)
	wantLow(map[string]int64{empty.ProductID: 0, sold.ProductID: 5, counted.ProductID: 3})
	newOrder(t, c, some(sold.ProductID, 2))
	send(t, stockAdjust(boss, counted.ProductID, adjustStock{3, "found"})).want(t, http.StatusOK)
	wantLow(map[string]int64{empty.ProductID: 0, sold.ProductID: 3})
	raised := resave(t, counted, fewAt(6))
	seen := decodeExact[product](t, send(t, viewProduct(counted.ProductID)).want(t, http.StatusOK))
	if raised.LowStockThreshold != 6 || raised.StockStatus != "low_stock" || seen != raised.Public() {
		t.Errorf("saved %+v, customers see %+v, want 6 units of 6 to be low", raised, seen)
	}
	wantLow(map[string]int64{empty.ProductID: 0, sold.ProductID: 3, counted.ProductID: 6})
	resave(t, sold, fewAt(2))
	wantLow(map[string]int64{empty.ProductID: 0, counted.ProductID: 6})
}

// TestRaceAcrossTheLowMark: many buy the last units at once, some by orders that leave few: all that fit are placed,
// none is told that it is short of what is there, and the list is true afterwards.
func TestRaceAcrossTheLowMark(t *testing.T) {
	t.Parallel()
	p := newProduct(t, named("Race "+unique()), stocked(12))
	customers := newCustomers(t, 16)
	placed := make([]bool, len(customers))
	atOnce(t, len(customers), len(customers), func(i int) error {
		a, err := place(customers[i], unique(), basket(one(p.ProductID))).untilNotBusy(t.Context())
		placed[i] = err == nil && a.status == http.StatusCreated
		if err == nil && !placed[i] && a.status != http.StatusConflict {
			err = fmt.Errorf("answered %d: %s", a.status, clip(a.body))
		}
		return err
	})
	if n := len(slices.DeleteFunc(placed, func(ok bool) bool { return !ok })); n != 12 {
		t.Errorf("%d orders of 12 units were placed, want 12", n)
	}
	wantStock(t, p.ProductID, 0)
	list := lowStock(p.Name)
	list.from = admin(t)
	eventually(t, time.Minute, "it is listed as low", func() bool {
		got := allPages[listedInventory](t, list)
		return len(got) == 1 && got[0] == listedInventory{p.ProductID, 0}
	})
}
