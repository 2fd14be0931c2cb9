package product

import "testing"

func TestStockStatus(t *testing.T) {
	for _, c := range []struct {
		stock, threshold int64
		want             StockStatus
	}{
		{-1, 5, "out_of_stock"}, {0, 5, "out_of_stock"}, {1, 5, "low_stock"}, {5, 5, "low_stock"}, {6, 5, "in_stock"},
		{MaxStock, 5, "in_stock"}, {0, 0, "out_of_stock"}, {1, 0, "in_stock"}, {1, 1, "low_stock"}, {2, 1, "in_stock"},
		{MaxLowStockThreshold, MaxLowStockThreshold, "low_stock"},
		{MaxLowStockThreshold + 1, MaxLowStockThreshold, "in_stock"},
	} {
		p := Product{Stock: c.stock, LowStockThreshold: c.threshold, Active: true}
		if got := p.StockStatus(); got != c.want {
			t.Errorf("%d units, of which %d are low: got %s, want %s", c.stock, c.threshold, got, c.want)
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
