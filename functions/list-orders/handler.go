package main

import (
	"context"
	"errors"
	"time"

	"shop/internal/httpapi"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/storeapi"
	"shop/internal/user"
	"shop/internal/validation"
)

type orderLister interface {
	// History returns a page of all orders, newest first. It returns page.ErrInvalidCursor.
	History(ctx context.Context, admin user.Caller, f order.Filter, r page.Request) (page.Page[order.Order], error)
}

type customerFinder interface {
	// ByEmail returns the user with the normalised address, or user.ErrNotFound.
	ByEmail(ctx context.Context, email string) (user.User, error)
}

// historyPage is a page that says up to when it is complete, and, where an address was asked for, whose it is.
type historyPage struct {
	storeapi.Page[storeapi.Order]
	CompleteUntil string `json:"complete_until"`
	Customer      string `json:"customer,omitempty"`
}

// listOrders serves GET /admin/orders.
func listOrders(g httpapi.Guard, orders orderLister, customers customerFinder, now func() time.Time) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"GET /admin/orders": func(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
		query, err := r.Query()
		if err != nil {
			return httpapi.Response{}, err
		}
		wanted, err := query.Page()
		if err != nil {
			return httpapi.Response{}, err
		}
		f, err := filter(query)
		if err != nil {
			return httpapi.Response{}, err
		}
		answer := historyPage{CompleteUntil: storeapi.Time(now().Add(-order.Settling))}
		if address, given := query["email"]; given {
			if answer.Customer, err = customerOf(ctx, customers, address); err != nil {
				return httpapi.Response{}, err
			}
			f.Customer = answer.Customer
			if f.Customer == "" { // nobody has the address, and no order
				answer.Page = storeapi.PageOf(page.Page[order.Order]{}, storeapi.ListedOrderOf)
				return httpapi.OK(answer), nil
			}
		}
		found, err := orders.History(ctx, caller, f, wanted)
		if err != nil {
			return httpapi.Response{}, err
		}
		answer.Page = storeapi.PageOf(found, storeapi.ListedOrderOf)
		return httpapi.OK(answer), nil
	}})
}

// customerOf returns the id of the user who has the address, or none. It returns validation.Errors for what is no
// address.
func customerOf(ctx context.Context, customers customerFinder, address string) (string, error) {
	email, err := user.NormalizeEmail(address)
	if err != nil {
		var problems validation.Errors
		problems.Add("email", "%s", err)
		return "", problems
	}
	u, err := customers.ByEmail(ctx, email)
	if errors.Is(err, user.ErrNotFound) {
		return "", nil
	}
	return u.ID, err
}

func filter(query httpapi.Query) (order.Filter, error) {
	from, err := query.Instant("from")
	if err != nil {
		return order.Filter{}, err
	}
	to, err := query.Instant("to")
	if err != nil {
		return order.Filter{}, err
	}
	var problems validation.Errors
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		problems.Add("to", "must not be before from")
	}
	customer, given := query["customer"]
	if given && customer == "" {
		problems.Add("customer", "must be a user id")
	}
	if _, too := query["email"]; too && given {
		problems.Add("email", "does not go with customer")
	}
	return order.Filter{From: from, To: to, Customer: customer}, problems.Err()
}
