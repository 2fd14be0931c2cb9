package catalogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"shop/internal/product"
	"shop/internal/validation"
)

// Store is where goods are imported to.
type Store interface {
	// Products returns every product, without descriptions.
	Products(ctx context.Context) ([]product.Product, error)
	// Create makes a new product. It returns validation.Errors for a draft that the store refuses, also when the
	// product exists by now: in the field "stock" for a draft with a stock.
	Create(ctx context.Context, d product.Draft) error
	// Change makes a product what edit makes of it as it stands now, and reports whether it had to be saved. What edit
	// leaves as it is stays so, whatever else the store has of the product. It returns product.ErrNotFound and
	// validation.Errors.
	Change(ctx context.Context, id string, edit func(now product.Product) product.Product) (saved bool, err error)
}

// Summary counts what an import did.
type Summary struct {
	Imported  int // products that were new
	Updated   int // products of which the file gave something else
	Unchanged int // products that were as the file has them, and were left alone
	Refused   map[Reason]int
}

// Taken returns how many products the store has now as the file has them.
func (s Summary) Taken() int { return s.Imported + s.Updated + s.Unchanged }

// RefusedTotal returns how many lines and products were refused, for whatever reason.
func (s Summary) RefusedTotal() int {
	total := 0
	for _, n := range s.Refused {
		total += n
	}
	return total
}

// Importer brings a store to what a file says: new products are created with their stock, others get the file's name
// and price and what else it gives, and equal ones are not written. Stock of a product that exists, and what the file
// does not give, are never touched. An import that was cut short is therefore finished by running it again.
type Importer struct {
	Store       Store
	Pictures    *Pictures            // of the products; nil for none
	Concurrency int                  // products in the works at once, at least 1
	Refused     func(*Refusal) error // is told of every refusal, one at a time; its error ends the import
	Progress    func(part float64)   // is told, one call at a time, how much of the source was handed out; may be nil
}

// Import imports all of source. When it is cut short, by ctx or by an error that concerns more than one
// line, the summary tells what was done until then.
func (i *Importer) Import(ctx context.Context, source Source) (Summary, error) {
	known, err := i.list(ctx)
	if err != nil {
		return Summary{}, err
	}
	run := &run{Importer: i, known: known, summary: Summary{Refused: map[Reason]int{}}}
	err = run.all(ctx, source)
	return run.summary, err
}

// list returns the ids of the store's products.
func (i *Importer) list(ctx context.Context) (map[string]bool, error) {
	products, err := i.Store.Products(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the store's products: %w", err)
	}
	known := make(map[string]bool, len(products))
	for _, p := range products {
		known[p.ID] = true
	}
	return known, nil
}

// run is one import under way.
type run struct {
	*Importer
	known map[string]bool // ids of the store's products

	mu      sync.Mutex
	summary Summary
}

// all hands the source's items to workers. The workers end when the source does, or at the first error.
func (r *run) all(ctx context.Context, source Source) error {
	group, ctx := errgroup.WithContext(ctx)
	items := make(chan Item)
	group.Go(func() error {
		defer close(items)
		return r.feed(ctx, source, items)
	})
	for range r.Concurrency {
		group.Go(func() error { return r.work(ctx, items) })
	}
	return group.Wait()
}

func (r *run) feed(ctx context.Context, source Source, items chan<- Item) error {
	for {
		item, err := source.Next(ctx)
		r.tell(source.Progress())
		var refusal *Refusal
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &refusal):
			err = r.refuse(refusal)
		case err == nil:
			err = give(ctx, items, item)
		}
		if err != nil {
			return err
		}
	}
}

func give(ctx context.Context, items chan<- Item, item Item) error {
	select {
	case items <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *run) work(ctx context.Context, items <-chan Item) error {
	for item := range items {
		err := r.importItem(ctx, item)
		var invalid validation.Errors
		var refusal *Refusal
		switch {
		case errors.As(err, &invalid):
			err = r.refuse(item.refuse(RefusedThere, invalid.Describe()))
		case errors.As(err, &refusal):
			err = r.refuse(refusal)
		}
		if err != nil {
			return fmt.Errorf("importing %s of line %d: %w", item.Draft.ID, item.Line, err)
		}
	}
	return nil
}

// importItem makes the store's product what the item says. Its picture is uploaded before the product is saved.
func (r *run) importItem(ctx context.Context, item Item) (err error) {
	if r.Pictures != nil {
		if item, err = r.Pictures.give(ctx, item); err != nil {
			return err
		}
	}
	if r.known[item.Draft.ID] {
		return r.change(ctx, item, &r.summary.Unchanged)
	}
	return r.create(ctx, item)
}

// create saves a new product. If it exists by now, that was most likely our own save whose answer
// was lost: then it is equal and counts as imported.
func (r *run) create(ctx context.Context, item Item) error {
	err := r.Store.Create(ctx, item.Draft)
	if existsByNow(err) {
		return r.change(ctx, item, &r.summary.Imported)
	}
	if err != nil {
		return fmt.Errorf("saving a new product: %w", err)
	}
	r.count(&r.summary.Imported)
	return nil
}

func existsByNow(err error) bool {
	var invalid validation.Errors
	ofStock := func(p validation.Problem) bool { return p.Field == "stock" }
	return errors.As(err, &invalid) && slices.ContainsFunc(invalid, ofStock)
}

// change changes what the item gives and the product has otherwise. If it has all of it, equal is counted up.
func (r *run) change(ctx context.Context, item Item, equal *int) error {
	saved, err := r.Store.Change(ctx, item.Draft.ID, item.applyTo)
	switch {
	case err != nil:
		return fmt.Errorf("changing a product: %w", err)
	case saved:
		r.count(&r.summary.Updated)
	default:
		r.count(equal)
	}
	return nil
}

func (r *run) count(n *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n++
}

func (r *run) refuse(refusal *Refusal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.summary.Refused[refusal.Reason]++
	return r.Refused(refusal)
}

func (r *run) tell(part float64) {
	if r.Progress != nil {
		r.Progress(part)
	}
}
