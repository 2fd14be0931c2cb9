package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
)

const plenty = 100_000

func units(n int64) *int64 { return &n }

// productDraft is an active product of 19.99 with ten in stock, changed by edits.
func productDraft(edits ...func(*saveProduct)) saveProduct {
	d := saveProduct{
		Name:        "E2E " + unique() + " Lamp",
		Description: "A lamp of glazed stoneware.",
		Price:       pounds(1999),
		ImageURL:    "https://images.example.com/lamp.jpg",
		Active:      true,
		Stock:       units(10),
	}
	for _, edit := range edits {
		edit(&d)
	}
	return d
}

func named(name string) func(*saveProduct)  { return func(d *saveProduct) { d.Name = name } }
func priced(minor int64) func(*saveProduct) { return func(d *saveProduct) { d.Price.Amount = minor } }
func stocked(n int64) func(*saveProduct)    { return func(d *saveProduct) { d.Stock = units(n) } }
func inactive(d *saveProduct)               { d.Active = false }
func limited(n int64) func(*saveProduct)    { return func(d *saveProduct) { d.MaxPerOrder = units(n) } }
func fewAt(n int64) func(*saveProduct) {
	return func(d *saveProduct) { d.LowStockThreshold = units(n) }
}
func withoutStock(d *saveProduct) { d.Stock = nil }

func save(from caller, id string, d any) call {
	return call{method: "PUT", path: "/admin/products/" + url.PathEscape(id), from: from, body: d}
}

// newProduct saves a product under a fresh id.
func newProduct(t *testing.T, edits ...func(*saveProduct)) adminProduct {
	t.Helper()
	return newProductWithID(t, "e2e-"+unique(), edits...)
}

func newProductWithID(t *testing.T, id string, edits ...func(*saveProduct)) adminProduct {
	t.Helper()
	a := send(t, save(admin(t), id, productDraft(edits...))).want(t, http.StatusCreated)
	return decodeExact[adminProduct](t, a)
}

// resave saves the product again, changed by edits.
func resave(t *testing.T, p adminProduct, edits ...func(*saveProduct)) adminProduct {
	t.Helper()
	d := p.Draft()
	for _, edit := range edits {
		edit(&d)
	}
	return decodeExact[adminProduct](t, send(t, save(admin(t), p.ProductID, d)).want(t, http.StatusOK))
}

// newProducts saves n products with the same edits, a few at once.
func newProducts(t *testing.T, n int, edits ...func(*saveProduct)) []string {
	t.Helper()
	from, ids := admin(t), make([]string, n)
	atOnce(t, n, 4, func(i int) error {
		ids[i] = fmt.Sprintf("e2e-%s-%d", unique(), i)
		a, err := save(from, ids[i], productDraft(edits...)).exchange(t.Context())
		if err == nil && a.status != http.StatusCreated {
			err = fmt.Errorf("saving %s: %d %s", ids[i], a.status, clip(a.body))
		}
		return err
	})
	return ids
}

// inventory is the product as an admin sees it now.
func inventory(t *testing.T, id string) adminProduct {
	t.Helper()
	a := send(t, call{method: "GET", path: "/admin/products/" + id, from: admin(t)})
	return decodeExact[adminProduct](t, a.want(t, http.StatusOK))
}

func wantStock(t *testing.T, id string, want int64) {
	t.Helper()
	if got := inventory(t, id).Stock; got != want {
		t.Errorf("stock of %s = %d, want %d", id, got, want)
	}
}

func restock(t *testing.T, id string, from, to int64) {
	t.Helper()
	send(t, stockSet(admin(t), id, setStock{to, from, "test"})).want(t, http.StatusOK)
}

func stockSet(from caller, id string, body any) call {
	return call{method: "PUT", path: "/admin/products/" + id + "/stock", from: from, body: body}
}

func stockAdjust(from caller, id string, body any) call {
	return call{method: "POST", path: "/admin/products/" + id + "/stock/adjustments", from: from, body: body}
}
