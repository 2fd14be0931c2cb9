package main

import (
	"context"
	"errors"
	"fmt"

	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

type saver interface {
	// Do saves a draft and returns the product and whether it is new. It returns validation.Errors, user.ErrNotAdmin,
	// product.ErrContended and product.ErrUnsettled.
	Do(ctx context.Context, admin user.Caller, d product.Draft) (saved product.Product, created bool, err error)
}

// request is the whole product: a member that is missing would be lost, so none may be, but the stock and the limit, which
// then stay as they are.
type request struct {
	Name        *string                `json:"name"`
	Description *string                `json:"description"`
	Price       *httpapi.RequiredMoney `json:"price"`
	ImageURL    *string                `json:"image_url"`
	Active      *bool                  `json:"active"`
	MaxPerOrder *int64                 `json:"max_per_order"`
	Stock       *int64                 `json:"stock"`
}

// saveProduct serves PUT /admin/products/{product_id}.
func saveProduct(g httpapi.Guard, products saver) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"PUT /admin/products/{product_id}": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		var in request
		if err := r.Decode(&in); err != nil {
			return httpapi.Response{}, err
		}
		draft, err := in.draft(r.Path("product_id"))
		if err != nil {
			return httpapi.Response{}, err
		}
		saved, created, err := products.Do(ctx, caller, draft)
		if err != nil {
			return httpapi.Response{}, err
		}
		if created {
			opened(ctx, caller, saved)
			return httpapi.Created(httpapi.AdminProductOf(saved)), nil
		}
		return httpapi.OK(httpapi.AdminProductOf(saved)), nil
	}})
}

// opened has audited what the stock of a new product begins with, if that is not nothing.
func opened(ctx context.Context, caller user.Caller, p product.Product) {
	if p.Stock == 0 {
		return
	}
	observe.Audit(ctx, observe.Event{
		Kind: observe.StockChanged, UserID: caller.UserID, Subject: p.ID, Before: "0", After: fmt.Sprint(p.Stock),
	})
}

func (in request) draft(id string) (product.Draft, error) {
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
		MaxPerOrder: in.MaxPerOrder, Stock: in.Stock,
	}, nil
}
