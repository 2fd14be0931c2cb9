package product

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/user"
	"shop/internal/validation"
)

var (
	admin   = user.Caller{UserID: "usr_admin", Email: "admin@example.com", Role: user.RoleAdmin}
	opened  = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
	errDown = errors.New("the store is down")
)

// warehouse is a store of products with the conditions of the real one: only admin is an admin, a product is created
// once, updated one version on and moved from the stock it has. Each call is noted.
type warehouse struct {
	products  map[string]Product
	movements []Movement
	calls     []string
	// meanwhile is what others do just before a write; it gets the number of the write.
	meanwhile func(w *warehouse, write int)
	writes    int
	fails     map[string]error // by the name of the call
	seconds   int
	ids       int
}

func newWarehouse(products ...Product) *warehouse {
	w := &warehouse{products: map[string]Product{}, fails: map[string]error{}, meanwhile: func(*warehouse, int) {}}
	for _, p := range products {
		w.products[p.ID] = p
	}
	return w
}

func (w *warehouse) Read(_ context.Context, id string) (Product, error) {
	w.calls = append(w.calls, "read")
	if err := w.fails["read"]; err != nil {
		return Product{}, err
	}
	p, ok := w.products[id]
	if !ok {
		return Product{}, ErrNotFound
	}
	return p, nil
}

func (w *warehouse) Create(_ context.Context, p Product, first *Movement) error {
	if err := w.write("create"); err != nil {
		return err
	}
	if _, exists := w.products[p.ID]; exists {
		return ErrContended
	}
	w.products[p.ID] = p
	if first != nil {
		w.movements = append(w.movements, *first)
	}
	return nil
}

func (w *warehouse) Update(_ context.Context, p Product) error {
	if err := w.write("update"); err != nil {
		return err
	}
	stored, exists := w.products[p.ID]
	if !exists || stored.Version != p.Version-1 {
		return ErrContended
	}
	p.Stock = stored.Stock
	w.products[p.ID] = p
	return nil
}

func (w *warehouse) Move(_ context.Context, m Movement) (Movement, error) {
	if err := w.write("move"); err != nil {
		return Movement{}, err
	}
	p, exists := w.products[m.ProductID]
	if !exists {
		return Movement{}, ErrNotFound
	}
	for _, recorded := range w.movements {
		if recorded.ID == m.ID && (m.Keyed || recorded.MovedAt.Equal(m.MovedAt)) {
			return recorded, nil
		}
	}
	if p.Stock != m.Before {
		return Movement{}, &StockChangedError{Quantity: p.Stock}
	}
	p.Stock, p.UpdatedAt = m.After, m.MovedAt
	w.products[m.ProductID] = p
	w.movements = append(w.movements, m)
	return m, nil
}

func (w *warehouse) Adjust(ctx context.Context, m Movement, threshold int64) (Movement, error) {
	if p, exists := w.products[m.ProductID]; exists && p.LowStockThreshold != threshold {
		return Movement{}, fmt.Errorf("the threshold is %d, not %d", p.LowStockThreshold, threshold)
	}
	recorded, err := w.Move(ctx, m)
	var changed *StockChangedError
	if !errors.As(err, &changed) {
		return recorded, err
	}
	if after := changed.Quantity + m.Delta(); after >= 0 && after <= MaxStock {
		recorded = m.Relative()
		w.sell(m.ProductID, -m.Delta())
		w.movements = append(w.movements, recorded)
		return recorded, nil
	}
	return recorded, err
}

func (w *warehouse) Recorded(_ context.Context, productID, id string) (Movement, error) {
	w.calls = append(w.calls, "recorded")
	for _, m := range w.movements {
		if m.ProductID == productID && m.ID == id && m.Keyed {
			return m, w.fails["recorded"]
		}
	}
	if err := w.fails["recorded"]; err != nil {
		return Movement{}, err
	}
	return Movement{}, ErrNotFound
}

func (w *warehouse) write(call string) error {
	w.calls = append(w.calls, call)
	w.writes++
	w.meanwhile(w, w.writes)
	return w.fails[call]
}

// sell takes units as a checkout does: no movement, no new time.
func (w *warehouse) sell(id string, units int64) {
	p := w.products[id]
	p.Stock -= units
	w.products[id] = p
}

// now is a second later at each look.
func (w *warehouse) now() time.Time { w.seconds++; return at(w.seconds) }

func (w *warehouse) newID() string { w.ids++; return fmt.Sprint("movement ", w.ids) }

// at is the time at the nth look at the clock.
func at(n int) time.Time { return opened.Add(time.Duration(n) * time.Second) }

// wantFields checks that err tells of exactly these fields.
func wantFields(t *testing.T, err error, want ...string) {
	t.Helper()
	var problems validation.Errors
	if !errors.As(err, &problems) {
		t.Fatalf("got error %v, want validation.Errors", err)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Field)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got problems with %v, want %v", got, want)
	}
}

func wantCalls(t *testing.T, w *warehouse, want ...string) {
	t.Helper()
	if !slices.Equal(w.calls, want) {
		t.Errorf("got the calls %q, want %q", w.calls, want)
	}
}
