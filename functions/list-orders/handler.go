package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"shop/internal/calendar"
	"shop/internal/export"
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

type handlers struct {
	orders    orderLister
	customers customerFinder
	now       func() time.Time
	zone      *time.Location // of the shop's days
}

// listOrders serves GET /admin/orders.
func listOrders(g httpapi.Guard, h handlers) httpapi.Handler {
	return g.Routes(map[string]httpapi.CallerHandler{"GET /admin/orders": h.list})
}

func (h handlers) list(ctx context.Context, caller user.Caller, r *httpapi.Request) (httpapi.Response, error) {
	query, err := r.Query()
	if err != nil {
		return httpapi.Response{}, err
	}
	wanted, err := query.Page()
	if err != nil {
		return httpapi.Response{}, err
	}
	f, err := h.filter(query)
	if err != nil {
		return httpapi.Response{}, err
	}
	asCSV, err := inCSV(query)
	if err != nil {
		return httpapi.Response{}, err
	}
	answer, found, err := h.history(ctx, caller, f, query, wanted)
	if err != nil {
		return httpapi.Response{}, err
	}
	if asCSV {
		return h.csv(query, answer.Customer, found)
	}
	answer.Page = storeapi.PageOf(found, storeapi.ListedOrderOf)
	return httpapi.OK(answer), nil
}

// inCSV reports whether the page is asked for as CSV. It returns validation.Errors.
func inCSV(query httpapi.Query) (bool, error) {
	format, given := query["format"]
	if given && format != "json" && format != export.CSV {
		return false, validation.Errors{{Field: "format", Message: "must be json or csv"}}
	}
	return format == export.CSV, nil
}

// csv writes the page as CSV, with a header. A Link (RFC 8288) leads to the next page, relative to this one: by the
// customer's id where an address was asked for, so that no address stands in it.
func (h handlers) csv(query httpapi.Query, customer string, found page.Page[order.Order]) (httpapi.Response, error) {
	text := export.Header(export.Orders, export.CSV)
	for _, o := range found.Items {
		var err error
		if text, err = export.Append(text, export.OrderOf(o, h.zone), export.CSV); err != nil {
			return httpapi.Response{}, err
		}
	}
	answer := httpapi.OK(httpapi.Text{Type: "text/csv; charset=utf-8", Content: string(text)})
	if found.NextCursor == "" {
		return answer, nil
	}
	next := url.Values{}
	for name, value := range query {
		next.Set(name, value)
	}
	if next.Has("email") {
		next.Del("email")
		next.Set("customer", customer)
	}
	next.Set("cursor", found.NextCursor)
	return answer.With("Link", "<?"+next.Encode()+`>; rel="next"`), nil
}

// history reads the page. Where nobody has the address that is asked for, no order can have it, and none is looked for.
func (h handlers) history(
	ctx context.Context, admin user.Caller, f order.Filter, query httpapi.Query, wanted page.Request,
) (answer historyPage, found page.Page[order.Order], err error) {
	answer.CompleteUntil = storeapi.Time(h.now().Add(-order.Settling))
	address, byAddress := query["email"]
	if byAddress {
		if answer.Customer, err = h.customerOf(ctx, address); err != nil {
			return answer, found, err
		}
		f.Customer = answer.Customer
	}
	if !byAddress || f.Customer != "" {
		found, err = h.orders.History(ctx, admin, f, wanted)
	}
	return answer, found, err
}

// customerOf returns the id of the user who has the address, or "" where nobody has it. It returns validation.Errors
// for a text that is not an address.
func (h handlers) customerOf(ctx context.Context, address string) (string, error) {
	email, err := user.NormalizeEmail(address)
	if err != nil {
		return "", validation.Errors{{Field: "email", Message: err.Error()}}
	}
	u, err := h.customers.ByEmail(ctx, email)
	if errors.Is(err, user.ErrNotFound) {
		return "", nil
	}
	return u.ID, err
}

func (h handlers) filter(query httpapi.Query) (order.Filter, error) {
	from, isDay, err := query.Moment("from")
	if err != nil {
		return order.Filter{}, err
	}
	if isDay {
		from = calendar.Start(from, h.zone)
	}
	to, isDay, err := query.Moment("to")
	if err != nil {
		return order.Filter{}, err
	}
	if isDay { // the whole day
		to = calendar.Start(calendar.Next(to), h.zone)
	}
	var problems validation.Errors
	if !from.IsZero() && !to.IsZero() && (to.Before(from) || isDay && !from.Before(to)) {
		problems.Add("to", "must not be before from")
	}
	customer, given := query["customer"]
	if given && customer == "" {
		problems.Add("customer", "must be a user id")
	}
	if _, too := query["email"]; too && given {
		problems.Add("email", "does not go with customer")
	}
	return order.Filter{From: from, To: to, Customer: customer, Status: status(&problems, query)}, problems.Err()
}

// status returns the status that is asked for. Placed orders are in no index of their own: it would cost each sale.
func status(problems *validation.Errors, query httpapi.Query) order.Status {
	name, given := query["status"]
	if !given {
		return order.Placed
	}
	found, _ := order.ParseStatus(name)
	if found == order.Placed {
		problems.Add("status", "must be packed, shipped, delivered, cancelling or cancelled")
	}
	for _, other := range []string{"customer", "email"} {
		if _, too := query[other]; too {
			problems.Add(other, "does not go with status")
		}
	}
	return found
}
