package dynamostore

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"shop/internal/page"
	"shop/internal/product"
	"shop/test/awsfault"
)

// TestKeyedMovement: one movement of an id, whatever the stock is and whenever it is asked for; the list of movements
// has it once.
func TestKeyedMovement(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	m := product.Movement{
		ID: "k", ProductID: "lamp", Before: 5, After: 8, Reason: "r", By: "usr_admin", MovedAt: opened, Keyed: true,
	}
	if _, err := s.inventory().Recorded(t.Context(), "lamp", "k"); !errors.Is(err, product.ErrNotFound) {
		t.Errorf("before: got %v, want ErrNotFound", err)
	}
	s.faults.On("TransactWriteItems", awsfault.Times(3, awsfault.Lost)...)
	s.move(s.inventory(), m)
	later := m
	later.Before, later.After, later.MovedAt = 8, 11, opened.Add(time.Hour)
	for _, again := range []product.Movement{later, m} {
		if got, err := s.inventory().Move(t.Context(), again); err != nil || got != m {
			t.Errorf("again: got %+v and error %v, want %+v", got, err, m)
		}
	}
	if got, err := s.inventory().Recorded(t.Context(), "lamp", "k"); err != nil || got != m {
		t.Errorf("got %+v and error %v, want %+v", got, err, m)
	}
	other := product.Movement{
		ID: "n", ProductID: "lamp", Before: 8, After: 7, Reason: "r", By: "usr_admin",
		MovedAt: opened.Add(2 * time.Hour),
	}
	s.move(s.inventory(), other)
	var seen []string
	for r := (page.Request{Limit: 1}); ; {
		moves, err := s.inventory().Changes(t.Context(), s.admin, "lamp", r)
		s.must(err)
		for _, m := range moves.Items {
			seen = append(seen, m.ID)
		}
		if r.Cursor = moves.NextCursor; r.Cursor == "" {
			break
		}
	}
	if want := []string{"n", "k"}; !slices.Equal(seen, want) || s.left("lamp") != 7 {
		t.Errorf("got the movements %q and %d units, want %q and 7", seen, s.left("lamp"), want)
	}
}

// TestKeyedMovementsAtOnce: of many with one id, one is made.
func TestKeyedMovementsAtOnce(t *testing.T) {
	s := open(t)
	s.addProduct("lamp", 1, 5)
	inventory := product.Inventory{Products: s.inventory(), NewID: func() string { return "unused" }, Now: time.Now}
	adjustment := product.Adjustment{ProductID: "lamp", Delta: 3, Reason: "r", Key: "k"}
	answers := make(chan error, 8)
	for range cap(answers) {
		go func() {
			got, err := inventory.Adjust(t.Context(), s.admin, adjustment)
			if err == nil && got.Quantity != 8 {
				err = fmt.Errorf("got %+v, want 8 units", got)
			}
			answers <- err
		}()
	}
	for range cap(answers) {
		if err := <-answers; err != nil && !temporary(err) {
			t.Error(err)
		}
	}
	if left := s.left("lamp"); left != 8 {
		t.Errorf("stock: got %d, want 8", left)
	}
}

// TestPickIsAsListed: a product of a basket has what it has in a list, and no more.
func TestPickIsAsListed(t *testing.T) {
	s := open(t)
	p := wholeProduct(t)
	s.must(s.saver().Create(t.Context(), p, nil))
	picked, err := s.catalogue().Pick(t.Context(), []string{p.ID})
	s.must(err)
	listed, err := s.catalogue().Browse(t.Context(), product.Selection{}, page.Request{Limit: 1})
	s.must(err)
	if !slices.Equal(picked, listed.Items) || len(picked) != 1 || picked[0].Description != "" {
		t.Errorf("picked %+v, listed %+v", picked, listed.Items)
	}
}

// TestPick: the active products of a basket in its order, of 98 as of one; what is not there is left out.
func TestPick(t *testing.T) {
	s := open(t)
	var ids []string
	for i := range 98 {
		id := fmt.Sprintf("p%02d", 97-i)
		s.addProduct(id, int64(i), 5)
		ids = append(ids, id)
	}
	hidden, err := s.inventory().Read(t.Context(), "p05")
	s.must(err)
	hidden.Active, hidden.Version = false, hidden.Version+1
	s.must(s.saver().Update(t.Context(), hidden))
	for _, asked := range [][]string{nil, {"p03"}, {"ghost"}, {"p05", "p04", "ghost", "p03"}, ids} {
		want := slices.DeleteFunc(slices.Clone(asked), func(id string) bool { return id == "p05" || id == "ghost" })
		got, err := s.catalogue().Pick(t.Context(), asked)
		s.must(err)
		var picked []string
		for _, p := range got {
			if picked = append(picked, p.ID); p.Description != "" || p.Stock != 5 || !p.Active {
				t.Errorf("picked %+v", p)
			}
		}
		if !slices.Equal(picked, want) {
			t.Errorf("%q: picked %q, want %q", asked, picked, want)
		}
	}
}
