package main

import (
	"context"
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

// historyPage is a page that says up to when it is complete.
type historyPage struct {
	storeapi.Page[storeapi.Order]
	CompleteUntil string `json:"complete_until"`
}

// listOrders serves GET /admin/orders.
func listOrders(g httpapi.Guard, orders orderLister, now func() time.Time) httpapi.Handler {
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
		completeUntil := now().Add(-order.Settling)
		found, err := orders.History(ctx, caller, f, wanted)
		if err != nil {
			return httpapi.Response{}, err
		}
		return httpapi.OK(historyPage{storeapi.PageOf(found, storeapi.ListedOrderOf), storeapi.Time(completeUntil)}), nil
	}})
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
	return order.Filter{From: from, To: to, Customer: customer}, problems.Err()
}
