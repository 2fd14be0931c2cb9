package apiclient

import (
	"context"
	"errors"
	"fmt"
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
	ID          string    `json:"product_id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Price       moneyJSON `json:"price"`
	ImageURL    string    `json:"image_url"`
	Active      bool      `json:"active"`
	MaxPerOrder int64     `json:"max_per_order"`
	Stock       int64     `json:"stock"`
	Version     int64     `json:"version"`
}

func (p productJSON) product() product.Product {
	return product.Product{
		ID: p.ID, Name: p.Name, Description: p.Description, Price: money.Money(p.Price),
		ImageURL: p.ImageURL, Active: p.Active, MaxPerOrder: p.MaxPerOrder, Stock: p.Stock, Version: p.Version,
	}
}

// draftJSON is what a save sends.
type draftJSON struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Price       moneyJSON `json:"price"`
	ImageURL    string    `json:"image_url"`
	Active      bool      `json:"active"`
	MaxPerOrder *int64    `json:"max_per_order,omitempty"`
	Stock       *int64    `json:"stock,omitempty"`
}

// Products returns every product of the store, without descriptions; the session must be an admin's,
// or the error is user.ErrNotAdmin. It reads 100 products a request.
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

// Product returns one product with its description, as it stands now. It returns product.ErrNotFound and user.ErrNotAdmin.
func (s *Session) Product(ctx context.Context, id string) (product.Product, error) {
	a, err := s.send(ctx, request{method: http.MethodGet, path: productPath(id)})
	var said *Problem
	if errors.As(err, &said) && said.Code == "product_not_found" {
		return product.Product{}, fmt.Errorf("%w: %s", product.ErrNotFound, id)
	}
	if err != nil {
		return product.Product{}, err
	}
	var p productJSON
	if err := a.decode(&p); err != nil {
		return product.Product{}, err
	}
	return p.product(), nil
}

// Save creates or changes a product. It returns validation.Errors for a draft that the store refuses, and
// user.ErrNotAdmin. A save whose answer was lost is sent again: of a product that exists this counts its
// version up once more; of a new one with a stock it is refused in the field "stock", because by then
// the product exists.
func (s *Session) Save(ctx context.Context, d product.Draft) error {
	body := draftJSON{
		Name: d.Name, Description: d.Description, Price: moneyJSON(d.Price),
		ImageURL: d.ImageURL, Active: d.Active, MaxPerOrder: d.MaxPerOrder, Stock: d.Stock,
	}
	_, err := s.send(ctx, request{method: http.MethodPut, path: productPath(d.ID), body: body})
	var said *Problem
	if errors.As(err, &said) && (said.Status == http.StatusBadRequest || said.Status == http.StatusRequestEntityTooLarge) {
		return said.invalid()
	}
	return err
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
