package template

import (
	"slices"
	"testing"

	"shop/internal/money"
)

// TestCurrencies: a store can be given every currency whose digits are known, and no other.
func TestCurrencies(t *testing.T) {
	var allowed []string
	values, _ := Need(t).Parameters["Currency"]["AllowedValues"].([]any)
	for _, value := range values {
		code, _ := value.(string)
		allowed = append(allowed, code)
	}
	if want := money.Codes(); !slices.Equal(allowed, want) {
		t.Errorf("the parameter Currency allows %v, want %v", allowed, want)
	}
}
