package catalogue

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"shop/internal/product"
	"shop/test/unset"
)

// TestEveryColumnIsApplied: a product has what each column of a catalogue gives.
func TestEveryColumnIsApplied(t *testing.T) {
	cells := map[string]string{
		"product_id": "lamp", "name": "Lamp", "description": "Warm", "price": "64", "currency": "GBP", "stock": "3",
		"image_url": "/images/lamp.svg", "active": "yes", "max_per_order": "2", "categories": "Lamps",
		"low_stock_threshold": "8",
	}
	header := append(columns.Required, columns.Optional...)
	var line []string
	for _, column := range header {
		if cells[column] == "" {
			t.Fatalf("give the cells of this test a %s", column)
		}
		line = append(line, cells[column])
	}
	r, err := NewReader(strings.NewReader(strings.Join(header, ",")+"\n"+strings.Join(line, ",")+"\n"), pounds)
	if err != nil {
		t.Fatal(err)
	}
	item, err := r.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := item.applyTo(product.Product{})
	if missing := unset.Members(got, "ID", "Stock", "Version", "CreatedAt", "UpdatedAt"); len(missing) > 0 {
		t.Errorf("applyTo does not set %v", missing)
	}
}

// TestColumnsAreDocumented: README, the page on imports and the tool's help name each column of a catalogue, where they
// list the columns.
func TestColumnsAreDocumented(t *testing.T) {
	const root = "../../../../"
	for _, file := range []string{"README.md", "docs/import.md", "cmd/shop/import.go"} {
		text, err := os.ReadFile(root + file)
		if err != nil {
			t.Fatal(err)
		}
		const first, most = "product_id,name,", 400 // the list begins with these columns, and is not longer
		_, list, found := strings.Cut(string(text), first)
		if !found {
			t.Fatalf("%s lists no columns", file)
		}
		list = first + list[:min(most, len(list))]
		for _, column := range append(columns.Required, columns.Optional...) {
			if !regexp.MustCompile(`\b` + column + `\b`).MatchString(list) {
				t.Errorf("%s does not list %s", file, column)
			}
		}
	}
}
