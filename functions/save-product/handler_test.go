package main

import (
	"context"
	"net/http"
	"reflect"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/observe"
	"shop/internal/product"
	"shop/internal/user"
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
			ID: d.ID, Name: d.Name, Description: d.Description, Price: d.Price, ImageURL: d.ImageURL, Active: d.Active,
			Stock: 4, LowStockThreshold: 5, Version: 7,
			CreatedAt: time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC),
			UpdatedAt: time.Date(2026, 2, 20, 11, 15, 42, 40e6, time.UTC),
		}, created, nil
	}
}

// lampDraft is the draft of event.json.
func lampDraft() product.Draft {
	stock := int64(12)
	return product.Draft{
		ID: "brass-desk-lamp", Name: "Brass desk lamp", Description: "A lacquered brass lamp with a swivelling shade.",
		Price: money.Money{Amount: 6400, Currency: "GBP"}, ImageURL: "https://images.shop.example/brass-desk-lamp.jpg",
		Active: true, Stock: &stock,
	}
}

func TestSaveProduct(t *testing.T) {
	for status, created := range map[int]bool{http.StatusCreated: true, http.StatusOK: false} {
		h := saveProduct(httpapitest.Guard(), expecting(t, lampDraft(), created))
		httpapitest.Call(t, h, httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: status, Body: `{
			"product_id":"brass-desk-lamp","name":"Brass desk lamp","price":{"amount":6400,"currency":"GBP"},
			"image_url":"https://images.shop.example/brass-desk-lamp.jpg","stock_status":"low_stock",
			"description":"A lacquered brass lamp with a swivelling shade.","stock":4,"low_stock_threshold":5,"active":true,"version":7,
			"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`})
	}
}

// over saves over a product, and leaves it with a limit, which may be 0 for none.
type over struct {
	before *product.Product
	limit  int64
}

func (o over) Do(_ context.Context, _ user.Caller, d product.Draft) (product.Product, *product.Product, error) {
	saved := d.ApplyTo(product.Product{ID: d.ID}, time.Time{})
	saved.MaxPerOrder = o.limit
	if o.before == nil && d.Stock != nil {
		saved.Stock = *d.Stock
	}
	return saved, o.before, nil
}

// TestAudit: a name, a price, whether a product is active and how many units one order may have are audited, each where
// it changed, and of a new product all that it has of them and its stock.
func TestAudit(t *testing.T) {
	event := func(kind observe.Kind, before, after string) observe.Event {
		return observe.Event{
			Kind: kind, UserID: httpapitest.Admin.UserID, Subject: "brass-desk-lamp", Before: before, After: after,
		}
	}
	as := func(change func(*product.Product)) *product.Product {
		p := product.Product{
			ID: "brass-desk-lamp", Name: "Brass desk lamp", Price: money.Money{Amount: 6400, Currency: "GBP"},
			Active: true, Stock: 4,
		}
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
			event(observe.ActiveChanged, "", "true"), event(observe.LimitChanged, "", "2"),
			event(observe.StockChanged, "0", "12"),
		}},
		"the same":    {as(func(*product.Product) {}), 0, nil},
		"description": {as(func(p *product.Product) { p.Description = "x" }), 0, nil},
		"name": {as(func(p *product.Product) {
			p.Name = "Lamp"
		}), 0, []observe.Event{event(observe.NameChanged, "Lamp", "Brass desk lamp")}},
		"price": {as(func(p *product.Product) {
			p.Price.Amount = 640
		}), 0, []observe.Event{event(observe.PriceChanged, "640 GBP", "6400 GBP")}},
		"limit": {as(func(p *product.Product) {
			p.MaxPerOrder = 3
		}), 2, []observe.Event{event(observe.LimitChanged, "3", "2")}},
		"first limit": {as(func(*product.Product) {}), 2, []observe.Event{event(observe.LimitChanged, "", "2")}},
		"limit gone": {as(func(p *product.Product) {
			p.MaxPerOrder = 3
		}), 0, []observe.Event{event(observe.LimitChanged, "3", "")}},
		"same limit": {as(func(p *product.Product) { p.MaxPerOrder = 2 }), 2, nil},
		"active": {as(func(p *product.Product) {
			p.Active = false
		}), 0, []observe.Event{event(observe.ActiveChanged, "false", "true")}},
	} {
		t.Run(name, func(t *testing.T) {
			e := httpapitest.ReadEvent(t)
			httpapitest.Call(t, saveProduct(httpapitest.Guard(), over{c.before, c.limit}), e).
				CheckAudit(t, e, c.want...)
		})
	}
}

func TestEmptyValuesAreValues(t *testing.T) {
	want := product.Draft{ID: "A.b_c-1", Name: "A", Price: money.Money{Currency: "GBP"}}
	e := httpapitest.ReadEvent(t).WithParameter("product_id", want.ID).
		WithBody(`{"active":false,"image_url":"","price":{"currency":"GBP","amount":0},"description":"","name":"A"}`)
	httpapitest.Call(t, saveProduct(httpapitest.Guard(), expecting(t, want, false)), e).
		Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"product_id":"A.b_c-1","name":"A","price":{"amount":0,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
		"description":"","stock":4,"low_stock_threshold":5,"active":false,"version":7,
		"created_at":"2026-01-05T08:00:00.000Z","updated_at":"2026-02-20T11:15:42.040Z"}`})
}

// TestCategories: an empty list is one, and a list of many is refused by the domain, not here.
func TestCategories(t *testing.T) {
	for sent, want := range map[string][]string{"[]": {}, `["Lamps","Home & Garden"]`: {"Lamps", "Home & Garden"}} {
		h := saveProduct(httpapitest.Guard(), save(func(_ user.Caller, d product.Draft) (product.Product, bool, error) {
			if !reflect.DeepEqual(d.Categories, want) {
				t.Errorf("saves %q, want %q", d.Categories, want)
			}
			return product.Product{
				ID: d.ID, Name: d.Name, Price: d.Price, Version: 1, Categories: product.CategoriesOf(want),
			}, false, nil
		}))
		e := httpapitest.ReadEvent(t).WithBody(
			`{"name":"A","description":"","price":{"amount":1,"currency":"GBP"},"image_url":"","active":true,"categories":` +
				sent + `}`)
		shown := ""
		if len(want) > 0 {
			shown = `"categories":` + sent + `,`
		}
		httpapitest.Call(t, h, e).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
			"product_id":"brass-desk-lamp","name":"A","price":{"amount":1,"currency":"GBP"},"image_url":"",
			"stock_status":"out_of_stock","description":"",` + shown + `"stock":0,"low_stock_threshold":0,"active":false,"version":1,
			"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}`})
	}
}

func TestLimitAndThreshold(t *testing.T) {
	most, few := int64(2), int64(8)
	h := saveProduct(httpapitest.Guard(), save(func(_ user.Caller, d product.Draft) (product.Product, bool, error) {
		want := d
		want.MaxPerOrder, want.LowStockThreshold, want.CompareVersion = &most, &few, new(int64(7))
		if !reflect.DeepEqual(d, want) {
			t.Errorf("saves %+v, want a limit of %d and a threshold of %d over version 7", d, most, few)
		}
		return product.Product{
			ID: d.ID, Name: d.Name, Price: d.Price, Stock: 1, MaxPerOrder: most, LowStockThreshold: few, Version: 1,
		}, false, nil
	}))
	e := httpapitest.ReadEvent(t).WithBody(
		`{"name":"A","description":"","price":{"amount":1,"currency":"GBP"},"image_url":"","active":true,"max_per_order":2,"low_stock_threshold":8,` +
			`"compare_version":7}`)
	httpapitest.Call(t, h, e).Check(t, httpapitest.Want{Status: http.StatusOK, Body: `{
		"product_id":"brass-desk-lamp","name":"A","price":{"amount":1,"currency":"GBP"},"image_url":"","stock_status":"low_stock",
		"max_per_order":2,"description":"","stock":1,"low_stock_threshold":8,"active":false,"version":1,
		"created_at":"0001-01-01T00:00:00.000Z","updated_at":"0001-01-01T00:00:00.000Z"}`})
}

// TestBody: a save writes the whole product, so none may be left out but the stock, the limit and the threshold.
func TestBody(t *testing.T) {
	e, h := httpapitest.ReadEvent(t), saveProduct(httpapitest.Guard(), save(nil))
	httpapitest.CheckBody(t, e, h)
	httpapitest.Call(t, h, e.WithBody("{}")).CheckProblem(t, httpapitest.FieldErrors(
		"name", "is required", "description", "is required", "image_url", "is required", "active", "is required",
		"price", "is required"))
}

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		refuse := save(func(user.Caller, product.Draft) (product.Product, bool, error) {
			return product.Product{}, false, err
		})
		return saveProduct(httpapitest.Guard(), refuse)
	})
}

func TestGuard(t *testing.T) {
	httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), saveProduct(httpapitest.Guard(), save(nil)))
}
