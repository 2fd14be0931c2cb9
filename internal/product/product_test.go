package product

import "testing"

func TestStockStatus(t *testing.T) {
	for stock, want := range map[int64]StockStatus{
		-1: "out_of_stock", 0: "out_of_stock", 1: "low_stock", 5: "low_stock", 6: "in_stock", MaxStock: "in_stock",
	} {
		if got := (Product{Stock: stock, Active: true}).StockStatus(); got != want {
			t.Errorf("%d units: got %s, want %s", stock, got, want)
		}
	}
}

func TestMovementDelta(t *testing.T) {
	for _, c := range []struct{ before, after, want int64 }{
		{40, 43, 3}, {43, 40, -3}, {7, 7, 0}, {0, MaxStock, MaxStock}, {MaxStock, 0, -MaxStock},
	} {
		if got := (Movement{Before: c.before, After: c.after}).Delta(); got != c.want {
			t.Errorf("%d to %d: got %d, want %d", c.before, c.after, got, c.want)
		}
	}
}

func TestStockChangedErrorTellsTheStock(t *testing.T) {
	if got, want := (&StockChangedError{Quantity: 41}).Error(), "stock changed to 41"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
