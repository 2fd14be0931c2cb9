package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/observe"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
)

const (
	setRoute    = "PUT /admin/products/{product_id}/stock"
	adjustRoute = "POST /admin/products/{product_id}/stock/adjustments"
	listRoute   = "GET /admin/products/{product_id}/stock/movements"
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

func (s stocks) Set(
	_ context.Context, admin user.Caller, id string, quantity, seen int64, reason string,
) (product.Stock, error) {
	return s.set(setting{admin, id, quantity, seen, reason})
}

func (s stocks) Adjust(_ context.Context, admin user.Caller, a product.Adjustment) (product.Stock, error) {
	return s.adjust(adjusting{admin, a})
}

// changes is a ledger.
type changes func(admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error)

func (c changes) Changes(
	_ context.Context, admin user.Caller, id string, r page.Request,
) (page.Page[product.Movement], error) {
	return c(admin, id, r)
}

func handler(s stocks, c changes) httpapi.Handler { return updateStock(httpapitest.Guard(), s, c) }

func eventFor(t *testing.T, route, body string) httpapitest.Event {
	e := httpapitest.ReadEvent(t)
	return e.To(route, e.PathParameters).WithBody(body)
}

func lampStock(quantity int64) (product.Stock, error) {
	return product.Stock{
		ProductID: "brass-desk-lamp", Quantity: quantity, UpdatedAt: time.Date(2026, 3, 13, 16, 20, 5, 412e6, time.UTC),
	}, nil
}

func TestSet(t *testing.T) {
	h := handler(stocks{set: func(s setting) (product.Stock, error) {
		if want := (setting{httpapitest.Admin, "brass-desk-lamp", 40, 43, "stocktake"}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
		return lampStock(40)
	}}, nil)
	httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{
		Status: http.StatusOK,
		Body:   `{"product_id":"brass-desk-lamp","quantity":40,"updated_at":"2026-03-13T16:20:05.412Z"}`,
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
		Status: http.StatusOK,
		Body:   `{"product_id":"brass-desk-lamp","quantity":0,"updated_at":"2026-03-13T16:20:05.412Z"}`,
	})
}

func TestAdjust(t *testing.T) {
	var key string
	var repeated bool
	h := handler(stocks{adjust: func(a adjusting) (product.Stock, error) {
		want := adjusting{
			httpapitest.Admin, product.Adjustment{ProductID: "brass-desk-lamp", Delta: -3, Reason: "damaged", Key: key},
		}
		if a != want {
			t.Errorf("got %+v, want %+v", a, want)
		}
		s, err := lampStock(40)
		s.Repeated = repeated
		return s, err
	}}, nil)
	change := observe.Event{
		Kind: observe.StockChanged, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: "43",
		After: "40",
	}
	for _, key = range []string{"", "k"} {
		for _, repeated = range []bool{false, true} {
			e := eventFor(t, adjustRoute, `{"delta":-3,"reason":"damaged"}`).WithHeader("Idempotency-Key", key)
			a := httpapitest.Call(t, h, e)
			a.Check(t, httpapitest.Want{
				Status: http.StatusOK,
				Body:   `{"product_id":"brass-desk-lamp","quantity":40,"updated_at":"2026-03-13T16:20:05.412Z"}`,
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
	h := handler(stocks{adjust: func(adjusting) (product.Stock, error) {
		return product.Stock{}, product.ErrUnsettled
	}}, nil)
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
	change := observe.Event{
		Kind: observe.StockChanged, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: "43",
		After: "40",
	}
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

// TestAuditOfARush: where the stock is not known, the line has the difference.
func TestAuditOfARush(t *testing.T) {
	h := handler(stocks{adjust: func(adjusting) (product.Stock, error) {
		s, err := lampStock(40)
		s.Later = true
		return s, err
	}}, nil)
	e := eventFor(t, adjustRoute, `{"delta":3,"reason":"found"}`)
	httpapitest.Call(t, h, e).CheckAudit(t, e, observe.Event{
		Kind: observe.StockChanged, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", After: "+3",
	})
}

func TestMovements(t *testing.T) {
	h := handler(stocks{}, func(admin user.Caller, id string, r page.Request) (page.Page[product.Movement], error) {
		if want := (page.Request{Limit: 20}); admin != httpapitest.Admin || id != "brass-desk-lamp" || r != want {
			t.Errorf("%+v asked for %+v of %s", admin, r, id)
		}
		return page.Page[product.Movement]{Items: []product.Movement{
			{ID: "019ce7ff-78a4-7e8e-9099-6f031600a35a", ProductID: id, Before: 43, After: 40, Reason: "stocktake",
				By: admin.UserID, MovedAt: time.Date(2026, 3, 13, 16, 20, 5, 412e6, time.UTC)},
			{ID: "019ce7ff-78a4-7e8e-9099-6f031600a359", ProductID: id, After: 43, Reason: "found", By: admin.UserID,
				MovedAt: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)},
			{ID: "019ce7ff-78a4-7e8e-9099-6f031600a358", ProductID: id, Units: 5, Reason: "in a rush", By: admin.UserID,
				MovedAt: time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)},
		}, NextCursor: "bW9yZQ"}, nil
	})
	httpapitest.Call(t, h, eventFor(t, listRoute, "")).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"items":[
			{"movement_id":"019ce7ff-78a4-7e8e-9099-6f031600a35a","product_id":"brass-desk-lamp","before":43,"after":40,"delta":-3,
			 "reason":"stocktake","by":"usr_019b8d2b-8c00-7128-85d9-0ed99531985d","moved_at":"2026-03-13T16:20:05.412Z"},
			{"movement_id":"019ce7ff-78a4-7e8e-9099-6f031600a359","product_id":"brass-desk-lamp","before":0,"after":43,"delta":43,
			 "reason":"found","by":"usr_019b8d2b-8c00-7128-85d9-0ed99531985d","moved_at":"2026-03-12T00:00:00.000Z"},
			{"movement_id":"019ce7ff-78a4-7e8e-9099-6f031600a358","product_id":"brass-desk-lamp","delta":5,
			 "reason":"in a rush","by":"usr_019b8d2b-8c00-7128-85d9-0ed99531985d","moved_at":"2026-03-11T00:00:00.000Z"}],
		"next_cursor":"bW9yZQ"}`})
}

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, eventFor(t, listRoute, ""), func(ask func(page.Request)) httpapi.Handler {
		return handler(stocks{}, func(_ user.Caller, _ string, r page.Request) (page.Page[product.Movement], error) {
			ask(r)
			return page.Page[product.Movement]{}, nil
		})
	})
}

func TestBody(t *testing.T) {
	h := handler(stocks{}, nil)
	for _, route := range []string{setRoute, adjustRoute} {
		httpapitest.CheckBody(t, eventFor(t, route, bodies[route]), h)
	}
	httpapitest.Call(t, h, eventFor(t, setRoute, `{}`)).CheckProblem(t, httpapitest.FieldErrors(
		"quantity", "is required", "compare_quantity", "is required: the stock that you saw"))
}

// bodies are the routes and a body that each takes.
var bodies = map[string]string{
	setRoute:    `{"quantity":40,"compare_quantity":43,"reason":"stocktake"}`,
	adjustRoute: `{"delta":-3,"reason":"damaged"}`, listRoute: "",
}

func TestNoProductID(t *testing.T) {
	for route, body := range bodies {
		e := eventFor(t, route, body).WithParameter("product_id", "brass desk lamp")
		httpapitest.Call(t, handler(stocks{}, nil), e).CheckProblem(t, httpapitest.Problem{Code: "product_not_found"})
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
	for route, body := range bodies {
		httpapitest.CheckRefusals(t, eventFor(t, route, body), failing)
	}
}

func TestGuard(t *testing.T) {
	for route, body := range bodies {
		httpapitest.CheckGuard(t, eventFor(t, route, body), handler(stocks{}, nil))
	}
}
