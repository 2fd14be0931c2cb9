package storeapi

import (
	"errors"
	"reflect"
	"testing"

	"shop/internal/validation"
)

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
