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
	// Do saves a draft and returns the product, and as it was before, which is nil for a new one. It returns validation.Errors,
	// *product.ChangedError, product.ErrNotFound, product.ErrContended and product.ErrUnsettled.
	Do(ctx context.Context, admin user.Caller, d product.Draft) (saved product.Product, before *product.Product, err error)
}

// request is the whole product: PUT replaces it. All members are required but max_per_order and stock, which stay as they are
// when they are missing, and compare_version.
type request struct {
	Name        *string                 `json:"name"`
	Description *string                 `json:"description"`
	Price       *storeapi.RequiredMoney `json:"price"`
	ImageURL    *string                 `json:"image_url"`
	Active      *bool                   `json:"active"`
	MaxPerOrder *int64                  `json:"max_per_order"`
	Stock       *int64                  `json:"stock"`

	CompareVersion *int64 `json:"compare_version"`
}

// saveProduct serves PUT /admin/products/{product_id}.
func saveProduct(g httpapi.Guard, products productSaver) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"PUT /admin/products/{product_id}": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		draft, err := in.toDraft(r.Path("product_id"))
		if err != nil {
			return httpapi.Response{}, err
		}
		saved, before, err := products.Do(ctx, caller, draft)
		if err != nil {
			return httpapi.Response{}, err
		}
		audit(ctx, caller, before, saved)
		if before == nil {
			return httpapi.Created(storeapi.AdminProductOf(saved)), nil
		}
		return httpapi.OK(storeapi.AdminProductOf(saved)), nil
	}})
}

// audit notes what the save changed of what a customer sees and pays: the name, the price, whether the product is for sale, and how
// many units one order may have. For a new product each of these is logged as a change from nothing, and so is its first stock if
// it is above 0.
func audit(ctx context.Context, caller user.Caller, before *product.Product, saved product.Product) {
	var was [len(kinds)]string
	if before != nil {
		was = seen(*before)
	}
	for i, now := range seen(saved) {
		changed(ctx, caller, saved.ID, kinds[i], was[i], now)
	}
	if before == nil {
		changed(ctx, caller, saved.ID, observe.StockChanged, "0", fmt.Sprint(saved.Stock))
	}
}

// kinds are the events of the members that seen returns.
var kinds = [...]observe.Kind{observe.NameChanged, observe.PriceChanged, observe.ActiveChanged, observe.LimitChanged}

// seen is a product's name, its price in minor units with the currency, whether it is active, and how many units one order may
// have, empty where the product has no limit of its own.
func seen(p product.Product) [len(kinds)]string {
	limit := ""
	if p.MaxPerOrder > 0 {
		limit = fmt.Sprint(p.MaxPerOrder)
	}
	return [...]string{p.Name, fmt.Sprint(p.Price.Amount, " ", p.Price.Currency), fmt.Sprint(p.Active), limit}
}

func changed(ctx context.Context, caller user.Caller, productID string, kind observe.Kind, before, after string) {
	if before != after {
		observe.Audit(ctx, observe.Event{Kind: kind, UserID: caller.UserID, Subject: productID, Before: before, After: after})
	}
}

func (in request) toDraft(id string) (product.Draft, error) {
	var problems validation.Errors
	missing := func(field string, is bool) {
		if is {
			problems.Add(field, "is required")
		}
	}
	missing("name", in.Name == nil)
	missing("description", in.Description == nil)
	missing("image_url", in.ImageURL == nil)
	missing("active", in.Active == nil)
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
		MaxPerOrder: in.MaxPerOrder, Stock: in.Stock, CompareVersion: in.CompareVersion,
	}, nil
}
