package e2e

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
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
		got := slices.DeleteFunc(slices.Clone(all), func(p adminProduct) bool { return !strings.HasPrefix(p.Name, prefix) })
		if !reflect.DeepEqual(got, want) {
			t.Errorf("in pages of %s: %+v, want %+v", limit, got, want)
		}
	}
}

// TestInventoryListHasNoDescription, and else what the single view shows.
func TestInventoryListHasNoDescription(t *testing.T) {
	t.Parallel()
	newProduct(t)
	for _, item := range pageOf[map[string]any](t, listInventory(admin(t))).Items {
		if _, found := item["description"]; found {
			t.Fatalf("item = %v, want no description in a list", item)
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
	newOrder(t, newCustomer(t), line{p.ProductID, 7})
	got := inventory(t, p.ProductID)
	if got.Stock != 3 || got.StockStatus != "low_stock" {
		t.Errorf("stock = %d %s, want 3 low_stock", got.Stock, got.StockStatus)
	}
	seen := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
	if seen.StockStatus != "low_stock" {
		t.Errorf("customers see %s, want low_stock", seen.StockStatus)
	}
}
