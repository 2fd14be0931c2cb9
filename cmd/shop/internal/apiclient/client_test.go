package apiclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shop/cmd/shop/internal/replay"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/user"
	"shop/internal/validation"
)

// patient lets a store answer in the end, on a machine however slow; impatient is for one that never does.
var (
	patient   = Patience{First: time.Millisecond, Cap: 4 * time.Millisecond, Total: time.Minute}
	impatient = Patience{First: time.Millisecond, Cap: 4 * time.Millisecond, Total: time.Second}
)

// serve starts a server and returns a client of it.
func serve(t *testing.T, handle http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	c := New(server.URL+"/", 4)
	c.Patience = patient
	return c
}

// refuse answers with a problem, as the store's functions do.
func refuse(w http.ResponseWriter, status int, code, members string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"type":"about:blank","title":"T","status":%d,"detail":"D","code":%q,"request_id":"R"%s}`, status,
		code, members)
}

// reply answers with JSON.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// get sends one GET.
func get(c *Client) (answer, error) {
	return c.send(context.Background(), request{method: http.MethodGet, path: "/products"}, "")
}

// TestSendRepeats what may pass, and nothing else.
func TestSendRepeats(t *testing.T) {
	for name, c := range map[string]struct {
		fail    func(w http.ResponseWriter)
		repeats int
		status  int // of the error, 0 for none
	}{
		"busy":      {func(w http.ResponseWriter) { refuse(w, 503, "busy", "") }, 2, 0},
		"throttled": {func(w http.ResponseWriter) { reply(w, 429, `{"message":"Too Many Requests"}`) }, 2, 0},
		"function failed": {func(w http.ResponseWriter) {
			reply(w, 500, `{"message":"Internal Server Error"}`)
		}, 2, 0},
		"bad gateway": {func(w http.ResponseWriter) { reply(w, 502, "<html>") }, 2, 0},
		"no answer":   {hangUp, 2, 0},
		"half an answer": {
			func(w http.ResponseWriter) { w.Header().Set("Content-Length", "99"); reply(w, 200, "{") }, 2, 0,
		},
		"refused":           {func(w http.ResponseWriter) { refuse(w, 409, "out_of_stock", "") }, 0, 409},
		"not found":         {func(w http.ResponseWriter) { refuse(w, 404, "product_not_found", "") }, 0, 404},
		"gateway's own 413": {func(w http.ResponseWriter) { reply(w, 413, `{"message":"Request Too Long"}`) }, 0, 413},
		"redirect":          {func(w http.ResponseWriter) { w.WriteHeader(304) }, 0, 304},
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int64
			client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if calls.Add(1) <= 2 {
					c.fail(w)
					return
				}
				reply(w, 200, `{}`)
			})
			a, err := get(client)
			if a.repeats != c.repeats || status(err) != c.status || (err == nil) != (c.status == 0) {
				t.Errorf("%d repeats, %v; want %d, status %d", a.repeats, err, c.repeats, c.status)
			}
		})
	}
}

// TestSendGivesUp in bounded time, and says why.
func TestSendGivesUp(t *testing.T) {
	for name, fail := range map[string]func(http.ResponseWriter){
		"busy":      func(w http.ResponseWriter) { refuse(w, 503, "busy", "") },
		"no answer": hangUp,
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) { fail(w) })
		client.Patience = impatient
		start := time.Now()
		a, err := get(client)
		if err == nil || !strings.Contains(err.Error(), "given up after") ||
			!strings.Contains(err.Error(), "GET /products") || a.repeats == 0 {
			t.Errorf("%s: %d repeats, %v; want it to give up after some", name, a.repeats, err)
		}
		if took := time.Since(start); took > 10*impatient.Total {
			t.Errorf("%s: gave up after %v", name, took)
		}
	}
}

func TestSendNobodyThere(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	client := New(server.URL, 1)
	client.Patience = impatient
	var noAnswer lost
	if _, err := get(client); !errors.As(err, &noAnswer) {
		t.Errorf("got %v, want no answer", err)
	}
}

// TestSendWaitsAsAsked: not before the time that the store asked for, and not at all when that is too long.
func TestSendWaitsAsAsked(t *testing.T) {
	var first time.Time
	calls := 0
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		if first.IsZero() {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			refuse(w, 503, "busy", "")
			return
		}
		reply(w, 200, `{}`)
	})
	if _, err := get(client); err != nil || time.Since(first) < time.Second {
		t.Errorf("%v after %v, want success after a second", err, time.Since(first))
	}
	first, calls, client.Patience.Total = time.Time{}, 0, 500*time.Millisecond
	if _, err := get(client); status(err) != 503 || calls != 1 {
		t.Errorf("%v after %d calls, want it to give up at once", err, calls)
	}
}

func TestSendStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		refuse(w, 503, "busy", "")
	})
	client.Patience = Patience{First: time.Hour, Cap: time.Hour, Total: 2 * time.Hour}
	if _, err := client.send(ctx, request{method: http.MethodGet, path: "/"}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestWaitIsBounded(t *testing.T) {
	p := Patience{First: 10 * time.Millisecond, Cap: 80 * time.Millisecond}
	for repeats, limit := range map[int]time.Duration{
		0: 10 * time.Millisecond, 2: 40 * time.Millisecond, 5: 80 * time.Millisecond, 5000: 80 * time.Millisecond,
	} {
		longest := time.Duration(0)
		for range 300 {
			longest = max(longest, p.wait(repeats, errors.New("x")))
		}
		if longest >= limit || longest < limit/2 {
			t.Errorf("after %d repeats the longest of 300 waits is %v, want under %v and not far",
				repeats, longest, limit)
		}
	}
	asked := &Problem{Status: 503, retryAfter: time.Minute}
	if wait := p.wait(0, asked); wait < time.Minute || wait > time.Minute+10*time.Millisecond {
		t.Errorf("wait %v, want a minute and a little more", wait)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "2": 2 * time.Second, "0": 0, "-1": 0, "1.5": 0, "soon": 0, "99999999999999999999": 0,
		"Mon, 05 Jan 2026 08:00:30 GMT": 30 * time.Second,
		"Mon, 05 Jan 2026 07:59:30 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("Retry-After %q: %v, want %v", header, got, want)
		}
	}
}

func TestProblem(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 400, "invalid_request", `,"errors":[{"field":"name","message":"is empty"}]`)
	})
	_, err := get(client)
	want := "GET /products: the store answered 400: invalid_request: D; name: is empty"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := (&Problem{Status: 413}).Reason(); got != "status 413" {
		t.Errorf("reason %q, want status 413", got)
	}
}

// store is a server with log-in: its token is the number of log-ins so far, and only the last is good.
type store struct {
	logIns atomic.Int64
	handle http.HandlerFunc
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/sessions" {
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"email":"ada@example.com","password":"secret"}` {
			refuse(w, 401, "invalid_credentials", "")
			return
		}
		reply(w, 201, fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer","expires_in":900}`, s.logIns.Add(1)))
		return
	}
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer t%d", s.logIns.Load()) {
		reply(w, 401, `{"message":"Unauthorized"}`)
		return
	}
	s.handle(w, r)
}

func session(t *testing.T, handle http.HandlerFunc) (*Session, *store) {
	t.Helper()
	s := &store{handle: handle}
	logged, err := serve(t, s.ServeHTTP).LogIn(context.Background(), "ada@example.com", "secret")
	if err != nil {
		t.Fatal(err)
	}
	return logged, s
}

func TestLogInRefuses(t *testing.T) {
	s := &store{}
	_, err := serve(t, s.ServeHTTP).LogIn(context.Background(), "ada@example.com", "wrong")
	if !errors.Is(err, user.ErrInvalidCredentials) {
		t.Errorf("got %v, want ErrInvalidCredentials", err)
	}
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 201, `{}`) })
	if _, err := client.LogIn(context.Background(), "a", "b"); err == nil {
		t.Error("no error for an answer without a token")
	}
	client = serve(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `<html>`) })
	if _, err := client.LogIn(context.Background(), "a", "b"); err == nil {
		t.Error("no error for an answer that is not JSON")
	}
}

// TestSessionLogsInAgain when its token has run out: once for many requests at a time.
func TestSessionLogsInAgain(t *testing.T) {
	s, server := session(t,
		func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"items":[],"next_cursor":null}`) })
	server.logIns.Add(1) // the session's token is stale now
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := s.Products(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := server.logIns.Load(); got != 3 {
		t.Errorf("%d log-ins, want 3: the first, the one that made it stale, and one more", got)
	}
}

func TestSessionRefusedAgain(t *testing.T) {
	s, server := session(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 401, "unauthenticated", "") })
	if _, err := s.Products(context.Background()); status(err) != 401 || server.logIns.Load() != 2 {
		t.Errorf("got %v after %d log-ins, want 401 after 2", err, server.logIns.Load())
	}
}

func TestSessionNotAdmin(t *testing.T) {
	s, _ := session(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 403, `{"message":"Forbidden"}`) })
	if _, err := s.Products(context.Background()); !errors.Is(err, user.ErrNoRight) {
		t.Errorf("got %v, want ErrNoRight", err)
	}
}

func TestSignUp(t *testing.T) {
	var got string
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
		reply(w, 201, `{"user_id":"usr_1"}`)
	})
	err := client.SignUp(context.Background(),
		user.Registration{Email: "ada@example.com", Password: "secret", Name: "Ada"})
	want := `POST /users application/json {"email":"ada@example.com","password":"secret","name":"Ada"}`
	if err != nil || got != want {
		t.Errorf("sent %s, %v, want %s", got, err, want)
	}
	client = serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 409, "email_taken", "") })
	if err := client.SignUp(context.Background(), user.Registration{}); !errors.Is(err, user.ErrEmailTaken) {
		t.Errorf("got %v, want ErrEmailTaken", err)
	}
	client = serve(t, func(w http.ResponseWriter, _ *http.Request) { refuse(w, 400, "invalid_request", "") })
	if err := client.SignUp(context.Background(), user.Registration{}); status(err) != 400 {
		t.Errorf("got %v, want 400", err)
	}
}

func TestProducts(t *testing.T) {
	var queries []string
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.Path+"?"+r.URL.RawQuery)
		if r.URL.Query().Get("cursor") == "" {
			reply(w, 200,
				`{"items":[{"product_id":"a","name":"A","price":{"amount":1,"currency":"GBP"},"stock":5,"active":true,"image_url":"https://x","version":3}],"next_cursor":"c+/="}`)
			return
		}
		reply(w, 200, `{"items":[{"product_id":"b"}],"next_cursor":null}`)
	})
	got, err := s.Products(context.Background())
	want := product.Product{
		ID: "a", Name: "A", Price: money.Money{Amount: 1, Currency: "GBP"}, Stock: 5, Active: true,
		ImageURL: "https://x", LowStockThreshold: 5, Version: 3,
	}
	if err != nil || len(got) != 2 || got[0] != want || got[1].ID != "b" {
		t.Errorf("got %+v, %v, want %+v and b", got, err, want)
	}
	if fmt.Sprint(queries) != "[/admin/products?limit=100 /admin/products?cursor=c%2B%2F%3D&limit=100]" {
		t.Errorf("asked for %v", queries)
	}
}

// A list whose cursor leads to its own page has no end, and is an error.
func TestProductsWithoutEnd(t *testing.T) {
	s, _ := session(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"items":[],"next_cursor":"c"}`) })
	if _, err := s.Products(context.Background()); err == nil || !strings.Contains(err.Error(), "same page") {
		t.Errorf("got %v, want an error that says so", err)
	}
}

func TestProduct(t *testing.T) {
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != "/admin/products/a.b" {
			refuse(w, 404, "product_not_found", "")
			return
		}
		reply(w, 200, `{"product_id":"a.b","description":"D","max_per_order":2,"low_stock_threshold":0}`)
	})
	if p, err := s.Product(context.Background(), "a.b"); err != nil || p.ID != "a.b" || p.Description != "D" ||
		p.MaxPerOrder != 2 || p.LowStockThreshold != 0 {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := s.Product(context.Background(), "x"); !errors.Is(err, product.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestCreate(t *testing.T) {
	var got []string
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.Path+" "+string(body))
		reply(w, 200, `{}`)
	})
	zero, most := int64(0), int64(2)
	d := product.Draft{
		ID: "a", Name: "A", Description: "D", Price: money.Money{Amount: 7, Currency: "GBP"}, Active: true,
		Stock: &zero,
	}
	for _, limit := range []*int64{nil, &most} {
		d.MaxPerOrder, d.LowStockThreshold = limit, limit
		if err := s.Create(context.Background(), d); err != nil {
			t.Fatal(err)
		}
	}
	want := `PUT /admin/products/a {"name":"A","description":"D","price":{"amount":7,"currency":"GBP"},"image_url":"","active":true`
	given := `,"max_per_order":2,"low_stock_threshold":2`
	if len(got) != 2 || got[0] != want+`,"stock":0}` || got[1] != want+given+`,"stock":0}` {
		t.Errorf("sent %q", got)
	}
}

const stored = `{"product_id":"a","name":"A","description":"D","price":{"amount":7,"currency":"GBP"},"image_url":"","stock_status":"in_stock",` +
	`"max_per_order":2,"categories":["Lamps"],"stock":9,"low_stock_threshold":7,"active":true,"version":%d,` +
	`"created_at":"x","updated_at":"y",` +
	`"x_unknown_member":{"name":"Acme","since":1952}}`

// TestChange: what edit leaves alone is sent as it was read, a member that the client does not know, too; what only the
// store writes is left out. A save of another admin in between is met by another attempt, which begins with it.
func TestChange(t *testing.T) {
	edit := func(p product.Product) product.Product {
		p.Price.Amount, p.MaxPerOrder, p.LowStockThreshold, p.Categories = 9, 0, 0, product.Categories{}
		return p
	}
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		saved   bool
		sent    int
		err     error
	}{
		"saved": {[]func(http.ResponseWriter){func(w http.ResponseWriter) {
			reply(w, 200, "{}")
		}}, true, 1, nil},
		"changed in between": {[]func(http.ResponseWriter){changedSince, func(w http.ResponseWriter) {
			reply(w, 200, "{}")
		}}, true, 2, nil},
		"changed each time": {slices.Repeat([]func(http.ResponseWriter){changedSince},
			changeAttempts), false, changeAttempts, product.ErrContended},
	} {
		var sent []string
		s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				reply(w, 200, fmt.Sprintf(stored, len(sent)+1))
				return
			}
			body, _ := io.ReadAll(r.Body)
			sent = append(sent, string(body))
			c.answers[len(sent)-1](w)
		})
		saved, err := s.Change(context.Background(), "a", edit)
		if saved != c.saved || !errors.Is(err, c.err) || len(sent) != c.sent {
			t.Errorf("%s: got %t, %v after %d saves, want %t, %v after %d",
				name, saved, err, len(sent), c.saved, c.err, c.sent)
		}
		for i, body := range sent {
			want := fmt.Sprintf(`{"active":true,"categories":[],"compare_version":%d,"description":"D","image_url":"",`+
				`"low_stock_threshold":0,"max_per_order":10000,"name":"A","price":{"amount":9,"currency":"GBP"},`+
				`"x_unknown_member":{"name":"Acme","since":1952}}`, i+1)
			if body != want {
				t.Errorf("%s: sent %s, want %s", name, body, want)
			}
		}
	}
}

func changedSince(w http.ResponseWriter) { refuse(w, 409, "product_changed", "") }

// TestChangeOfNothing: what is as it is to be is not saved, unless by an earlier attempt whose answer was lost.
func TestChangeOfNothing(t *testing.T) {
	var sent int
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet && sent > 0:
			reply(w, 200, strings.Replace(fmt.Sprintf(stored, 2), `"A"`, `"B"`, 1))
		case r.Method == http.MethodGet:
			reply(w, 200, fmt.Sprintf(stored, 1))
		case sent == 0:
			sent++
			hangUp(w)
		default:
			sent++
			changedSince(w)
		}
	})
	if saved, err := s.Change(context.Background(), "a", func(p product.Product) product.Product { return p }); saved ||
		err != nil || sent != 0 {
		t.Errorf("got %t, %v after %d saves, want none", saved, err, sent)
	}
	rename := func(p product.Product) product.Product { p.Name = "B"; return p }
	if saved, err := s.Change(context.Background(), "a", rename); !saved || err != nil || sent != 2 {
		t.Errorf("the answer was lost: got %t, %v after %d saves, want a save that was repeated once", saved, err, sent)
	}
}

func TestCreateRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   string
	}{
		"fields": {func(w http.ResponseWriter) {
			refuse(w, 400, "invalid_request", `,"errors":[{"field":"stock","message":"no"}]`)
		}, "stock: no"},
		"whole": {func(w http.ResponseWriter) {
			refuse(w, 400, "invalid_request", "")
		}, ": the store answered 400: invalid_request: D"},
		"too long": {func(w http.ResponseWriter) {
			reply(w, 413, `{"message":"Too Long"}`)
		}, ": the store answered 413"},
	} {
		s, _ := session(t, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) })
		err := s.Create(context.Background(), product.Draft{ID: "a"})
		var invalid validation.Errors
		if !errors.As(err, &invalid) || invalid.Describe() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

var twoLamps = []order.Item{{ProductID: "lamp", Quantity: 2}}

// TestCheckoutRepeats the same request with the same key until there is an answer.
func TestCheckoutRepeats(t *testing.T) {
	var got []string
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Idempotency-Key")+" "+string(body))
		switch len(got) {
		case 1:
			refuse(w, 503, "busy", "")
		case 2:
			hangUp(w)
		default:
			w.Header().Set("Idempotent-Replayed", "true")
			reply(w, 201,
				`{"order_id":"ord_1","items":[{"product_id":"lamp","quantity":2,"name":"Lamp"}],"email_status":"pending","placed_at":"2026-01-05T08:00:00.125Z"}`)
		}
	})
	receipt, err := s.Checkout(context.Background(), "536365", twoLamps)
	if err != nil || receipt.OrderID != "ord_1" || !receipt.Replayed || receipt.Repeats != 2 ||
		fmt.Sprint(receipt.Items) != fmt.Sprint(twoLamps) ||
		!receipt.PlacedAt.Equal(time.Date(2026, 1, 5, 8, 0, 0, 125e6, time.UTC)) {
		t.Errorf("got %+v, %v", receipt, err)
	}
	want := `POST /orders 536365 {"items":[{"product_id":"lamp","quantity":2}]}`
	for _, request := range got {
		if request != want {
			t.Errorf("sent %s, want %s", request, want)
		}
	}
}

func TestCheckoutRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter)
		want   string // reason of the refusal, empty for another error
	}{
		"sold out":  {func(w http.ResponseWriter) { refuse(w, 409, "out_of_stock", `,"items":[]`) }, "out_of_stock"},
		"gateway":   {func(w http.ResponseWriter) { reply(w, 413, `{"message":"x"}`) }, "status 413"},
		"busy":      {func(w http.ResponseWriter) { refuse(w, 503, "busy", "") }, ""},
		"no answer": {hangUp, ""},
		"no order":  {func(w http.ResponseWriter) { reply(w, 201, "[") }, ""},
	} {
		s, _ := session(t, func(w http.ResponseWriter, _ *http.Request) { c.answer(w) })
		s.client.Patience = impatient
		_, err := s.Checkout(context.Background(), "1", twoLamps)
		var refusal *replay.Refusal
		if errors.As(err, &refusal) != (c.want != "") || refusal != nil && refusal.Reason != c.want || err == nil {
			t.Errorf("%s: got %v, want refusal %q", name, err, c.want)
		}
	}
}

func TestEmailStatus(t *testing.T) {
	s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/orders/ord_1" {
			refuse(w, 404, "order_not_found", "")
			return
		}
		reply(w, 200, `{"order_id":"ord_1","email_status":"sent"}`)
	})
	if got, err := s.EmailStatus(context.Background(), "ord_1"); err != nil || got != order.EmailSent {
		t.Errorf("got %s, %v, want sent", got, err)
	}
	if _, err := s.EmailStatus(context.Background(), "ord_9"); status(err) != 404 {
		t.Errorf("got %v, want 404", err)
	}
}

func TestShopClock(t *testing.T) {
	for date, want := range map[string]string{
		"Mon, 05 Jan 2026 08:00:30 GMT": "2026-01-05T08:00:30Z", "yesterday": "",
	} {
		s, _ := session(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.String() != "/admin/products?limit=1" {
				w.WriteHeader(404)
			}
			w.Header().Set("Date", date)
			reply(w, 200, `{"items":[]}`)
		})
		got, err := (&Shop{Session: s}).Clock(context.Background())
		if (err == nil) != (want != "") || err == nil && got.Format(time.RFC3339) != want {
			t.Errorf("%s: got %v, %v, want %s", date, got, err, want)
		}
	}
}

func TestShopCustomer(t *testing.T) {
	signedUp := map[string]bool{}
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/users" && signedUp[string(body)]:
			refuse(w, 409, "email_taken", "")
		case r.URL.Path == "/users":
			signedUp[string(body)] = true
			reply(w, 201, `{}`)
		case string(body) == `{"email":"success+17850@simulator.amazonses.com","password":"secret"}`:
			reply(w, 201, `{"access_token":"t"}`)
		default:
			refuse(w, 401, "invalid_credentials", "")
		}
	})
	shop := &Shop{Session: &Session{client: client}, Password: "secret"}
	for _, want := range []bool{false, true} {
		customer, returning, err := shop.Customer(context.Background(), "17850")
		if err != nil || customer == nil || returning != want {
			t.Errorf("got %v, returning %t, %v; want %t", customer, returning, err, want)
		}
	}
	shop.Password = "other"
	if _, _, err := shop.Customer(context.Background(), "17850"); !errors.Is(err, user.ErrInvalidCredentials) {
		t.Errorf("got %v, want ErrInvalidCredentials", err)
	}
}

func TestMailbox(t *testing.T) {
	one, two := "ord_"+strings.Repeat("a", 26), "ord_"+strings.Repeat("b2", 13)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_ministack/ses/messages" {
			w.WriteHeader(404)
			return
		}
		reply(w, 200, fmt.Sprintf(`{"messages":{"000000000000":[
			{"To":["a@example.com"],"BodyText":"Your order %[1]s. Again: %[1]s","BodyHtml":"%[2]s"},
			{"BodyText":"Your order %[2]s"},{"BodyText":"%[2]s"},{"BodyText":"x%[1]s and %[1]sx and ord_1"}],
			"111111111111":[{"BodyText":null}]}}`, one, two))
	})
	got, err := (Mailbox{Client: client}).Count(context.Background())
	if err != nil || len(got) != 2 || got[one] != 1 || got[two] != 2 {
		t.Errorf("got %v, %v, want one mail for %s and two for %s", got, err, one, two)
	}
}
