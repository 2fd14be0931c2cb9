package contract

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// checkRequest says what in a request breaks the document.
func checkRequest(t *testing.T, c *Contract, request, body string, header http.Header) error {
	t.Helper()
	method, target, _ := strings.Cut(request, " ")
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Header = header
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		t.Fatal(err)
	}
	return openapi3filter.ValidateRequest(t.Context(), &openapi3filter.RequestValidationInput{
		Request: req, Route: route, PathParams: params,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}

const (
	save     = `{"name":"L","description":"","price":{"amount":0,"currency":"GBP"},"image_url":"","active":true%s}`
	saveAt   = "PUT /admin/products/l"
	stockAt  = saveAt + "/stock"
	adjustAt = "POST /admin/products/l/stock/adjustments"
)

func lines(n int) string {
	return `{"items":[` + strings.Repeat(`{"product_id":"l","quantity":1},`, n-1) + `{"product_id":"l","quantity":1}]}`
}

var requests = []struct {
	name, request, body string
	ok                  bool
}{
	{"sign-up", "POST /users", `{"email":"a@b.c","password":"8letters","name":"A"}`, true},
	{"sign-up with a role", "POST /users", `{"email":"a@b.c","password":"8letters","name":"A","role":"admin"}`, false},
	{"sign-up with 7 characters", "POST /users", `{"email":"a@b.c","password":"7letter","name":"A"}`, false},
	{
		"sign-up with 129 characters", "POST /users",
		`{"email":"a@b.c","password":"` + strings.Repeat("x", 129) + `","name":"A"}`, false,
	},
	{"sign-up with no address", "POST /users", `{"email":"abc","password":"8letters","name":"A"}`, false},
	{
		"sign-up with a long address", "POST /users",
		`{"email":"a@` + strings.Repeat("b", 253) + `","password":"8letters","name":"A"}`, false,
	},
	{
		"sign-up with a long name", "POST /users",
		`{"email":"a@b.c","password":"8letters","name":"` + strings.Repeat("x", 201) + `"}`, false,
	},
	{"log-in", "POST /sessions", `{"email":"a@b.c","password":"x"}`, true},
	{"log-in without a password", "POST /sessions", `{"email":"a@b.c"}`, false},
	{"log-in with nothing", "POST /sessions", `{"email":"","password":""}`, false},
	{"refresh", "POST /sessions/refresh", `{"refresh_token":"x"}`, true},
	{"refresh with nothing", "POST /sessions/refresh", `{"refresh_token":""}`, false},
	{"a browser's log-in", "POST /browser-sessions", `{"email":"a@b.c","password":"x"}`, false},
	{"a browser's refresh with a token", "POST /browser-sessions/refresh", `{"refresh_token":"x"}`, false},
	{"log-out without a token", "POST /sessions/revoke", `{}`, false},
	{"verification", "POST /users/verification", `{"token":"x"}`, true},
	{"verification with nothing", "POST /users/verification", `{"token":""}`, false},
	{"request of a reset", "POST /password-resets", `{"email":"a@b.c"}`, true},
	{"request of a reset of no address", "POST /password-resets", `{"email":"abc"}`, false},
	{"reset", "PUT /password-resets", `{"token":"x","password":"8letters"}`, true},
	{"reset to 7 characters", "PUT /password-resets", `{"token":"x","password":"7letter"}`, false},
	{"reset without a token", "PUT /password-resets", `{"password":"8letters"}`, false},
	{"end of all sessions without a password", "DELETE /sessions", `{}`, false},
	{"change of a password", "PUT /users/me/password", `{"current":"x","new":"8letters"}`, true},
	{"change to 7 characters", "PUT /users/me/password", `{"current":"x","new":"7letter"}`, false},
	{"change without the present one", "PUT /users/me/password", `{"new":"8letters"}`, false},
	{"change of a name", "PATCH /users/me", `{"name":"A"}`, true},
	{"change to no name", "PATCH /users/me", `{"name":""}`, false},
	{"change of a role", "PATCH /users/me", `{"name":"A","role":"admin"}`, false},
	{"removal", "DELETE /users/me", `{"password":"x"}`, true},
	{"removal without a password", "DELETE /users/me", `{}`, false},
	{"a long search", "GET /products?q=" + strings.Repeat("x", 201), "", false},
	{"checkout", "POST /orders", lines(1), true},
	{"checkout of many lines of one product", "POST /orders", lines(120), true},
	{"checkout of nothing", "POST /orders", `{"items":[]}`, false},
	{"checkout of 0", "POST /orders", `{"items":[{"product_id":"l","quantity":0}]}`, false},
	{"checkout of -1", "POST /orders", `{"items":[{"product_id":"l","quantity":-1}]}`, false},
	{"checkout of 1.5", "POST /orders", `{"items":[{"product_id":"l","quantity":1.5}]}`, false},
	{"checkout of 10^12", "POST /orders", `{"items":[{"product_id":"l","quantity":1000000000000}]}`, false},
	{
		"checkout at the client's price", "POST /orders", `{"items":[{"product_id":"l","quantity":1,"unit_price":1}]}`,
		false,
	},
	{"checkout for someone else", "POST /orders", `{"items":[{"product_id":"l","quantity":1}],"user_id":"u"}`, false},
	{"checkout of an id with a space", "POST /orders", `{"items":[{"product_id":"a b","quantity":1}]}`, false},
	{
		"checkout with a total", "POST /orders",
		`{"items":[{"product_id":"l","quantity":1}],"expected_total":{"amount":1000000000000,"currency":"GBP"}}`, true,
	},
	{
		"checkout with a total over 10^12", "POST /orders",
		`{"items":[{"product_id":"l","quantity":1}],"expected_total":{"amount":1000000000001,"currency":"GBP"}}`, false,
	},
	{"save", saveAt, fmt.Sprintf(save, ""), true},
	{"save with stock", saveAt, fmt.Sprintf(save, `,"stock":1000000000`), true},
	{"save with too much stock", saveAt, fmt.Sprintf(save, `,"stock":1000000001`), false},
	{"save with a version", saveAt, fmt.Sprintf(save, `,"version":3`), false},
	{"save an id of 65 characters", "PUT /admin/products/" + strings.Repeat("x", 65), fmt.Sprintf(save, ""), false},
	{"save an image by http", saveAt, strings.Replace(fmt.Sprintf(save, ""), `"image_url":""`,
		`"image_url":"http://a/b"`, 1), false},
	{"save an amount as a string", saveAt, strings.Replace(fmt.Sprintf(save, ""), `"amount":0`, `"amount":"0"`,
		1), false},
	{"set stock", stockAt, `{"quantity":0,"compare_quantity":0,"reason":"stocktake"}`, true},
	{"set stock blindly", stockAt, `{"quantity":1,"reason":"stocktake"}`, false},
	{"set stock without a reason", stockAt, `{"quantity":1,"compare_quantity":0}`, false},
	{"set stock below nothing", stockAt, `{"quantity":-1,"compare_quantity":0,"reason":"r"}`, false},
	{"adjust", adjustAt, `{"delta":-3,"reason":"damaged"}`, true},
	{"adjust by nothing", adjustAt, `{"delta":0,"reason":"damaged"}`, false},
	{"adjust with a long reason", adjustAt, `{"delta":1,"reason":"` + strings.Repeat("x", 201) + `"}`, false},
	{"a page of 100", "GET /orders?limit=100", "", true},
	{"a page of 101", "GET /orders?limit=101", "", false},
	{"a page of 0", "GET /products?limit=0", "", false},
	{"a history in any offset", "GET /admin/orders?from=2026-03-01T00:00:00%2B05:30&to=2026-04-01T00:00:00Z", "", true},
	{"a history of a day", "GET /admin/orders?from=2026-03-01&to=2026-03-01", "", true},
	{"a history of no time", "GET /admin/orders?from=yesterday", "", false},
	{"a summary", "GET /admin/orders/summary?from=2026-03-01&to=2026-03-31&top=5", "", true},
	{"a summary up to today", "GET /admin/orders/summary?from=2026-03-01", "", true},
	{"a summary of no days", "GET /admin/orders/summary?days=0", "", false},
	{"a summary of instants", "GET /admin/orders/summary?from=2026-03-01T00:00:00Z&to=2026-03-31", "", false},
}

func TestRequests(t *testing.T) {
	c := load(t)
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {"k"}}
			if err := checkRequest(t, c, tt.request, tt.body, header); (err == nil) != tt.ok {
				t.Errorf("ok = %t, want %t: %v", err == nil, tt.ok, err)
			}
		})
	}
}

func TestIdempotencyKeys(t *testing.T) {
	c := load(t)
	for key, ok := range map[string]bool{
		"":                       false,
		"k":                      true,
		"two words ~!":           true,
		strings.Repeat("k", 255): true,
		strings.Repeat("k", 256): false,
		"schlüssel":              false,
		"tab\tulator":            false,
	} {
		header := http.Header{"Content-Type": {"application/json"}}
		if key != "" {
			header.Set("Idempotency-Key", key)
		}
		if err := checkRequest(t, c, "POST /orders", lines(1), header); (err == nil) != ok {
			t.Errorf("%q: ok = %t, want %t: %v", key, err == nil, ok, err)
		}
	}
}
