package main

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/observe"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

// save is a productSaver. Calling a nil one panics, and so is answered as internal.
type save func(admin user.Caller, d product.Draft) (product.Product, bool, error)

func (s save) Do(_ context.Context, admin user.Caller, d product.Draft) (product.Product, *product.Product, error) {
	saved, created, err := s(admin, d)
	if created {
		return saved, nil, err
	}
	return saved, &saved, err
}

// expecting saves one draft, as a new product or over an old one.
func expecting(t *testing.T, want product.Draft, created bool) save {
	return func(admin user.Caller, d product.Draft) (product.Product, bool, error) {
		if admin != httpapitest.Admin || !reflect.DeepEqual(d, want) {
			t.Errorf("%+v saves %+v, want %+v", admin, d, want)
		}
		return product.Product{
			ID: d.ID, Name: d.Name, Description: d.Description, Price: d.Price, ImageURL: d.ImageURL, Active: d.Active, Stock: 4, Version: 7,
			CreatedAt: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 2, 20, 11, 15, 42, 40e6, time.UTC),
		}, created, nil
	}
}

// lampDraft is the draft of event.json.
func lampDraft() product.Draft {
	stock := int64(12)
	return product.Draft{
		ID: "brass-desk-lamp", Name: "Brass desk lamp", Description: "A lacquered brass lamp with a swivelling shade.",
		Price: money.Money{Amount: 6400, Currency: "GBP"}, ImageURL: "https://images.shop.example/brass-desk-lamp.jpg", Active: true, Stock: &stock,
	}
}

func TestSaveProduct(t *testing.T) {
	for status, created := range map[int]bool{http.StatusCreated: true, http.StatusOK: false} {
		h := saveProduct(httpapitest.Guard(), expecting(t, lampDraft(), created))
		httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: status, Body: `{
			"product_id":"brass-desk-lamp","name":"Brass desk lamp","price":{"amount":6400,"currency":"GBP"},
			"image_url":"https://images.shop.example/brass-desk-lamp.jpg","stock_status":"low_stock",
			"description":"A lacquered brass lamp with a swivelling shade.","stock":4,"active":true,"version":7,
			"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`})
	}
}

// over saves over a product, and leaves it with a limit, which may be 0 for none.
type over struct {
	before *product.Product
	limit  int64
}

func (o over) Do(_ context.Context, _ user.Caller, d product.Draft) (product.Product, *product.Product, error) {
	saved := product.Product{ID: d.ID, Name: d.Name, Description: d.Description, Price: d.Price, Active: d.Active, MaxPerOrder: o.limit, Version: 1}
	if o.before == nil && d.Stock != nil {
		saved.Stock = *d.Stock
	}
	return saved, o.before, nil
}

// TestAudit: a name, a price, whether a product is active and how many units one order may have are audited, each where it changed,
// and of a new product all that it has of them and its stock.
func TestAudit(t *testing.T) {
	event := func(kind observe.Kind, before, after string) observe.Event {
		return observe.Event{Kind: kind, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: before, After: after}
	}
	as := func(change func(*product.Product)) *product.Product {
		p := product.Product{ID: "brass-desk-lamp", Name: "Brass desk lamp", Price: money.Money{Amount: 6400, Currency: "GBP"}, Active: true, Stock: 4}
		change(&p)
		return &p
	}
	for name, c := range map[string]struct {
		before *product.Product
		limit  int64
		want   []observe.Event
	}{
		"new": {nil, 0, []observe.Event{
			event(observe.NameChanged, "", "Brass desk lamp"), event(observe.PriceChanged, "", "6400 GBP"),
			event(observe.ActiveChanged, "", "true"), event(observe.StockChanged, "0", "12"),
		}},
		"new, with a limit": {nil, 2, []observe.Event{
			event(observe.NameChanged, "", "Brass desk lamp"), event(observe.PriceChanged, "", "6400 GBP"),
			event(observe.ActiveChanged, "", "true"), event(observe.LimitChanged, "", "2"), event(observe.StockChanged, "0", "12"),
		}},
		"the same":    {as(func(*product.Product) {}), 0, nil},
		"description": {as(func(p *product.Product) { p.Description = "x" }), 0, nil},
		"name":        {as(func(p *product.Product) { p.Name = "Lamp" }), 0, []observe.Event{event(observe.NameChanged, "Lamp", "Brass desk lamp")}},
		"price":       {as(func(p *product.Product) { p.Price.Amount = 640 }), 0, []observe.Event{event(observe.PriceChanged, "640 GBP", "6400 GBP")}},
		"limit":       {as(func(p *product.Product) { p.MaxPerOrder = 3 }), 2, []observe.Event{event(observe.LimitChanged, "3", "2")}},
		"first limit": {as(func(*product.Product) {}), 2, []observe.Event{event(observe.LimitChanged, "", "2")}},
		"limit gone":  {as(func(p *product.Product) { p.MaxPerOrder = 3 }), 0, []observe.Event{event(observe.LimitChanged, "3", "")}},
		"same limit":  {as(func(p *product.Product) { p.MaxPerOrder = 2 }), 2, nil},
		"active":      {as(func(p *product.Product) { p.Active = false }), 0, []observe.Event{event(observe.ActiveChanged, "false", "true")}},
	} {
		t.Run(name, func(t *testing.T) {
			e := httpapitest.ReadEvent(t)
			httpapitest.Call(t, saveProduct(httpapitest.Guard(), over{c.before, c.limit}), e).CheckAudit(t, e, c.want...)
		})
	}
}

func TestEmptyValuesAreValues(t *testing.T) {
	want := product.Draft{ID: "A.b_c-1", Name: "A", Price: money.Money{Currency: "GBP"}}
	e := httpapitest.ReadEvent(t).WithParameter("product_id", want.ID).
		WithBody(`{"active":false,"image_url":"","price":{"currency":"GBP","amount":0},"description":"","name":"A"}`)
	httpapitest.Call(t, saveProduct(httpapitest.Guard(), expecting(t, want, false)), e).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"product_id":"A.b_c-1","name":"A","price":{"amount":0,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
		"description":"","stock":4,"active":false,"version":7,
		"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`})
}

func TestLimitOfAnOrder(t *testing.T) {
	most := int64(2)
	h := saveProduct(httpapitest.Guard(), save(func(_ user.Caller, d product.Draft) (product.Product, bool, error) {
		if d.MaxPerOrder == nil || *d.MaxPerOrder != most {
			t.Errorf("saves %+v, want a limit of %d", d, most)
		}
		return product.Product{ID: d.ID, Name: d.Name, Price: d.Price, Stock: 1, MaxPerOrder: most, Version: 1}, false, nil
	}))
	e := httpapitest.ReadEvent(t).WithBody(body(map[string]string{"max_per_order": "2", "stock": ""}))
	httpapitest.Call(t, h, e).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"product_id":"brass-desk-lamp","name":"A","price":{"amount":1,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
		"max_per_order":2,"description":"","stock":1,"active":false,"version":1,
		"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}`})
}

func TestBodies(t *testing.T) {
	httpapitest.CheckBodies(t, httpapitest.ReadEvent(t), saveProduct(httpapitest.Guard(), save(nil)))
}

// body writes a product with some of its members changed, or left out where the value is empty.
func body(changes map[string]string) string {
	members := map[string]string{
		"name": `"A"`, "description": `""`, "price": `{"amount":1,"currency":"GBP"}`, "image_url": `""`, "active": `true`, "stock": `1`,
	}
	maps.Copy(members, changes)
	var parts []string
	for name, value := range members {
		if value != "" {
			parts = append(parts, `"`+name+`":`+value)
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestBadMembers(t *testing.T) {
	for member, values := range map[string][]string{
		"name":           {"5", "[]", "false"},
		"description":    {"5", "{}"},
		"image_url":      {"5", "true"},
		"active":         {`"true"`, "1", "{}"},
		"price":          {"5", `"5"`, "[]"},
		"price.amount":   {"1.5", "1e400", "99999999999999999999", `"3"`},
		"price.currency": {"826", "{}"},
		"stock":          {"1.5", "1e400", "99999999999999999999", `"3"`, "true"},
	} {
		for _, value := range values {
			t.Run(member+" "+value, func(t *testing.T) {
				name, inner, nested := strings.Cut(member, ".")
				if nested {
					value = `{"` + inner + `":` + value + `}`
				}
				e := httpapitest.ReadEvent(t).WithBody(body(map[string]string{name: value}))
				httpapitest.Call(t, saveProduct(httpapitest.Guard(), save(nil)), e).CheckProblem(t,
					httpapitest.FieldErrors(member, "has a value of the wrong type or range"))
			})
		}
	}
}

// TestMissingMembers: a save writes the whole product, so none may be left out but the stock.
func TestMissingMembers(t *testing.T) {
	for member, missing := range map[string]string{"name": "name", "description": "description", "image_url": "image_url", "active": "active", "price": "price"} {
		for value, message := range map[string]string{"": "is required", "null": "must not be null"} {
			e := httpapitest.ReadEvent(t).WithBody(body(map[string]string{member: value}))
			httpapitest.Call(t, saveProduct(httpapitest.Guard(), save(nil)), e).CheckProblem(t, httpapitest.FieldErrors(missing, message))
		}
	}
	httpapitest.Call(t, saveProduct(httpapitest.Guard(), save(nil)), httpapitest.ReadEvent(t).WithBody("{}")).CheckProblem(t, httpapitest.FieldErrors(
		"name", "is required", "description", "is required", "image_url", "is required", "active", "is required", "price", "is required"))
	stock := httpapitest.ReadEvent(t).WithBody(body(map[string]string{"stock": "null"}))
	httpapitest.Call(t, saveProduct(httpapitest.Guard(), save(nil)), stock).CheckProblem(t, httpapitest.FieldErrors("stock", "must not be null"))
	for price, field := range map[string]string{`{}`: "price.amount", `{"amount":1}`: "price.currency", `{"currency":"GBP"}`: "price.amount"} {
		e := httpapitest.ReadEvent(t).WithBody(body(map[string]string{"price": price}))
		httpapitest.Call(t, saveProduct(httpapitest.Guard(), save(nil)), e).CheckProblem(t, httpapitest.FieldErrors(field, "is required"))
	}
}

// TestImpossibleProducts runs on the domain itself, which refuses them before it asks its store anything: there is none.
func TestImpossibleProducts(t *testing.T) {
	for changes, want := range map[[2]string]httpapitest.Problem{
		{"price", `{"amount":-1,"currency":"GBP"}`}:            httpapitest.FieldErrors("price", "the amount must be from 0 to 1000000000000 minor units"),
		{"price", `{"amount":1000000000001,"currency":"GBP"}`}: httpapitest.FieldErrors("price", "the amount must be from 0 to 1000000000000 minor units"),
		{"price", `{"amount":1,"currency":"gbp"}`}:             httpapitest.FieldErrors("price", "the currency must be GBP"),
		{"compare_version", "-1"}:                              httpapitest.FieldErrors("compare_version", "must be 0 or more"),
		{"stock", "-1"}:                                        httpapitest.FieldErrors("stock", "must be a whole number from 0 to 1000000000"),
		{"stock", "1000000000000"}:                             httpapitest.FieldErrors("stock", "must be a whole number from 0 to 1000000000"),
		{"name", `""`}:                                         httpapitest.FieldErrors("name", "must not be empty"),
	} {
		t.Run(changes[1], func(t *testing.T) {
			e := httpapitest.ReadEvent(t).WithBody(body(map[string]string{changes[0]: changes[1]}))
			httpapitest.Call(t, saveProduct(httpapitest.Guard(), &product.Save{Currency: "GBP"}), e).CheckProblem(t, want)
		})
	}
	e := httpapitest.ReadEvent(t).WithParameter("product_id", "brass desk lamp")
	httpapitest.Call(t, saveProduct(httpapitest.Guard(), &product.Save{Currency: "GBP"}), e).CheckProblem(t,
		httpapitest.FieldErrors("product_id", "must have 1 to 64 of the characters A–Z a–z 0–9 . _ -, and not be . or .."))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t),
		func(err error) httpapi.Handler {
			refuse := save(func(user.Caller, product.Draft) (product.Product, bool, error) { return product.Product{}, false, err })
			return saveProduct(httpapitest.Guard(), refuse)
		},
		httpapitest.Refusal{
			Err:     validation.Errors{{Field: "stock", Message: "may be given only for a new product"}},
			Problem: httpapitest.FieldErrors("stock", "may be given only for a new product"),
		},
		httpapitest.Refusal{Err: product.ErrNotFound, Problem: httpapitest.Problem{Code: "product_not_found"}},
		httpapitest.Refusal{
			Err: &product.ChangedError{Stored: product.Product{
				ID: "brass-desk-lamp", Name: "Their lamp", Description: "Theirs.", Price: money.Money{Amount: 6400, Currency: "GBP"},
				Active: true, Stock: 4, Version: 7, CreatedAt: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 2, 20, 11, 15, 42, 40e6, time.UTC),
			}},
			Problem: httpapitest.Problem{Code: "product_changed", More: `"product":{"product_id":"brass-desk-lamp","name":"Their lamp",` +
				`"price":{"amount":6400,"currency":"GBP"},"image_url":"","stock_status":"low_stock","description":"Theirs.","stock":4,"active":true,` +
				`"version":7,"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`},
		},
		httpapitest.Refusal{Err: product.ErrContended, Problem: httpapitest.Problem{Code: "busy"}})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), func(g httpapi.Guard) httpapi.Handler { return saveProduct(g, save(nil)) })
}
