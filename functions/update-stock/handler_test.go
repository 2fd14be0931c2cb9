package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

const (
	setRoute    = "PUT /admin/products/{product_id}/stock"
	adjustRoute = "POST /admin/products/{product_id}/stock/adjustments"
	listRoute   = "GET /admin/products/{product_id}/stock/movements"
	wrong       = "has a value of the wrong type or range"
)

// setting is a call of Set, adjusting one of Adjust.
type setting struct {
	admin          user.Caller
	id             string
	quantity, seen int64
	reason         string
}

type adjusting struct {
	admin user.Caller
	product.Adjustment
}

// stocks is an inventory. Calling what is nil panics, and so is answered as internal.
type stocks struct {
	set    func(setting) (product.Stock, error)
	adjust func(adjusting) (product.Stock, error)
}

func (s stocks) Set(_ context.Context, admin user.Caller, id string, quantity, seen int64, reason string) (product.Stock, error) {
	return s.set(setting{admin, id, quantity, seen, reason})
}

func (s stocks) Adjust(_ context.Context, admin user.Caller, a product.Adjustment) (product.Stock, error) {
	return s.adjust(adjusting{admin, a})
}

// changes is a ledger.
type changes func(admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error)

func (c changes) Changes(_ context.Context, admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error) {
	return c(admin, id, r)
}

func handler(s stocks, c changes) httpapi.Handler { return updateStock(httpapitest.Guard(), s, c) }

func eventFor(t *testing.T, route, body string) httpapitest.Event {
	e := httpapitest.ReadEvent(t)
	return e.To(route, e.PathParameters).WithBody(body)
}

func lampStock(quantity int64) (product.Stock, error) {
	return product.Stock{ProductID: "brass-desk-lamp", Quantity: quantity, UpdatedAt: time.Date(2026, 3, 13, 16, 20, 5, 412e6, time.UTC)}, nil
}

func TestSet(t *testing.T) {
	h := handler(stocks{set: func(s setting) (product.Stock, error) {
		if want := (setting{httpapitest.Admin, "brass-desk-lamp", 40, 43, "stocktake"}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return lampStock(40)
	}}, nil)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{
		Status: http.StatusOK, Body: `{"product_id":"brass-desk-lamp","quantity":40,"updated_at":"2026-03-13T16:20:05.412Z"}`,
	})
}

func TestSetToNothing(t *testing.T) {
	h := handler(stocks{set: func(s setting) (product.Stock, error) {
		if want := (setting{httpapitest.Admin, "brass-desk-lamp", 0, 0, ""}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return lampStock(0)
	}}, nil)
	httpapitest.Call(t, h, eventFor(t, setRoute, `{"quantity":0,"compare_quantity":0}`)).Check(t, httpapitest.Want{
		Status: http.StatusOK, Body: `{"product_id":"brass-desk-lamp","quantity":0,"updated_at":"2026-03-13T16:20:05.412Z"}`,
	})
}

func TestAdjust(t *testing.T) {
	var key string
	var repeated bool
	h := handler(stocks{adjust: func(a adjusting) (product.Stock, error) {
		want := adjusting{httpapitest.Admin, product.Adjustment{ProductID: "brass-desk-lamp", Delta: -3, Reason: "damaged", Key: key}}
		if a != want {
			t.Errorf("got %+v, want %+v", a, want)
		}
		s, err := lampStock(40)
		s.Repeated = repeated
		return s, err
	}}, nil)
	change := observe.Event{Kind: observe.StockChanged, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: "43", After: "40"}
	for _, key = range []string{"", "k"} {
		for _, repeated = range []bool{false, true} {
			e := eventFor(t, adjustRoute, `{"delta":-3,"reason":"damaged"}`).WithHeader("Idempotency-Key", key)
			a := httpapitest.Call(t, h, e)
			a.Check(t, httpapitest.Want{
				Status: http.StatusOK, Body: `{"product_id":"brass-desk-lamp","quantity":40,"updated_at":"2026-03-13T16:20:05.412Z"}`,
			})
			if repeated {
				a.CheckAudit(t, e) // the first request was
			} else {
				a.CheckAudit(t, e, change)
			}
		}
	}
}

// TestAdjustWithAKeyIsRepeatable: what became of it is not known, and need not be.
func TestAdjustWithAKeyIsRepeatable(t *testing.T) {
	h := handler(stocks{adjust: func(adjusting) (product.Stock, error) { return product.Stock{}, product.ErrUnsettled }}, nil)
	e := eventFor(t, adjustRoute, bodies[adjustRoute]).WithHeader("Idempotency-Key", "k")
	httpapitest.Call(t, h, e).CheckProblem(t, httpapitest.Problem{Code: "busy", Detail: repeatable})
}

// TestAudit: a change is one line that says who made of which stock what; what was refused, and looking, are none.
func TestAudit(t *testing.T) {
	done := stocks{
		set:    func(setting) (product.Stock, error) { return lampStock(40) },
		adjust: func(adjusting) (product.Stock, error) { return lampStock(40) },
	}
	refused := stocks{
		set:    func(setting) (product.Stock, error) { return product.Stock{}, &product.StockChangedError{} },
		adjust: func(adjusting) (product.Stock, error) { return product.Stock{}, product.ErrInsufficientStock },
	}
	none := changes(func(user.Caller, string, page.Request) (page.Page[product.Movement], error) {
		return page.Page[product.Movement]{}, nil
	})
	change := observe.Event{Kind: observe.StockChanged, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: "43", After: "40"}
	for route, body := range bodies {
		e := eventFor(t, route, body)
		httpapitest.Call(t, handler(refused, none), e).CheckAudit(t, e)
		if a := httpapitest.Call(t, handler(done, none), e); route == listRoute {
			a.CheckAudit(t, e)
		} else {
			a.CheckAudit(t, e, change)
		}
	}
}

func TestMovements(t *testing.T) {
	h := handler(stocks{}, func(admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error) {
		if want := (page.Request{Limit: 20}); admin != httpapitest.Admin || id != "brass-desk-lamp" || r != want {
			t.Errorf("%+v asked for %+v of %s", admin, r, id)
		}
		return page.Page[product.Movement]{Items: []product.Movement{
			{ID: "019ce7ff-78a4-7e8e-9099-6f031600a35a", ProductID: id, Before: 43, After: 40, Reason: "stocktake", By: admin.UserID,
				MovedAt: time.Date(2026, 3, 13, 16, 20, 5, 412e6, time.UTC)},
			{ID: "019ce7ff-78a4-7e8e-9099-6f031600a359", ProductID: id, After: 43, Reason: "found", By: admin.UserID,
				MovedAt: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)},
		}, NextCursor: "bW9yZQ"}, nil
	})
	httpapitest.Call(t, h, eventFor(t, listRoute, "")).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"items":[
			{"movement_id":"019ce7ff-78a4-7e8e-9099-6f031600a35a","product_id":"brass-desk-lamp","before":43,"after":40,"delta":-3,
			 "reason":"stocktake","by":"usr_019b8d2b-8c00-7128-85d9-0ed99531985d","moved_at":"2026-03-13T16:20:05.412Z"},
			{"movement_id":"019ce7ff-78a4-7e8e-9099-6f031600a359","product_id":"brass-desk-lamp","before":0,"after":43,"delta":43,
			 "reason":"found","by":"usr_019b8d2b-8c00-7128-85d9-0ed99531985d","moved_at":"2026-03-12T00:00:00.000Z"}],
		"next_cursor":"bW9yZQ"}`})
}

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, eventFor(t, listRoute, ""), nil, func(ask func(page.Request)) httpapi.Handler {
		return handler(stocks{}, func(_ user.Caller, _ string, r page.Request) (page.Page[product.Movement], error) {
			ask(r)
			return page.Page[product.Movement]{}, nil
		})
	})
}

func TestBodies(t *testing.T) {
	for route, body := range map[string]string{setRoute: `{"quantity":40,"compare_quantity":43,"reason":"r"}`, adjustRoute: `{"delta":-3,"reason":"r"}`} {
		t.Run(route, func(t *testing.T) { httpapitest.CheckBodies(t, eventFor(t, route, body), handler(stocks{}, nil)) })
	}
}

func TestBadMembers(t *testing.T) {
	for _, value := range []string{"1.5", "1e400", "99999999999999999999", `"3"`, "true", "[]"} {
		for body, problem := range map[string]struct{ route, field string }{
			`{"quantity":` + value + `}`:         {setRoute, "quantity"},
			`{"compare_quantity":` + value + `}`: {setRoute, "compare_quantity"},
			`{"delta":` + value + `}`:            {adjustRoute, "delta"},
		} {
			t.Run(body, func(t *testing.T) {
				httpapitest.Call(t, handler(stocks{}, nil), eventFor(t, problem.route, body)).CheckProblem(t, httpapitest.FieldErrors(problem.field, wrong))
			})
		}
	}
	for _, route := range []string{setRoute, adjustRoute} {
		httpapitest.Call(t, handler(stocks{}, nil), eventFor(t, route, `{"reason":5}`)).CheckProblem(t, httpapitest.FieldErrors("reason", wrong))
	}
}

func TestMissingQuantities(t *testing.T) {
	const seen = "is required: the stock that you saw"
	for body, want := range map[string]httpapitest.Problem{
		`{}`: httpapitest.FieldErrors("quantity", "is required", "compare_quantity", seen),
		`{"quantity":null,"compare_quantity":null,"reason":"r"}`: httpapitest.FieldErrors("quantity", "must not be null"),
		`{"compare_quantity":0,"reason":"r"}`:                    httpapitest.FieldErrors("quantity", "is required"),
		`{"quantity":0,"reason":"r"}`:                            httpapitest.FieldErrors("compare_quantity", seen),
	} {
		httpapitest.Call(t, handler(stocks{}, nil), eventFor(t, setRoute, body)).CheckProblem(t, want)
	}
}

// TestImpossibleChanges runs on the domain itself, which refuses them before it asks its store anything: there is none.
func TestImpossibleChanges(t *testing.T) {
	const (
		quantity = "must be a whole number from 0 to 1000000000"
		delta    = "must be a whole number from -1000000000 to 1000000000"
		empty    = "must not be empty"
	)
	for body, c := range map[string]struct {
		route string
		want  httpapitest.Problem
	}{
		`{"quantity":-1,"compare_quantity":1000000000000,"reason":"r"}`: {setRoute, httpapitest.FieldErrors("quantity", quantity, "compare_quantity", quantity)},
		`{"quantity":1,"compare_quantity":0}`:                           {setRoute, httpapitest.FieldErrors("reason", empty)},
		`{"quantity":1,"compare_quantity":0,"reason":null}`:             {setRoute, httpapitest.FieldErrors("reason", "must not be null")},
		`{}`:                                   {adjustRoute, httpapitest.FieldErrors("delta", "must not be 0", "reason", empty)},
		`{"delta":0,"reason":"r"}`:             {adjustRoute, httpapitest.FieldErrors("delta", "must not be 0")},
		`{"delta":1000000000000,"reason":"r"}`: {adjustRoute, httpapitest.FieldErrors("delta", delta)},
	} {
		t.Run(body, func(t *testing.T) {
			h := updateStock(httpapitest.Guard(), &product.Inventory{}, changes(nil))
			httpapitest.Call(t, h, eventFor(t, c.route, body)).CheckProblem(t, c.want)
		})
	}
}

// bodies are the routes and a body that each takes.
var bodies = map[string]string{
	setRoute: `{"quantity":40,"compare_quantity":43,"reason":"stocktake"}`, adjustRoute: `{"delta":-3,"reason":"damaged"}`, listRoute: "",
}

func TestNoProductID(t *testing.T) {
	for route, body := range bodies {
		for _, id := range []string{"brass desk lamp", "lämp", strings.Repeat("a", 65)} {
			e := eventFor(t, route, body).WithParameter("product_id", id)
			httpapitest.Call(t, handler(stocks{}, nil), e).CheckProblem(t, httpapitest.Problem{Code: "product_not_found"})
		}
	}
}

func TestRefusals(t *testing.T) {
	failing := func(err error) httpapi.Handler {
		return handler(stocks{
			set:    func(setting) (product.Stock, error) { return product.Stock{}, err },
			adjust: func(adjusting) (product.Stock, error) { return product.Stock{}, err },
		}, func(user.Caller, string, page.Request) (page.Page[product.Movement], error) {
			return page.Page[product.Movement]{}, err
		})
	}
	every := []httpapitest.Refusal{
		{Err: product.ErrNotFound, Problem: httpapitest.Problem{Code: "product_not_found"}},
		{Err: product.ErrContended, Problem: httpapitest.Problem{Code: "busy"}},
	}
	invalid := httpapitest.Refusal{Err: validation.Errors{{Field: "reason", Message: "no"}}, Problem: httpapitest.FieldErrors("reason", "no")}
	for route, own := range map[string][]httpapitest.Refusal{
		setRoute: {
			invalid,
			{Err: &product.StockChangedError{Quantity: 42}, Problem: httpapitest.Problem{Code: "stock_changed", More: `"quantity":42`}},
			{Err: &product.StockChangedError{}, Problem: httpapitest.Problem{Code: "stock_changed", More: `"quantity":0`}},
		},
		adjustRoute: {invalid, {Err: product.ErrInsufficientStock, Problem: httpapitest.Problem{Code: "insufficient_stock"}},
			{Err: product.ErrKeyReused, Problem: httpapitest.Problem{
				Code: "idempotency_key_reused", Detail: "The Idempotency-Key was used for another adjustment.",
			}}},
		listRoute: {{Err: page.ErrInvalidCursor, Problem: httpapitest.Problem{Code: "invalid_cursor"}}},
	} {
		t.Run(route, func(t *testing.T) {
			httpapitest.CheckRefusals(t, eventFor(t, route, bodies[route]), failing, append(own, every...)...)
		})
	}
}

func TestUnknownRoutes(t *testing.T) {
	for _, route := range []string{"PUT /admin/products/{product_id}/stocks", "$default", "DELETE /admin/products/{product_id}/stock", ""} {
		httpapitest.Call(t, handler(stocks{}, nil), eventFor(t, route, bodies[setRoute])).CheckProblem(t, httpapitest.Problem{Code: "not_found"})
	}
}

func TestGuard(t *testing.T) {
	for route, body := range bodies {
		t.Run(route, func(t *testing.T) {
			httpapitest.CheckGuard(t, eventFor(t, route, body), func(g httpapi.Guard) httpapi.Handler { return updateStock(g, stocks{}, changes(nil)) })
		})
	}
}
