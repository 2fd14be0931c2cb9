package product

import (
	"context"
	"errors"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shop/internal/user"
	"shop/internal/validation"
)

func (w *warehouse) inventory() *Inventory {
	return &Inventory{Products: w, NewID: w.newID, Now: w.now}
}

func (w *warehouse) set(quantity, seen int64) (Stock, error) {
	return w.inventory().Set(context.Background(), admin, "LAMP-1", quantity, seen, "stocktake")
}

func (w *warehouse) adjust(delta int64) (Stock, error) {
	return w.inventory().Adjust(context.Background(), admin,
		Adjustment{ProductID: "LAMP-1", Delta: delta, Reason: "damaged"})
}

// TestAdjustOnce: a repeat with the key is answered what was recorded, whatever the stock is by then, and another
// adjustment under it is refused. Another key, another product's and another admin's are none of it.
func TestAdjustOnce(t *testing.T) {
	other := savedLamp(9, opened)
	other.ID = "LAMP-2"
	w := newWarehouse(savedLamp(3, opened), other)
	a := Adjustment{ProductID: "LAMP-1", Delta: -3, Reason: "damaged", Key: "k"}
	first, err := w.inventory().Adjust(t.Context(), admin, a)
	if want := (Stock{ProductID: "LAMP-1", UpdatedAt: at(1)}); err != nil || first != want {
		t.Fatalf("got %+v and error %v, want %+v", first, err, want)
	}
	again, err := w.inventory().Adjust(t.Context(), admin, a) // there is nothing left to take
	if first.Repeated = true; err != nil || again != first || len(w.movements) != 1 {
		t.Errorf("again: got %+v and error %v after %+v, want %+v", again, err, w.movements, first)
	}
	for _, another := range []Adjustment{
		{ProductID: "LAMP-1", Delta: -2, Reason: "damaged", Key: "k"},
		{ProductID: "LAMP-1", Delta: -3, Reason: "lost", Key: "k"},
	} {
		if _, err := w.inventory().Adjust(t.Context(), admin, another); !errors.Is(err, ErrKeyReused) {
			t.Errorf("%+v: got error %v, want %v", another, err, ErrKeyReused)
		}
	}
	ids := map[string]bool{}
	for _, apart := range []Adjustment{
		{ProductID: "LAMP-1", Delta: 1, Reason: "found", Key: "l"},
		{ProductID: "LAMP-2", Delta: -3, Reason: "damaged", Key: "k"},
	} {
		if got, err := w.inventory().Adjust(t.Context(), admin, apart); err != nil || got.Repeated {
			t.Errorf("%+v: got %+v and error %v", apart, got, err)
		}
	}
	for _, m := range w.movements {
		ids[m.ID] = true
	}
	ids[a.movementID(user.Caller{UserID: "usr_grace"})] = true
	if len(ids) != 4 {
		t.Errorf("got the ids %v, want four", ids)
	}
	for id := range ids {
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).
			MatchString(id) {
			t.Errorf("%s is no UUID of version 8", id)
		}
	}
}

// TestAdjustOnceAtOnce: a request with the key that was faster, after the look for it, is met by the write.
func TestAdjustOnceAtOnce(t *testing.T) {
	w := newWarehouse(savedLamp(40, opened))
	a := Adjustment{ProductID: "LAMP-1", Delta: -3, Reason: "damaged", Key: "k"}
	w.meanwhile = func(w *warehouse, write int) {
		if write == 1 {
			m := Movement{
				ID: a.movementID(admin), ProductID: "LAMP-1", Before: 40, After: 37, Reason: "damaged", By: "usr_admin",
				MovedAt: opened, Keyed: true,
			}
			w.sell("LAMP-1", 3)
			w.movements = append(w.movements, m)
		}
	}
	got, err := w.inventory().Adjust(t.Context(), admin, a)
	if want := (Stock{ProductID: "LAMP-1", Quantity: 37, UpdatedAt: opened, Repeated: true}); err != nil ||
		got != want || len(w.movements) != 1 {
		t.Errorf("got %+v and error %v after %+v, want %+v", got, err, w.movements, want)
	}
	w.fails["recorded"] = errDown
	if _, err := w.inventory().Adjust(t.Context(), admin, a); !errors.Is(err, errDown) {
		t.Errorf("got error %v, want %v", err, errDown)
	}
}

func TestSetStock(t *testing.T) {
	for _, c := range []struct{ before, after int64 }{{43, 40}, {0, 7}, {7, 0}, {7, 7}, {0, MaxStock}} {
		w := newWarehouse(savedLamp(c.before, opened))
		got, err := w.set(c.after, c.before)
		if want := (Stock{ProductID: "LAMP-1", Quantity: c.after, UpdatedAt: at(1)}); err != nil || got != want {
			t.Errorf("%d to %d: got %+v and error %v, want %+v", c.before, c.after, got, err, want)
		}
		want := []Movement{{
			ID: "movement 1", ProductID: "LAMP-1", Before: c.before, After: c.after, Reason: "stocktake",
			By: "usr_admin", MovedAt: at(1),
		}}
		if !slices.Equal(w.movements, want) || w.products["LAMP-1"].Stock != c.after {
			t.Errorf("%d to %d: got the stock %d by %+v, want %+v",
				c.before, c.after, w.products["LAMP-1"].Stock, w.movements, want)
		}
		wantCalls(t, w, "move")
	}
}

// TestSetStockIsNeverBlind: whoever saw another stock is told what it is, and it is left alone.
func TestSetStockIsNeverBlind(t *testing.T) {
	w := newWarehouse(savedLamp(43, opened))
	w.meanwhile = func(w *warehouse, _ int) { w.sell("LAMP-1", 2) }
	_, err := w.set(40, 43)
	var changed *StockChangedError
	if !errors.As(err, &changed) || changed.Quantity != 41 {
		t.Errorf("got error %v, want the stock 41", err)
	}
	if w.products["LAMP-1"].Stock != 41 || len(w.movements) != 0 || w.writes != 1 {
		t.Errorf("got %d units by %v in %d writes, want 41, none and 1",
			w.products["LAMP-1"].Stock, w.movements, w.writes)
	}
}

func TestSetStockChecks(t *testing.T) {
	for name, c := range map[string]struct {
		quantity, seen int64
		reason         string
		want           []string
	}{
		"quantity -1":         {-1, 0, "stocktake", []string{"quantity"}},
		"quantity too high":   {MaxStock + 1, 0, "stocktake", []string{"quantity"}},
		"compared with -1":    {0, -1, "stocktake", []string{"compare_quantity"}},
		"compared too high":   {0, MaxStock + 1, "stocktake", []string{"compare_quantity"}},
		"no reason":           {0, 0, "", []string{"reason"}},
		"blank reason":        {0, 0, " ", []string{"reason"}},
		"reason of 201":       {0, 0, strings.Repeat("ä", 201), []string{"reason"}},
		"reason of two lines": {0, 0, "a\nb", []string{"reason"}},
		"all at once":         {-1, math.MinInt64, "", []string{"quantity", "compare_quantity", "reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWarehouse(savedLamp(0, opened))
			_, err := w.inventory().Set(context.Background(), admin, "LAMP-1", c.quantity, c.seen, c.reason)
			wantFields(t, err, c.want...)
			wantCalls(t, w)
		})
	}
}

func TestAdjustStock(t *testing.T) {
	for _, c := range []struct{ before, delta, after int64 }{
		{43, -3, 40}, {0, 1, 1}, {3, -3, 0}, {0, MaxStock, MaxStock}, {MaxStock, -MaxStock, 0},
	} {
		w := newWarehouse(savedLamp(c.before, opened))
		got, err := w.adjust(c.delta)
		if want := (Stock{ProductID: "LAMP-1", Quantity: c.after, UpdatedAt: at(1)}); err != nil || got != want {
			t.Errorf("%d by %d: got %+v and error %v, want %+v", c.before, c.delta, got, err, want)
		}
		want := []Movement{{
			ID: "movement 1", ProductID: "LAMP-1", Before: c.before, After: c.after, Reason: "damaged", By: "usr_admin",
			MovedAt: at(1),
		}}
		if !slices.Equal(w.movements, want) || w.products["LAMP-1"].Stock != c.after {
			t.Errorf("%d by %d: got the stock %d by %+v, want %+v",
				c.before, c.delta, w.products["LAMP-1"].Stock, w.movements, want)
		}
		wantCalls(t, w, "read", "move")
	}
}

// TestAdjustStockMeetsSales: what is sold between the look and the write is no hindrance. What the stock was is not
// recorded then, the answer has what it is later, and a repeat with the key, too.
func TestAdjustStockMeetsSales(t *testing.T) {
	w := newWarehouse(savedLamp(43, opened))
	w.meanwhile = func(w *warehouse, _ int) { w.sell("LAMP-1", 1) }
	a := Adjustment{ProductID: "LAMP-1", Delta: -3, Reason: "damaged", Key: "k"}
	got, err := w.inventory().Adjust(t.Context(), admin, a)
	if want := (Stock{ProductID: "LAMP-1", Quantity: 39, UpdatedAt: at(1), Later: true}); err != nil || got != want {
		t.Errorf("got %+v and error %v, want %+v", got, err, want)
	}
	want := []Movement{{
		ID: a.movementID(admin), ProductID: "LAMP-1", Units: -3, Reason: "damaged", By: "usr_admin", MovedAt: at(1),
		Keyed: true,
	}}
	if !slices.Equal(w.movements, want) {
		t.Errorf("got the movements %+v, want %+v", w.movements, want)
	}
	wantCalls(t, w, "read", "recorded", "move", "read")
	w.sell("LAMP-1", 4)
	again, err := w.inventory().Adjust(t.Context(), admin, a)
	got.Quantity, got.Repeated = 35, true
	if err != nil || again != got || len(w.movements) != 1 {
		t.Errorf("again: got %+v and error %v after %+v, want %+v", again, err, w.movements, got)
	}
	w.meanwhile = func(w *warehouse, _ int) { w.sell("LAMP-1", 1); w.fails["read"] = errDown }
	if _, err := w.adjust(-3); !errors.Is(err, ErrUnsettled) {
		t.Errorf("made, and not read: got error %v, want %v", err, ErrUnsettled)
	}
}

func TestAdjustStockRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		stock, sold, delta int64
		err                error    // or
		fields             []string // of validation.Errors
	}{
		"one below zero":          {stock: 3, delta: -4, err: ErrInsufficientStock},
		"far below zero":          {stock: 0, delta: -MaxStock, err: ErrInsufficientStock},
		"below zero by a sale":    {stock: 3, sold: 1, delta: -3, err: ErrInsufficientStock},
		"one over the most":       {stock: 1, delta: MaxStock, fields: []string{"delta"}},
		"far over the most":       {stock: MaxStock, delta: MaxStock, fields: []string{"delta"}},
		"over the most by return": {stock: MaxStock - 1, sold: -1, delta: 1, fields: []string{"delta"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWarehouse(savedLamp(c.stock, opened))
			w.meanwhile = func(w *warehouse, _ int) { w.sell("LAMP-1", c.sold) }
			_, err := w.adjust(c.delta)
			if c.fields != nil {
				wantFields(t, err, c.fields...)
			} else if !errors.Is(err, c.err) {
				t.Errorf("got error %v, want %v", err, c.err)
			}
			if w.products["LAMP-1"].Stock != c.stock-c.sold || len(w.movements) != 0 {
				t.Errorf("got %d units by %v, want %d by none", w.products["LAMP-1"].Stock, w.movements, c.stock-c.sold)
			}
		})
	}
}

func TestAdjustStockChecks(t *testing.T) {
	for name, c := range map[string]struct {
		delta  int64
		reason string
		want   []string
	}{
		"delta 0":       {0, "damaged", []string{"delta"}},
		"too much":      {MaxStock + 1, "damaged", []string{"delta"}},
		"too little":    {-MaxStock - 1, "damaged", []string{"delta"}},
		"overflow":      {math.MaxInt64, "damaged", []string{"delta"}},
		"no reason":     {1, "", []string{"reason"}},
		"reason of 201": {1, strings.Repeat("ä", 201), []string{"reason"}},
		"all at once":   {0, "", []string{"delta", "reason"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWarehouse(savedLamp(5, opened))
			_, err := w.inventory().Adjust(context.Background(), admin,
				Adjustment{ProductID: "LAMP-1", Delta: c.delta, Reason: c.reason})
			wantFields(t, err, c.want...)
			wantCalls(t, w)
		})
	}
}

func TestStockOfAnUnknownProduct(t *testing.T) {
	w := newWarehouse()
	_, setErr := w.set(7, 0)
	_, adjustErr := w.adjust(7)
	for _, err := range []error{setErr, adjustErr} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("got error %v, want %v", err, ErrNotFound)
		}
	}
}

func TestStockFails(t *testing.T) {
	for _, fails := range []error{errDown, ErrContended} {
		w := newWarehouse(savedLamp(40, opened))
		w.fails["move"] = fails
		_, setErr := w.set(7, 40)
		_, adjustErr := w.adjust(7)
		if !errors.Is(setErr, fails) || !errors.Is(adjustErr, fails) || w.writes != 2 {
			t.Errorf("got errors %v and %v in %d writes, want %v in one each", setErr, adjustErr, w.writes, fails)
		}
	}
}

// TestStockLaws: whatever is sold between the look and the write, the stock is what it was, less the sales, plus what
// the movements say. So no change undoes a sale, and none that was refused left a movement.
func TestStockLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.Int64Range(0, 20).Draw(t, "stock")
		w := newWarehouse(savedLamp(first, opened))
		var sold, moved int64
		w.meanwhile = func(w *warehouse, _ int) {
			units := rapid.Int64Range(0, min(2, w.products["LAMP-1"].Stock)).Draw(t, "sale")
			w.sell("LAMP-1", units)
			sold += units
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				_, err := w.set(rapid.Int64Range(0, 20).Draw(t, "quantity"), rapid.Int64Range(0, 20).Draw(t, "seen"))
				var changed *StockChangedError
				if err != nil && !errors.As(err, &changed) {
					t.Fatal(err)
				}
			},
			"adjust": func(t *rapid.T) {
				_, err := w.adjust(rapid.Int64Range(-8, 8).Draw(t, "delta"))
				var invalid validation.Errors // of delta 0
				if err != nil && !errors.Is(err, ErrInsufficientStock) && !errors.Is(err, ErrContended) &&
					!errors.As(err, &invalid) {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				moved = 0
				for _, m := range w.movements {
					moved += m.Delta()
				}
				if stock := w.products["LAMP-1"].Stock; stock != first-sold+moved || stock < 0 {
					t.Fatalf("got %d units, want %d - %d + %d", stock, first, sold, moved)
				}
			},
		})
	})
}
