package apiclient

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"shop/internal/money"
	"shop/internal/product"
	"shop/test/contract"
	"shop/test/unset"
)

// everyMember is a product with every member that tools look at.
func everyMember(t *testing.T) product.Product {
	t.Helper()
	var p productJSON
	if err := json.Unmarshal([]byte(`{
		"product_id":"lamp","name":"Lamp","description":"Warm","price":{"amount":1,"currency":"GBP"},
		"image_url":"/images/lamp.svg","active":true,"max_per_order":2,"categories":["Lamps"],"stock":3,"version":1,
		"low_stock_threshold":8
	}`), &p); err != nil {
		t.Fatal(err)
	}
	if missing := unset.Members(p.product(), "CreatedAt", "UpdatedAt"); len(missing) > 0 {
		t.Fatalf("give everyMember %v, and read them in productJSON and product", missing)
	}
	return p.product()
}

// TestWritesEveryMember: a new product, and a change, can be given each member that the contract lets an admin save.
func TestWritesEveryMember(t *testing.T) {
	two := int64(2)
	d := product.Draft{
		Name: "Lamp", Description: "Warm", Price: money.Money{Amount: 1, Currency: "GBP"}, ImageURL: "/images/lamp.svg",
		Active: true, MaxPerOrder: &two, Categories: []string{"Lamps"}, Stock: &two,
		LowStockThreshold: &two,
	}
	if missing := unset.Members(d, "ID", "CompareVersion"); len(missing) > 0 {
		t.Fatalf("give the draft of this test %v", missing)
	}
	created, err := json.Marshal(draftOf(d))
	var body members
	if err != nil || json.Unmarshal(created, &body) != nil {
		t.Fatal(created, err)
	}
	wantMembers(t, "a new product", body, "compare_version")
	wantMembers(t, "a change", members{}.changed(product.Product{}, everyMember(t)), "stock")
}

// wantMembers wants the members of the contract's SaveProduct, but one.
func wantMembers(t *testing.T, of string, body members, but string) {
	t.Helper()
	c, err := contract.Load("../../../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want, err := c.Members("SaveProduct")
	if err != nil {
		t.Fatal(err)
	}
	want = slices.DeleteFunc(want, func(name string) bool { return name == but })
	if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, want) {
		t.Errorf("%s has the members %q, want %q", of, got, want)
	}
}
