package main

import (
	"context"
	"errors"
	"fmt"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/product"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type productSaver interface {
	// Do saves a draft and returns the product, and as it was before, which is nil for a new one. It returns
	// validation.Errors, *product.ChangedError, product.ErrNotFound, product.ErrContended and product.ErrUnsettled.
	Do(_ context.Context, admin user.Caller, d product.Draft) (saved product.Product, before *product.Product, _ error)
}

// request is the whole product, which PUT replaces. Its first five members are required. One of the others that is
// missing stays as it is.
type request struct {
	Name        *string                 `json:"name"`
	Description *string                 `json:"description"`
	Price       *storeapi.RequiredMoney `json:"price"`
	ImageURL    *string                 `json:"image_url"`
	Active      *bool                   `json:"active"`
	MaxPerOrder *int64                  `json:"max_per_order"`
	Categories  []string                `json:"categories"`
	Stock       *int64                  `json:"stock"`

	LowStockThreshold *int64 `json:"low_stock_threshold"`

	CompareVersion *int64 `json:"compare_version"`
}

type handlers struct{ products productSaver }

// saveProduct serves PUT /admin/products/{product_id}.
func saveProduct(g httpapi.Guard, products productSaver) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"PUT /admin/products/{product_id}": handlers{products}.save})
}

func (h handlers) save(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	in, err := httpapi.Decode[request](r)
	if err != nil {
		return httpapi.Response{}, err
	}
	draft, err := in.toDraft(r.Path("product_id"))
	if err != nil {
		return httpapi.Response{}, err
	}
	saved, before, err := h.products.Do(ctx, caller, draft)
	if err != nil {
		return httpapi.Response{}, err
	}
	audit(ctx, caller, before, saved)
	if before == nil {
		return httpapi.Created(storeapi.AdminProductOf(saved)), nil
	}
	return httpapi.OK(storeapi.AdminProductOf(saved)), nil
}

func (in request) toDraft(id string) (product.Draft, error) {
	var problems validation.Errors
	problems.Require("name", in.Name != nil)
	problems.Require("description", in.Description != nil)
	problems.Require("image_url", in.ImageURL != nil)
	problems.Require("active", in.Active != nil)
	price, err := in.Price.Money("price")
	var invalid validation.Errors
	if errors.As(err, &invalid) {
		problems = append(problems, invalid...)
	}
	if err := problems.Err(); err != nil {
		return product.Draft{}, err
	}
	return product.Draft{
		ID: id, Name: *in.Name, Description: *in.Description, Price: price, ImageURL: *in.ImageURL, Active: *in.Active,
		MaxPerOrder: in.MaxPerOrder, LowStockThreshold: in.LowStockThreshold, Categories: in.Categories,
		Stock: in.Stock, CompareVersion: in.CompareVersion,
	}, nil
}

// audit logs each audited member that the save changed. A new product's members are changed from nothing, and its stock
// from 0.
func audit(ctx context.Context, caller user.Caller, before *product.Product, saved product.Product) {
	for _, m := range auditedMembers {
		e := observe.Event{Kind: m.kind, UserID: caller.UserID, Subject: saved.ID, After: m.value(saved)}
		if before != nil {
			e.Before = m.value(*before)
		}
		auditChange(ctx, e)
	}
	if before == nil {
		stock := fmt.Sprint(saved.Stock)
		auditChange(ctx, observe.Event{
			Kind: observe.StockChanged, UserID: caller.UserID, Subject: saved.ID, Before: "0", After: stock,
		})
	}
}

func auditChange(ctx context.Context, e observe.Event) {
	if e.Before != e.After {
		observe.Audit(ctx, e)
	}
}

// auditedMembers are the members that decide what a customer gets and pays, as the audit log has them: not those that
// only describe it.
var auditedMembers = []struct {
	kind  observe.Kind
	value func(product.Product) string
}{
	{observe.NameChanged, func(p product.Product) string { return p.Name }},
	{observe.PriceChanged, func(p product.Product) string { return fmt.Sprint(p.Price.Amount, " ", p.Price.Currency) }},
	{observe.ActiveChanged, func(p product.Product) string { return fmt.Sprint(p.Active) }},
	{observe.LimitChanged, limit},
}

// limit is empty for a product without a limit of its own.
func limit(p product.Product) string {
	if p.MaxPerOrder == 0 {
		return ""
	}
	return fmt.Sprint(p.MaxPerOrder)
}
