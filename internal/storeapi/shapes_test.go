package storeapi

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"shop/internal/money"
	"shop/internal/product"
	"shop/internal/validation"
	"shop/test/unset"
)

// TestProductIsWrittenWhole: nothing that a product has is missing in what admins see of it.
func TestProductIsWrittenWhole(t *testing.T) {
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	p := product.Product{
		ID: "lamp", Name: "Lamp", Description: "Warm", Price: money.Money{Amount: 1, Currency: "GBP"},
		ImageURL: "/images/lamp.svg", Active: true, Stock: 3, MaxPerOrder: 2, Categories: product.Categories{"Lamps"},
		LowStockThreshold: 8,
		Version:           1, CreatedAt: at, UpdatedAt: at,
	}
	if missing := unset.Members(p); len(missing) > 0 {
		t.Fatalf("give the product of this test %v", missing)
	}
	if missing := unset.Members(AdminProductOf(p)); len(missing) > 0 {
		t.Errorf("AdminProductOf does not write %v", missing)
	}
}

func TestRequiredMoney(t *testing.T) {
	amount, currency := int64(0), "GBP"
	if m, err := (&RequiredMoney{&amount, &currency}).Money("price"); err != nil || m.Amount != 0 ||
		m.Currency != "GBP" {
		t.Errorf("got %+v, %v", m, err)
	}
	for field, m := range map[string]*RequiredMoney{
		"price": nil, "price.amount": {nil, &currency}, "price.currency": {&amount, nil},
	} {
		_, err := m.Money("price")
		var got validation.Errors
		if !errors.As(err, &got) || !reflect.DeepEqual(got, validation.Errors{{Field: field, Message: "is required"}}) {
			t.Errorf("%+v: got %v, want %s", m, err, field)
		}
	}
}
