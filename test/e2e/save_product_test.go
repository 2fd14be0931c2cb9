package e2e

import (
	"net/http"
	"strings"
	"testing"

	"shop/test/unset"
)

func TestSaveNewProduct(t *testing.T) {
	t.Parallel()
	id, d := "e2e-"+unique(), productDraft()
	got := decodeExact[adminProduct](t, send(t, save(admin(t), id, d)).want(t, http.StatusCreated))
	wantNow(t, "created_at", got.CreatedAt)
	want := adminProduct{
		Stock: 10, LowStockThreshold: 5, Active: true, Version: 1, CreatedAt: got.CreatedAt, UpdatedAt: got.CreatedAt,
	}
	want.ListedProduct = listedProduct{
		ProductID: id, Name: d.Name, Price: d.Price, ImageURL: d.ImageURL, StockStatus: "in_stock",
	}
	want.Description = d.Description
	if got != want {
		t.Errorf("product = %+v, want %+v", got, want)
	}
	if seen := inventory(t, id); seen != want {
		t.Errorf("seen = %+v, want %+v", seen, want)
	}
}

// TestSaveAgain changes all but the stock, and counts the save.
func TestSaveAgain(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	d := saveProduct{Name: "Other " + unique(), Description: "Other words.", Price: pounds(2500)}
	got := decodeExact[adminProduct](t, send(t, save(admin(t), p.ProductID, d)).want(t, http.StatusOK))
	want := p
	want.Name, want.Description, want.Price, want.ImageURL, want.Active = d.Name, d.Description, d.Price, d.ImageURL,
		false
	want.Version, want.UpdatedAt = 2, got.UpdatedAt
	if got != want || got.UpdatedAt < p.UpdatedAt {
		t.Errorf("product = %+v, want %+v", got, want)
	}
	if seen := inventory(t, p.ProductID); seen != want {
		t.Errorf("seen = %+v, want %+v", seen, want)
	}
}

// TestSaveKeepsALimit: a save that does not speak of the limit leaves it, for customers and admins; 10000 lifts it.
func TestSaveKeepsALimit(t *testing.T) {
	t.Parallel()
	p := newProduct(t, limited(2))
	for _, c := range []struct {
		edits []func(*saveProduct)
		want  int64
	}{{nil, 2}, {[]func(*saveProduct){limited(3)}, 3}, {[]func(*saveProduct){limited(10_000)}, 0}, {nil, 0}} {
		got := resave(t, p, c.edits...)
		seen := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
		if got.MaxPerOrder != c.want || inventory(t, p.ProductID) != got || seen != got.Public() {
			t.Errorf("saved %+v, customers see %+v, want a limit of %d", got, seen, c.want)
		}
	}
}

// TestVersionCountsSaves: neither a sale nor a change of stock is a save.
func TestVersionCountsSaves(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	newOrder(t, newCustomer(t), one(p.ProductID))
	restock(t, p.ProductID, 9, 30)
	if got := inventory(t, p.ProductID); got.Version != 1 || got.Stock != 30 {
		t.Errorf("version %d, stock %d, want 1 and 30", got.Version, got.Stock)
	}
	if got := resave(t, p); got.Version != 2 || got.Stock != 30 {
		t.Errorf("after a save: version %d, stock %d, want 2 and 30", got.Version, got.Stock)
	}
}

// TestSaveTheLongest: the store takes all that its limits allow, at once.
func TestSaveTheLongest(t *testing.T) {
	t.Parallel()
	p := newProductWithID(t, unique()+strings.Repeat("z", 48), func(d *saveProduct) {
		d.Name, d.Description = strings.Repeat("é", 200), strings.Repeat("é", 5000)
		d.Price, d.Stock, d.MaxPerOrder = pounds(1_000_000_000_000), units(1_000_000_000), units(9999)
		d.ImageURL = "https://images.example.com/" + strings.Repeat("a", 2048-27)
		d.LowStockThreshold = units(1_000_000)
		for _, initial := range "abcde" {
			d.Categories = append(d.Categories, string(initial)+strings.Repeat("é", 39))
		}
	}, inactive)
	if missing := unset.Members(p, "Active"); len(missing) > 0 {
		t.Fatalf("give the product of this test %v", missing)
	}
	if seen := inventory(t, p.ProductID); seen != p || len(p.Description) != 10_000 {
		t.Errorf("seen = %+v, want %+v", seen, p)
	}
}

func wantNoProduct(t *testing.T, id string) {
	t.Helper()
	a := send(t, call{method: "GET", path: "/admin/products/" + id, from: admin(t)})
	a.refused(t, http.StatusNotFound, "product_not_found")
}

// TestSavesAtOnce: every save counts, none is lost.
func TestSavesAtOnce(t *testing.T) {
	t.Parallel()
	from, id := admin(t), "e2e-"+unique()
	const n = 8
	atOnce(t, n, n, func(int) error {
		_, err := save(from, id, productDraft(withoutStock)).untilNotBusy(t.Context())
		return err
	})
	if got := inventory(t, id).Version; got != n {
		t.Errorf("version = %d after %d saves", got, n)
	}
}

// TestSaveCompares: an admin who saw another version overwrites nothing, and is told what is stored; version 0 only
// creates.
func TestSaveCompares(t *testing.T) {
	t.Parallel()
	id, boss, d := "e2e-"+unique(), admin(t), productDraft()
	compared := func(version int64, edits ...func(*saveProduct)) call {
		d := productDraft(append(edits, withoutStock)...)
		d.CompareVersion = &version
		return save(boss, id, d)
	}
	send(t, compared(1)).refused(t, http.StatusNotFound, "product_not_found")
	d.CompareVersion = new(int64)
	p := decodeExact[adminProduct](t, send(t, save(boss, id, d)).want(t, http.StatusCreated))
	answers := make([]answer, 4)
	atOnce(t, len(answers), len(answers), func(i int) error {
		var err error
		answers[i], err = compared(p.Version).untilNotBusy(t.Context())
		return err
	})
	saved := 0
	for _, a := range answers {
		if a.status == http.StatusOK {
			saved++
			p = decodeExact[adminProduct](t, a)
		}
	}
	if saved != 1 || p.Version != 2 {
		t.Fatalf("%d of %d saves over one version were taken, the last of version %d", saved, len(answers), p.Version)
	}
	for _, stale := range []int64{0, 1, 3} {
		got := send(t, compared(stale)).refused(t, http.StatusConflict, "product_changed")
		if *got.Product != p {
			t.Errorf("version %d: product = %+v, want %+v", stale, *got.Product, p)
		}
	}
	if seen := inventory(t, id); seen != p {
		t.Errorf("seen = %+v, want %+v", seen, p)
	}
}
