package apiclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"shop/internal/money"
	"shop/internal/product"
	"shop/internal/validation"
)

type moneyJSON struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// productJSON is an admin's product, as far as tools look at it.
type productJSON struct {
	ID                string    `json:"product_id"`
	Name              string    `json:"name"`
	Description       string    `json:"description"`
	Price             moneyJSON `json:"price"`
	ImageURL          string    `json:"image_url"`
	Active            bool      `json:"active"`
	MaxPerOrder       int64     `json:"max_per_order"`
	Categories        []string  `json:"categories"`
	LowStockThreshold *int64    `json:"low_stock_threshold"` // a store of an earlier version has none
	Stock             int64     `json:"stock"`
	Version           int64     `json:"version"`
}

func (p productJSON) product() product.Product {
	threshold := int64(product.DefaultLowStockThreshold)
	if p.LowStockThreshold != nil {
		threshold = *p.LowStockThreshold
	}
	return product.Product{
		ID: p.ID, Name: p.Name, Description: p.Description, Price: money.Money(p.Price),
		ImageURL: p.ImageURL, Active: p.Active, MaxPerOrder: p.MaxPerOrder,
		Categories: product.CategoriesOf(p.Categories), Stock: p.Stock, LowStockThreshold: threshold,
		Version: p.Version,
	}
}

// draftJSON is what makes a new product.
type draftJSON struct {
	Name              string    `json:"name"`
	Description       string    `json:"description"`
	Price             moneyJSON `json:"price"`
	ImageURL          string    `json:"image_url"`
	Active            bool      `json:"active"`
	MaxPerOrder       *int64    `json:"max_per_order,omitempty"`
	Categories        []string  `json:"categories,omitempty"`
	LowStockThreshold *int64    `json:"low_stock_threshold,omitempty"`
	Stock             *int64    `json:"stock,omitempty"`
}

func draftOf(d product.Draft) draftJSON {
	return draftJSON{
		Name: d.Name, Description: d.Description, Price: moneyJSON(d.Price), ImageURL: d.ImageURL, Active: d.Active,
		MaxPerOrder: d.MaxPerOrder, Categories: d.Categories, LowStockThreshold: d.LowStockThreshold, Stock: d.Stock,
	}
}

// Products returns every product of the store, without descriptions; the session must be an admin's,
// or the error is user.ErrNoRight. It reads 100 products a request.
func (s *Session) Products(ctx context.Context) ([]product.Product, error) {
	items, err := list[productJSON](ctx, s, "/admin/products")
	if err != nil {
		return nil, fmt.Errorf("listing products: %w", err)
	}
	products := make([]product.Product, len(items))
	for i, item := range items {
		products[i] = item.product()
	}
	return products, nil
}

// Product returns one product with its description, as it stands now. It returns product.ErrNotFound and
// user.ErrNoRight.
func (s *Session) Product(ctx context.Context, id string) (product.Product, error) {
	p, _, err := s.read(ctx, id)
	return p, err
}

// read returns a product, and all members of it that the store sent.
func (s *Session) read(ctx context.Context, id string) (product.Product, members, error) {
	a, err := s.send(ctx, request{method: http.MethodGet, path: productPath(id)})
	var said *Problem
	if errors.As(err, &said) && said.Code == "product_not_found" {
		return product.Product{}, nil, fmt.Errorf("%w: %s", product.ErrNotFound, id)
	}
	if err != nil {
		return product.Product{}, nil, err
	}
	var p productJSON
	var all members
	if err := errors.Join(a.decode(&p), a.decode(&all)); err != nil {
		return product.Product{}, nil, err
	}
	return p.product(), all, nil
}

// Create makes a new product. It returns validation.Errors for a draft that the store refuses, and user.ErrNoRight.
// One whose answer was lost is sent again: it is refused in the field "stock", if it has a stock, because by then the
// product exists.
func (s *Session) Create(ctx context.Context, d product.Draft) error {
	_, err := s.put(ctx, d.ID, draftOf(d))
	return err
}

// Change makes a product what edit makes of it as it stands now, and reports whether it had to be saved. Of what edit
// returns all counts that admins save, but the stock. Everything else is saved as it was read, members that this client
// does not know, too. Another admin's save in between is kept: edit is called again, with what is stored by then. It
// returns product.ErrNotFound, user.ErrNoRight, validation.Errors, and product.ErrContended after 10 attempts.
func (s *Session) Change(
	ctx context.Context, id string, edit func(now product.Product) product.Product,
) (saved bool, err error) {
	for range changeAttempts {
		now, all, err := s.read(ctx, id)
		if err != nil {
			return saved, err
		}
		wanted := edit(now)
		if wanted == now {
			return saved, nil
		}
		repeats, err := s.put(ctx, id, all.changed(now, wanted))
		var said *Problem
		if !errors.As(err, &said) || said.Code != "product_changed" {
			return err == nil, err
		}
		saved = saved || repeats > 0 // by this save, most likely, whose answer was lost
	}
	return saved, fmt.Errorf("changing product %s: %w", id, product.ErrContended)
}

const changeAttempts = 10

// members are those of a JSON object, by name, as they were read.
type members map[string]any

// readOnly are the members of an admin's product that a save may not have.
var readOnly = []string{"product_id", "stock_status", "stock", "version", "created_at", "updated_at"}

// changed returns the body of a save that turns now, whose members m are, into wanted.
func (m members) changed(now, wanted product.Product) members {
	body := maps.Clone(m)
	for _, name := range readOnly {
		delete(body, name)
	}
	body["compare_version"] = now.Version
	set(body, "name", now.Name, wanted.Name, wanted.Name)
	set(body, "description", now.Description, wanted.Description, wanted.Description)
	set(body, "price", now.Price, wanted.Price, moneyJSON(wanted.Price))
	set(body, "image_url", now.ImageURL, wanted.ImageURL, wanted.ImageURL)
	set(body, "active", now.Active, wanted.Active, wanted.Active)
	set(body, "max_per_order", now.MaxPerOrder, wanted.MaxPerOrder, cmp.Or(wanted.MaxPerOrder, product.MaxPerOrder))
	set(body, "low_stock_threshold", now.LowStockThreshold, wanted.LowStockThreshold, wanted.LowStockThreshold)
	set(body, "categories", now.Categories, wanted.Categories, append([]string{}, wanted.Categories.List()...))
	return body
}

// set gives body a member, where it is to change.
func set[T comparable](body members, name string, now, wanted T, written any) {
	if now != wanted {
		body[name] = written
	}
}

// put saves a product, and reports how often the request was repeated.
func (s *Session) put(ctx context.Context, id string, body any) (repeats int, err error) {
	a, err := s.send(ctx, request{method: http.MethodPut, path: productPath(id), body: body})
	var said *Problem
	if !errors.As(err, &said) {
		return a.repeats, err
	}
	switch said.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return a.repeats, said.invalid()
	}
	return a.repeats, err
}

// invalid returns what is wrong with the request, field by field as far as the store says.
func (p *Problem) invalid() validation.Errors {
	var problems validation.Errors
	for _, e := range p.Errors {
		problems.Add(e.Field, "%s", e.Message)
	}
	if len(problems) == 0 {
		problems.Add("", "%s", p.Error())
	}
	return problems
}

func productPath(id string) string { return "/admin/products/" + url.PathEscape(id) }
