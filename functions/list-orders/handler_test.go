package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"shop/internal/httpapi"
	"shop/internal/httpapi/httpapitest"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/user"
)

// all are all orders. Calling a nil one panics, and so is answered as internal.
type all func(admin user.Caller, f order.Filter, r page.Request) (page.Page[order.Order], error)

func (a all) History(
	_ context.Context, admin user.Caller, f order.Filter, r page.Request,
) (page.Page[order.Order], error) {
	return a(admin, f, r)
}

// clock is a minute after what the pages of these tests are complete until.
func clock() time.Time { return time.Date(2026, 3, 14, 10, 0, 0, 250e6, time.UTC) }

// serving serves these orders by the days of Kathmandu.
func serving(orders orderLister, c customerFinder) httpapi.Handler {
	kathmandu := time.FixedZone("Kathmandu", 5*60*60+45*60)
	return listOrders(httpapitest.Guard(), handlers{orders, c, clock, kathmandu})
}

// customers knows ada, and fails for whom nobody can look up.
type customers struct{}

func (customers) ByEmail(_ context.Context, email string) (user.User, error) {
	switch email {
	case httpapitest.Email:
		return user.User{ID: httpapitest.Customer.UserID, Email: email}, nil
	case "down@example.com":
		return user.User{}, errors.New("down")
	}
	return user.User{}, user.ErrNotFound
}

// TestByEmail: an address is looked up, and the answer says whose it is; one that nobody has has no orders.
func TestByEmail(t *testing.T) {
	const empty = `{"items":[],"next_cursor":null,"complete_until":"2026-03-14T09:59:00.250Z"`
	for query, want := range map[string]struct {
		asked []order.Filter
		body  string
	}{
		"email=%20ADA@example.com": {
			[]order.Filter{{Customer: httpapitest.Customer.UserID}},
			empty + `,"customer":"` + httpapitest.Customer.UserID + `"}`,
		},
		"email=eve@example.com": {nil, empty + "}"},
	} {
		var got []order.Filter
		h := nothing(func(f order.Filter, _ page.Request) { got = append(got, f) })
		a := httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithQuery(query))
		a.Check(t, httpapitest.Want{Status: http.StatusOK, Body: want.body})
		if !slices.Equal(got, want.asked) {
			t.Errorf("%s: the domain was asked for %+v, want %+v", query, got, want.asked)
		}
	}
	h := nothing(func(f order.Filter, _ page.Request) { t.Errorf("the domain was asked for %+v", f) })
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), h, map[string]httpapitest.Problem{
		"email=ada":                            httpapitest.FieldErrors("email", noAddress("ada")),
		"email=":                               httpapitest.FieldErrors("email", noAddress("")),
		"email=ada@example.com&customer=usr_1": httpapitest.FieldErrors("email", "does not go with customer"),
		"email=down@example.com":               {Code: "internal"},
	})
}

// noAddress is what is wrong with an address.
func noAddress(address string) string {
	_, err := user.NormalizeEmail(address)
	return err.Error()
}

func TestListOrders(t *testing.T) {
	orders := all(func(admin user.Caller, f order.Filter, r page.Request) (page.Page[order.Order], error) {
		filter := order.Filter{
			From: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
			Customer: httpapitest.Customer.UserID,
		}
		if admin != httpapitest.Admin || f != filter || r != (page.Request{Limit: 2}) {
			t.Errorf("%+v asked for %+v of %+v", admin, r, f)
		}
		return page.Page[order.Order]{Items: []order.Order{{
			ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", UserID: f.Customer, Email: httpapitest.Email,
			Lines: []order.Line{
				{ProductID: "brass-bell", Name: "Brass bell", UnitPrice: money.Money{Currency: "GBP"}, Quantity: 10000},
			},
			Total:    money.Money{Currency: "GBP"},
			PlacedAt: time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC),
		}}, NextCursor: "bW9yZQ"}, nil
	})
	httpapitest.Call(t, serving(orders, nil), httpapitest.ReadEvent(t)).Check(t, httpapitest.Want{Status: http.StatusOK,
		Body: `{
		"items":[{
			"order_id":"ord_7vtcxc6t7ggcx267wchbxpn4v3","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"ada@example.com","status":"placed",
			"items":[{"product_id":"brass-bell","name":"Brass bell","unit_price":{"amount":0,"currency":"GBP"},"quantity":10000,
				"line_total":{"amount":0,"currency":"GBP"}}],
			"total":{"amount":0,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.589Z"}],
		"next_cursor":"bW9yZQ","complete_until":"2026-03-14T09:59:00.250Z"}`})
}

// TestCSV: the page as CSV to the letter, and a Link to the next one, by the customer's id.
func TestCSV(t *testing.T) {
	var asked page.Request
	orders := all(func(_ user.Caller, f order.Filter, r page.Request) (page.Page[order.Order], error) {
		asked = r
		if r.Cursor != "" {
			return page.Page[order.Order]{}, nil
		}
		return page.Page[order.Order]{Items: []order.Order{{
			ID: "ord_7vtcxc6t7ggcx267wchbxpn4v3", UserID: f.Customer, Email: httpapitest.Email,
			Lines: []order.Line{
				{ProductID: "bell", Name: "=Bell", UnitPrice: money.Money{Amount: 700, Currency: "GBP"}, Quantity: 2},
			},
			Total:    money.Money{Amount: 1400, Currency: "GBP"},
			PlacedAt: time.Date(2026, 3, 14, 19, 26, 53, 589e6, time.UTC),
		}}, NextCursor: "bW9yZQ"}, nil
	})
	event := httpapitest.ReadEvent(t)
	const id = "usr_019cafb8-d247-752e-9651-0c5ca6a3a450"
	for query, link := range map[string]string{
		"format=csv&limit=1&from=2026-03-01&email=ada@example.com": "<?cursor=bW9yZQ&customer=" + id +
			`&format=csv&from=2026-03-01&limit=1>; rel="next"`,
		"format=csv&limit=1&cursor=bW9yZQ": "",
	} {
		a := httpapitest.Call(t, serving(orders, customers{}), event.WithQuery(query))
		want := "order_id,placed_at,day,status,user_id,email,currency,total_minor,lines,line,product_id,name," +
			"unit_price_minor,quantity,line_total_minor\r\n"
		if link != "" {
			want += "ord_7vtcxc6t7ggcx267wchbxpn4v3,2026-03-14T19:26:53.589Z,2026-03-15,placed," + id +
				",ada@example.com,GBP,1400,1,1,bell,'=Bell,700,2,1400\r\n"
		}
		if a.Status != http.StatusOK || a.Body != want || a.Header["Link"] != link || asked.Limit != 1 ||
			a.Header["Content-Type"] != "text/csv; charset=utf-8" {
			t.Errorf("%s: got %d %v\n%s\nwant %s\n%s", query, a.Status, a.Header, a.Body, link, want)
		}
	}
	httpapitest.CheckQueries(t, event, handler(nil), map[string]httpapitest.Problem{
		"format=xml": httpapitest.FieldErrors("format", "must be json or csv"),
		"format=":    httpapitest.FieldErrors("format", "must be json or csv"),
	})
}

// nothing answers empty pages and passes on what it is asked for.
func nothing(ask func(f order.Filter, r page.Request)) httpapi.Handler {
	return serving(all(func(_ user.Caller, f order.Filter, r page.Request) (page.Page[order.Order], error) {
		ask(f, r)
		return page.Page[order.Order]{}, nil
	}), customers{})
}

func TestPages(t *testing.T) {
	httpapitest.CheckPages(t, httpapitest.ReadEvent(t), func(ask func(page.Request)) httpapi.Handler {
		return nothing(func(_ order.Filter, r page.Request) { ask(r) })
	})
}

// TestFilters: what the query says reaches the domain, each filter of its own; event.json has them all.
func TestFilters(t *testing.T) {
	noon := time.Date(2011, 9, 30, 12, 0, 0, 0, time.UTC)
	midnight := noon.Add(6*time.Hour + 15*time.Minute) // in Kathmandu
	for query, want := range map[string]order.Filter{
		"": {},
		"from=2011-09-30T12:00:00Z&to=2011-09-30T11:00:00-01:00": {From: noon, To: noon},
		"from=2011-10-01&to=2011-10-02":                          {From: midnight, To: midnight.Add(48 * time.Hour)},
		"from=2011-09-30T12:00:00Z&to=2011-09-30":                {From: noon, To: midnight},
		"customer=no%20user":                                     {Customer: "no user"},
		"status=packed":                                          {Status: order.Packed},
		"status=cancelled&from=2011-10-01":                       {Status: order.Cancelled, From: midnight},
	} {
		var got []order.Filter
		h := nothing(func(f order.Filter, _ page.Request) { got = append(got, f) })
		httpapitest.Call(t, h, httpapitest.ReadEvent(t).WithQuery(query)).Check(t, httpapitest.Want{
			Status: http.StatusOK, Body: `{"items":[],"next_cursor":null,"complete_until":"2026-03-14T09:59:00.250Z"}`})
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: the domain was asked for %+v, want %+v once", query, got, want)
		}
	}
	httpapitest.CheckQueries(t, httpapitest.ReadEvent(t), handler(nil), map[string]httpapitest.Problem{
		"from=2011-09-31":               httpapitest.FieldErrors("from", moment),
		"to=2011-09-30T00:00:00":        httpapitest.FieldErrors("to", moment),
		"status=placed":                 httpapitest.FieldErrors("status", statuses),
		"status=":                       httpapitest.FieldErrors("status", statuses),
		"status=Packed":                 httpapitest.FieldErrors("status", statuses),
		"product_id=lamp":               httpapitest.FieldErrors("product_id", "is not a known parameter"),
		"status=packed&customer=a":      httpapitest.FieldErrors("customer", "does not go with status"),
		"status=packed&email=a%40b.c":   httpapitest.FieldErrors("email", "does not go with status"),
		"from=2011-10-02&to=2011-10-01": httpapitest.FieldErrors("to", "must not be before from"),
		"customer=&from=2011-10-01T00:00:00Z&to=2011-09-01T00:00:00Z": httpapitest.FieldErrors(
			"to", "must not be before from", "customer", "must be a user id"),
	})
}

const statuses = "must be packed, shipped, delivered, cancelling or cancelled"

const moment = "must be a day such as 2011-09-30 or an RFC 3339 time such as 2011-09-30T00:00:00Z"

// handler serves these orders.
func handler(a all) httpapi.Handler { return serving(a, customers{}) }

func TestRefusals(t *testing.T) {
	httpapitest.CheckRefusals(t, httpapitest.ReadEvent(t), func(err error) httpapi.Handler {
		return handler(func(user.Caller, order.Filter, page.Request) (page.Page[order.Order], error) {
			return page.Page[order.Order]{}, err
		})
	})
}

func TestGuard(t *testing.T) { httpapitest.CheckGuard(t, httpapitest.ReadEvent(t), handler(nil)) }
