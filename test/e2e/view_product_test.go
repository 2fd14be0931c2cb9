package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func viewProduct(id string) call { return call{method: "GET", path: "/products/" + id} }

func TestViewProduct(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	got := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
	if want := p.public(); got != want {
		t.Errorf("product = %+v, want %+v", got, want)
	}
}

func TestViewProductAfterASave(t *testing.T) {
	t.Parallel()
	p := newProduct(t)
	p = resave(t, p, priced(0), named("Renamed "+unique()), func(d *saveProduct) { d.Description, d.ImageURL = "", "" })
	got := decodeExact[product](t, send(t, viewProduct(p.ProductID)).want(t, http.StatusOK))
	if want := p.public(); got != want || got.Price.Amount != 0 || got.Description != "" {
		t.Errorf("product = %+v, want %+v", got, want)
	}
}

func TestViewProductRefuses(t *testing.T) {
	t.Parallel()
	off := newProduct(t, inactive)
	ids := []string{off.ProductID, "e2e-" + unique(), strings.ToUpper(newProduct(t).ProductID), strings.Repeat("a", 64)}
	for _, id := range ids {
		send(t, viewProduct(id)).refused(t, http.StatusNotFound, "product_not_found")
	}
}

// TestViewProductOddIDs: what cannot be a product's id is no product.
func TestViewProductOddIDs(t *testing.T) {
	needStore(t)
	t.Parallel()
	for _, id := range []string{strings.Repeat("a", 65), strings.Repeat("a", 2049), "a%20b", "%C3%A4", "%00", "%25", "a+b", "'", "*", "%F0%9F%92%A1", "%ff"} {
		if a := send(t, viewProduct(id)); a.status != http.StatusNotFound {
			t.Errorf("%.40s answered %d: %s", id, a.status, clip(a.body))
		}
	}
}
