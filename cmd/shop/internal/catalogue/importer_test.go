package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shop/internal/money"
	"shop/internal/product"
	"shop/internal/validation"
)

// fakeStore keeps products as the contract says: lists have no description, a save counts the version
// up, and a stock is refused once the product exists.
type fakeStore struct {
	mu       sync.Mutex
	products map[string]product.Product
	saves    []string
	save     func(id string) error // is asked before a save, when not nil
}

func newFakeStore(products ...product.Product) *fakeStore {
	s := &fakeStore{products: map[string]product.Product{}}
	for _, p := range products {
		s.products[p.ID] = p
	}
	return s
}

func (s *fakeStore) Products(context.Context) ([]product.Product, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []product.Product
	for _, p := range s.products {
		p.Description = ""
		all = append(all, p)
	}
	return all, nil
}

func (s *fakeStore) Create(_ context.Context, d product.Draft) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ask(d.ID); err != nil {
		return err
	}
	p, exists := s.products[d.ID]
	if exists && d.Stock != nil {
		return validation.Errors{{Field: "stock", Message: "only when the product is new"}}
	}
	p.ID = d.ID
	if d.Stock != nil {
		p.Stock = *d.Stock
	}
	s.store(d.ApplyTo(p, time.Time{}))
	return nil
}

func (s *fakeStore) Change(_ context.Context, id string, edit func(product.Product) product.Product) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ok := s.products[id]
	if !ok {
		return false, product.ErrNotFound
	}
	wanted := edit(now)
	if wanted == now {
		return false, nil
	}
	if err := s.ask(id); err != nil {
		return false, err
	}
	if wanted.MaxPerOrder == product.MaxPerOrder {
		wanted.MaxPerOrder = 0
	}
	wanted.Version++
	s.store(wanted)
	return true, nil
}

func (s *fakeStore) ask(id string) error {
	if s.save == nil {
		return nil
	}
	return s.save(id)
}

func (s *fakeStore) store(p product.Product) {
	s.products[p.ID] = p
	s.saves = append(s.saves, p.ID)
}

const goodsFile = "lamp,Lamp,Warm,64,GBP,12\nmug,Mug,Blue,7.5,GBP,3\npen,Pen,Red,1,GBP,9\nbad,,,1,GBP,1\n"

func storedLamp() product.Product {
	return product.Product{
		ID: "lamp", Name: "Lamp", Description: "Warm", Price: money.Money{Amount: 6400, Currency: "GBP"}, Active: true,
		Stock: 12, Version: 1,
	}
}

// importText imports a catalogue file and returns the summary and the refusals.
func importText(t *testing.T, s Store, text string) (Summary, []*Refusal, error) {
	t.Helper()
	var refused []*Refusal
	i := &Importer{Store: s, Concurrency: 3, Refused: func(r *Refusal) error {
		refused = append(refused, r)
		return nil
	}}
	summary, err := i.Import(context.Background(), catalogueReader(t, text, pounds))
	return summary, refused, err
}

func counts(s Summary) string {
	return fmt.Sprintf("%d imported, %d updated, %d unchanged, %d refused",
		s.Imported, s.Updated, s.Unchanged, s.RefusedTotal())
}

func wantCounts(t *testing.T, got Summary, err error, want string) {
	t.Helper()
	if err != nil || counts(got) != want {
		t.Errorf("got %s, %v, want %s", counts(got), err, want)
	}
}

func TestImport(t *testing.T) {
	s := newFakeStore()
	summary, refused, err := importText(t, s, goodsFile)
	wantCounts(t, summary, err, "3 imported, 0 updated, 0 unchanged, 1 refused")
	if got := s.products["lamp"]; got != storedLamp() {
		t.Errorf("got %+v, want %+v", got, storedLamp())
	}
	if len(refused) != 1 || refused[0].Line != 5 || !maps.Equal(summary.Refused, map[Reason]int{Invalid: 1}) {
		t.Errorf("refused %v, %v, want line 5", refused, summary.Refused)
	}
}

// TestImportTwice changes nothing: no product is written, no version rises.
func TestImportTwice(t *testing.T) {
	s := newFakeStore()
	if _, _, err := importText(t, s, goodsFile); err != nil {
		t.Fatal(err)
	}
	before := maps.Clone(s.products)
	s.saves = nil
	summary, _, err := importText(t, s, goodsFile)
	wantCounts(t, summary, err, "0 imported, 0 updated, 3 unchanged, 1 refused")
	if !maps.Equal(s.products, before) || len(s.saves) > 0 {
		t.Errorf("saved %v, want nothing", s.saves)
	}
}

func TestImportUpdates(t *testing.T) {
	for name, change := range map[string]func(*product.Product){
		"name":        func(p *product.Product) { p.Name = "Old lamp" },
		"price":       func(p *product.Product) { p.Price.Amount = 1 },
		"description": func(p *product.Product) { p.Description = "Old" },
	} {
		t.Run(name, func(t *testing.T) {
			old := storedLamp()
			old.Stock, old.Active, old.ImageURL = 4, false, "https://example.com/lamp.png"
			want := old
			want.Version = 2
			change(&old)
			s := newFakeStore(old)
			summary, _, err := importText(t, s, goodsFile)
			wantCounts(t, summary, err, "2 imported, 1 updated, 0 unchanged, 1 refused")
			if got := s.products["lamp"]; got != want {
				t.Errorf("got  %+v\nwant %+v: stock, picture and activity as they were", got, want)
			}
		})
	}
}

// TestImportChangesWhatIsGiven: optional columns change a product where a cell is not empty, and nothing else does.
func TestImportChangesWhatIsGiven(t *testing.T) {
	const url, other = "https://img.example/old.jpg", "https://img.example/new.jpg"
	for name, c := range map[string]struct {
		header, line, image string
		active              bool
		limit               int64
		threshold           int64
		want                string
	}{
		"no such columns": {"", "", url, false, 7, 3, "0 imported, 0 updated, 1 unchanged, 0 refused"},
		"empty cells": {
			",image_url,active,max_per_order", ",,,", url, false, 7, 3, "0 imported, 0 updated, 1 unchanged, 0 refused",
		},
		"equal cells": {
			",image_url,active,max_per_order", "," + url + ",no,7", url, false, 7, 3,
			"0 imported, 0 updated, 1 unchanged, 0 refused",
		},
		"another image": {
			",image_url", "," + other, other, false, 7, 3, "0 imported, 1 updated, 0 unchanged, 0 refused",
		},
		"another limit": {",max_per_order", ",2", url, false, 2, 3, "0 imported, 1 updated, 0 unchanged, 0 refused"},
		"no limit": {
			",max_per_order", ",10000", url, false, 0, 3, "0 imported, 1 updated, 0 unchanged, 0 refused",
		},
		"activated": {",active", ",true", url, true, 7, 3, "0 imported, 1 updated, 0 unchanged, 0 refused"},
		"another threshold": {
			",low_stock_threshold", ",0", url, false, 7, 0, "0 imported, 1 updated, 0 unchanged, 0 refused",
		},
		"the same threshold": {
			",low_stock_threshold", ",3", url, false, 7, 3, "0 imported, 0 updated, 1 unchanged, 0 refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			old := storedLamp()
			old.ImageURL, old.Active, old.MaxPerOrder, old.LowStockThreshold = url, false, 7, 3
			old.Categories = product.Categories{"Lamps"}
			s := newFakeStore(old)
			r, err := NewReader(strings.NewReader("product_id,name,description,price,currency,stock"+c.header+
				"\nlamp,Lamp,Warm,64,GBP,99"+c.line+"\n"), pounds)
			if err != nil {
				t.Fatal(err)
			}
			i := &Importer{Store: s, Concurrency: 1, Refused: func(*Refusal) error { return nil }}
			summary, err := i.Import(t.Context(), r)
			wantCounts(t, summary, err, c.want)
			if got := s.products["lamp"].Categories; got != old.Categories {
				t.Errorf("got the categories %q, want %q", got, old.Categories)
			}
			if got := s.products["lamp"]; got.ImageURL != c.image || got.Active != c.active ||
				got.MaxPerOrder != c.limit || got.LowStockThreshold != c.threshold || got.Stock != old.Stock {
				t.Errorf("got %+v, want image %s, active %t and %d an order", got, c.image, c.active, c.limit)
			}
		})
	}
}

// TestImportCreatedMeanwhile: a product that exists though it was not listed is our own, when it is
// equal: the answer to its save was lost. Otherwise it is somebody else's, and changed.
func TestImportCreatedMeanwhile(t *testing.T) {
	other := storedLamp()
	other.Description = "Cold"
	for name, c := range map[string]struct {
		appears product.Product
		want    string
		version int64
	}{
		"our own":        {storedLamp(), "3 imported, 0 updated, 0 unchanged, 1 refused", 1},
		"somebody's own": {other, "2 imported, 1 updated, 0 unchanged, 1 refused", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFakeStore()
			s.save = func(id string) error {
				if _, exists := s.products["lamp"]; id == "lamp" && !exists {
					s.products["lamp"] = c.appears
				}
				return nil
			}
			summary, _, err := importText(t, s, goodsFile)
			wantCounts(t, summary, err, c.want)
			if got := s.products["lamp"]; got.Version != c.version || got.Description != "Warm" {
				t.Errorf("got %+v, want version %d", got, c.version)
			}
		})
	}
}

func TestImportRefusedByTheStore(t *testing.T) {
	s := newFakeStore()
	s.save = func(id string) error {
		if id != "mug" {
			return nil
		}
		return fmt.Errorf("saving: %w", validation.Errors{{Field: "name", Message: "is not funny"}})
	}
	summary, refused, err := importText(t, s, goodsFile)
	wantCounts(t, summary, err, "2 imported, 0 updated, 0 unchanged, 2 refused")
	if summary.Refused[RefusedThere] != 1 || !slices.ContainsFunc(refused, func(r *Refusal) bool {
		return r.Line == 3 && r.ProductID == "mug" && strings.Contains(r.Detail, "is not funny") &&
			r.Text == "mug,Mug,Blue,7.5,GBP,3"
	}) {
		t.Errorf("refused %v, want line 3 by the store", refused)
	}
}

// TestImportGoesOn: an import that was cut short is finished by the next, which writes only the rest.
func TestImportGoesOn(t *testing.T) {
	broken := errors.New("the cable is cut")
	s := newFakeStore()
	s.save = func(string) error {
		if len(s.saves) == 2 {
			return broken
		}
		return nil
	}
	summary, _, err := importText(t, s, goodsFile)
	if !errors.Is(err, broken) || summary.Imported != 2 {
		t.Fatalf("got %s, %v, want 2 imported and the error", counts(summary), err)
	}
	s.save, s.saves = nil, nil
	summary, _, err = importText(t, s, goodsFile)
	wantCounts(t, summary, err, "1 imported, 0 updated, 2 unchanged, 1 refused")
	if len(s.saves) != 1 {
		t.Errorf("saved %v, want only what was missing", s.saves)
	}
}

func TestImportInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := newFakeStore()
	s.save = func(string) error {
		cancel()
		return nil
	}
	i := &Importer{Store: s, Concurrency: 1, Refused: func(*Refusal) error { return nil }}
	summary, err := i.Import(ctx, catalogueReader(t, goodsFile, pounds))
	if !errors.Is(err, context.Canceled) || summary.Imported == 0 || summary.Imported == 3 {
		t.Errorf("got %s, %v, want a part and context.Canceled", counts(summary), err)
	}
}

func TestImportEndsWhenRefusalsCannotBeKept(t *testing.T) {
	full := errors.New("disk full")
	i := &Importer{Store: newFakeStore(), Concurrency: 2, Refused: func(*Refusal) error { return full }}
	if _, err := i.Import(context.Background(), catalogueReader(t, goodsFile, pounds)); !errors.Is(err, full) {
		t.Errorf("got %v, want the error of keeping a refusal", err)
	}
}

type brokenSource struct{ *Reader }

var errSource = errors.New("the disk is gone")

func (b brokenSource) Next(ctx context.Context) (Item, error) {
	item, err := b.Reader.Next(ctx)
	if err == io.EOF {
		err = errSource
	}
	return item, err
}

func TestImportEndsWhenReadingFails(t *testing.T) {
	i := &Importer{Store: newFakeStore(), Concurrency: 2, Refused: func(*Refusal) error { return nil }}
	_, err := i.Import(context.Background(), brokenSource{catalogueReader(t, goodsFile, pounds)})
	if !errors.Is(err, errSource) {
		t.Errorf("got %v, want the source's error", err)
	}
}

func TestImportProgress(t *testing.T) {
	var parts []float64
	i := &Importer{Store: newFakeStore(), Concurrency: 2, Refused: func(*Refusal) error { return nil },
		Progress: func(part float64) { parts = append(parts, part) }}
	if _, err := i.Import(context.Background(), catalogueReader(t, goodsFile, pounds)); err != nil {
		t.Fatal(err)
	}
	if len(parts) != 5 || !slices.IsSorted(parts) || parts[4] != 1 {
		t.Errorf("progress %v, want it to rise to 1", parts)
	}
}
