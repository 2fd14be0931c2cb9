package contract

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

const (
	orderID   = "ord_7vtcxc6t7ggcx267wchbxpn4v3"
	requestID = "JKJaXmPLvHcESHA="
)

// exchange is a request and its answer.
type exchange struct {
	request string // "METHOD /path"
	status  int
	header  http.Header
	body    string
}

func (e exchange) checkAgainst(c *Contract) error {
	method, target, _ := strings.Cut(e.request, " ")
	req := httptest.NewRequest(method, target, nil)
	resp := &http.Response{StatusCode: e.status, Header: e.header, Body: io.NopCloser(strings.NewReader(e.body))}
	return c.CheckAnswer(req, resp, []byte(e.body))
}

// with returns e with a header set, or without it when value is empty.
func (e exchange) with(name, value string) exchange {
	e.header = e.header.Clone()
	e.header.Del(name)
	if value != "" {
		e.header.Set(name, value)
	}
	return e
}

// saying returns e with the first old in its body replaced by new.
func (e exchange) saying(t *testing.T, old, new string) exchange {
	t.Helper()
	body := strings.Replace(e.body, old, new, 1)
	if body == e.body {
		t.Fatalf("the body has no %s: %s", old, e.body)
	}
	e.body = body
	return e
}

func functionHeader(contentType string) http.Header {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", requestID)
	return h
}

func gatewayAnswer(request string, status int, message string) exchange {
	return exchange{request, status, http.Header{"Content-Type": {"application/json"}}, fmt.Sprintf(`{"message":%q}`,
		message)}
}

func problemAnswer(request string, status int, code, more string) exchange {
	body := fmt.Sprintf(`{"type":"about:blank","title":"T","status":%d,"detail":"D","code":%q,"request_id":%q%s}`,
		status, code, requestID, more)
	return exchange{request, status, functionHeader("application/problem+json"), body}
}

var (
	product = exchange{"GET /products/brass-desk-lamp", 200, functionHeader("application/json"),
		`{"product_id":"brass-desk-lamp","name":"Lamp","description":"","price":{"amount":339,"currency":"GBP"},"image_url":"","stock_status":"in_stock"}`,
	}.with("Cache-Control", "public, max-age=30").with("ETag", `"q83vEjRWeJCrze8SNFZ4kA"`)

	user = exchange{"POST /users", 201, functionHeader("application/json"),
		`{"user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"a@example.com","name":"A","created_at":"2026-03-02T18:04:11.207Z"}`}

	order = exchange{"POST /orders", 201, functionHeader("application/json"),
		`{"order_id":"` + orderID +
			`","user_id":"usr_019cafb8-d247-752e-9651-0c5ca6a3a450","email":"a@example.com","status":"placed",` +
			`"items":[{"product_id":"l","name":"L","unit_price":{"amount":1,"currency":"GBP"},"quantity":2,"line_total":{"amount":2,"currency":"GBP"}}],` +
			`"total":{"amount":2,"currency":"GBP"},"placed_at":"2026-03-14T09:26:53.589Z","email_status":"pending"}`,
	}.with("Location", "https://api.shop.example/orders/"+orderID)

	outOfStock = problemAnswer("POST /orders", 409, "out_of_stock",
		`,"items":[{"product_id":"l","requested":2,"available":1}]`)
	busy      = problemAnswer("POST /orders", 503, "busy", "").with("Retry-After", "1")
	noToken   = problemAnswer("GET /orders", 401, "unauthenticated", "").with("WWW-Authenticate", "Bearer")
	wrong     = problemAnswer("POST /sessions", 401, "invalid_credentials", "").with("WWW-Authenticate", "Bearer")
	tooMany   = problemAnswer("POST /sessions", 429, "too_many_requests", "").with("Retry-After", "60")
	unchanged = exchange{"GET /products?q=a", 304, functionHeader(""), ""}.with("Content-Type", "").
			with("Cache-Control", "public, max-age=10").with("ETag", `"q83vEjRWeJCrze8SNFZ4kA"`)
	loggedOut = exchange{"POST /sessions/revoke", 204, functionHeader(""), ""}.with("Content-Type", "")
	taken     = exchange{"POST /password-resets", 202, functionHeader(""), ""}.with("Content-Type", "")
	nowhere   = problemAnswer("DELETE /orders", 404, "not_found", "")
)

func orderPage() exchange {
	listed := strings.Replace(order.body, `,"email_status":"pending"`, "", 1)
	return exchange{
		"GET /orders?limit=5", 200, functionHeader("application/json"), `{"items":[` + listed + `],"next_cursor":null}`,
	}
}

func TestCheckAnswerAccepts(t *testing.T) {
	c := load(t)
	tests := map[string]exchange{
		"a product":                   product,
		"an answer that a client has": unchanged,
		"a product cached for others": product.with("Cache-Control",
			"public, max-age=60, stale-while-revalidate=300"),
		"a body with a charset": product.with("Content-Type", "application/json; charset=utf-8"),
		"a user":                user,
		"an order":              order,
		"an order again":        order.with("Idempotent-Replayed", "true"),
		"an order that grew":    order.saying(t, `"status"`, `"gift":true,"status"`),
		"a Location under a path": order.with("Location",
			"http://127.0.0.1:4566/_aws/execute-api/api/orders/"+orderID),
		"a page":                         orderPage(),
		"a refusal with items":           outOfStock,
		"busy":                           busy,
		"no token":                       noToken,
		"a wrong password":               wrong,
		"too many passwords":             tooMany,
		"nothing to say":                 loggedOut,
		"nothing to tell":                taken,
		"a function's own 404":           nowhere,
		"the gateway's 401":              gatewayAnswer("GET /orders", 401, "Unauthorized"),
		"the gateway's 403":              gatewayAnswer("GET /admin/orders", 403, "Forbidden"),
		"the gateway's 413":              gatewayAnswer("POST /orders", 413, "Request Entity Too Large"),
		"the gateway's 429":              gatewayAnswer("GET /products", 429, "Too Many Requests"),
		"the gateway's 500":              gatewayAnswer("GET /products", 500, "Internal Server Error"),
		"the gateway's 504":              gatewayAnswer("GET /products", 504, "Endpoint request timed out"),
		"the gateway's 404 for a path":   gatewayAnswer("GET /nowhere", 404, "Not Found"),
		"the gateway's 404 for a method": gatewayAnswer("DELETE /orders", 404, "Not Found"),
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := tt.checkAgainst(c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCheckAnswerRefuses(t *testing.T) {
	c := load(t)
	page := orderPage()
	tests := map[string]exchange{
		"a body where none may be":        exchange{loggedOut.request, 204, loggedOut.header, "{}"},
		"a body that could tell":          exchange{taken.request, 202, taken.header, `{"sent":true}`},
		"a 204 without a header":          loggedOut.with("X-Request-Id", ""),
		"an undeclared status":            {user.request, 200, user.header, user.body},
		"a status of another operation":   problemAnswer("GET /products", 404, "product_not_found", ""),
		"an empty body":                   {user.request, 201, user.header, ""},
		"a body that is no JSON":          user.saying(t, `{`, ``),
		"something after the body":        {user.request, 201, user.header, user.body + `{}`},
		"a key twice":                     user.saying(t, `{`, `{"name":"A",`),
		"a field too many":                user.saying(t, `{`, `{"role":"admin",`),
		"a field missing":                 user.saying(t, `"name":"A",`, ``),
		"a field in another case":         user.saying(t, `"name"`, `"Name"`),
		"a number for a string":           user.saying(t, `"name":"A"`, `"name":1`),
		"another kind of id":              user.saying(t, `-752e-`, `-452e-`),
		"a time without decimals":         user.saying(t, `11.207Z`, `11Z`),
		"a time with six decimals":        user.saying(t, `11.207Z`, `11.207000Z`),
		"a time with an offset":           user.saying(t, `11.207Z`, `11.207+00:00`),
		"a time of no day":                user.saying(t, `2026-03-02`, `2026-13-02`),
		"no Content-Type":                 user.with("Content-Type", ""),
		"another Content-Type":            user.with("Content-Type", "text/html"),
		"no Cache-Control":                user.with("Cache-Control", ""),
		"a private answer kept by caches": user.with("Cache-Control", "public, max-age=30"),
		"no X-Content-Type-Options":       user.with("X-Content-Type-Options", ""),
		"another X-Content-Type-Options":  user.with("X-Content-Type-Options", "sniff"),
		"no X-Request-Id":                 user.with("X-Request-Id", ""),
		"a catalogue that is not kept":    product.with("Cache-Control", "no-store"),
		"a catalogue that is kept long":   product.with("Cache-Control", "public, max-age=86400"),
		"an admin's field in public":      product.saying(t, `{`, `{"stock":3,`),
		"a fraction of a penny":           product.saying(t, `339`, `339.5`),
		"an amount as a string":           product.saying(t, `339`, `"339"`),
		"an amount below nothing":         product.saying(t, `339`, `-1`),
		"an amount over the limit":        product.saying(t, `339`, `1000000000001`),
		"a currency in lower case":        product.saying(t, `GBP`, `gbp`),
		"an image by http": product.saying(t, `"image_url":""`,
			`"image_url":"http://images.shop.example/l.jpg"`),
		"another stock status":             product.saying(t, `in_stock`, `plenty`),
		"no Location":                      order.with("Location", ""),
		"a Location without a host":        order.with("Location", "/orders/"+orderID),
		"another Idempotent-Replayed":      order.with("Idempotent-Replayed", "yes"),
		"another kind of order id":         order.saying(t, orderID, "ord_0VTCXC6T7GGCX267WCHBXPN4V3"),
		"an order without its mail":        order.saying(t, `,"email_status":"pending"`, ``),
		"an order of nothing":              order.saying(t, `"quantity":2`, `"quantity":0`),
		"a listed order with its mail":     page.saying(t, `"status"`, `"email_status":"sent","status"`),
		"a page that leaves open the next": page.saying(t, `,"next_cursor":null`, ``),
		"an empty cursor":                  page.saying(t, `"next_cursor":null`, `"next_cursor":""`),
		"null for no items":                {page.request, 200, page.header, `{"items":null,"next_cursor":null}`},
		"a problem as JSON":                outOfStock.with("Content-Type", "application/json"),
		"a problem with another status":    outOfStock.saying(t, `"status":409`, `"status":400`),
		"a problem of another request":     outOfStock.with("X-Request-Id", "another"),
		"a problem with one field more":    outOfStock.saying(t, `{`, `{"stack":"trace",`),
		"a problem without its detail":     outOfStock.saying(t, `"detail":"D",`, ``),
		"a problem without its items":      problemAnswer("POST /orders", 409, "out_of_stock", ""),
		"items of another problem":         outOfStock.saying(t, `"out_of_stock"`, `"price_changed"`),
		"an unknown code":                  outOfStock.saying(t, `"out_of_stock"`, `"sold_out"`),
		"a code of another operation":      problemAnswer("POST /orders", 409, "email_taken", ""),
		"invalid_request without errors":   problemAnswer("POST /orders", 400, "invalid_request", ""),
		"a public route that needs a user": problemAnswer("GET /products", 401, "unauthenticated", ""),
		"no token and no challenge":        noToken.with("WWW-Authenticate", ""),
		"a wrong password, no challenge":   wrong.with("WWW-Authenticate", ""),
		"another challenge":                wrong.with("WWW-Authenticate", "Basic"),
		"too many, but until when":         tooMany.with("Retry-After", ""),
		"too many of what is not counted": problemAnswer("POST /orders", 429, "too_many_requests", "").
			with("Retry-After", "60"),
		"busy without Retry-After":  busy.with("Retry-After", ""),
		"busy with a date":          busy.with("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT"),
		"busy without X-Request-Id": busy.with("X-Request-Id", "").saying(t, requestID, ""),
		"busy that may be kept":     busy.with("Cache-Control", "max-age=1"),
		"busy without nosniff":      busy.with("X-Content-Type-Options", ""),
		"the gateway with a stack trace": gatewayAnswer("GET /orders", 500, "Oops").
			saying(t, `{`, `{"trace":"main.go:1",`),
		"the gateway without a message":   gatewayAnswer("GET /orders", 500, "Oops").saying(t, `"message"`, `"error"`),
		"the gateway where it has no say": gatewayAnswer("POST /orders", 409, "Conflict"),
		"the gateway on a body's shape":   gatewayAnswer("POST /orders", 400, "Bad Request"),
		"200 for a path that is none":     {"GET /nowhere", 200, user.header, user.body},
		"another code for no path":        nowhere.saying(t, `"not_found"`, `"product_not_found"`),
		"no headers for no path":          nowhere.with("Cache-Control", ""),
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.checkAgainst(c) == nil {
				t.Error("it was accepted")
			}
		})
	}
}

// TestCheckAnswerAcceptsExamples sends every example of the document through the check, as its operation's answer.
func TestCheckAnswerAcceptsExamples(t *testing.T) {
	c := load(t)
	n := 0
	for path, item := range c.doc.Paths.Map() {
		target := strings.NewReplacer("{product_id}", "brass-desk-lamp", "{order_id}", orderID).Replace(path)
		for method, op := range item.Operations() {
			for status, response := range op.Responses.Map() {
				for _, e := range examples(t, response.Value, status) {
					e.request = method + " " + target
					n++
					if err := e.checkAgainst(c); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	if n < 150 {
		t.Errorf("%d examples, want at least 150", n)
	}
}

// examples returns an answer for each example of a response. A response without one fails the test.
func examples(t *testing.T, response *openapi3.Response, status string) []exchange {
	t.Helper()
	code, err := strconv.Atoi(strings.Replace(status, "5XX", "504", 1))
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	for contentType, media := range response.Content {
		values := []any{media.Example}
		if media.Example == nil {
			values = nil
		}
		for _, e := range media.Examples {
			values = append(values, e.Value.Value)
		}
		if len(values) == 0 {
			t.Errorf("%s of %s has no example", contentType, *response.Description)
		}
		for _, v := range values {
			all = append(all, exchange{status: code, header: exampleHeader(response, contentType), body: marshal(t, v)})
		}
	}
	return all
}

// exampleHeader has what the response declares, by the example, the constant or the least value of each header.
func exampleHeader(response *openapi3.Response, contentType string) http.Header {
	h := http.Header{"Content-Type": {contentType}}
	for name, ref := range response.Headers {
		switch schema := ref.Value.Schema.Value; {
		case ref.Value.Example != nil:
			h.Set(name, fmt.Sprint(ref.Value.Example))
		case schema.Const != nil:
			h.Set(name, fmt.Sprint(schema.Const))
		case schema.Min != nil:
			h.Set(name, fmt.Sprint(*schema.Min))
		default:
			h.Set(name, requestID)
		}
	}
	return h
}

func marshal(t *testing.T, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestUnder(t *testing.T) {
	c, err := load(t).Under("http://127.0.0.1:4566/_aws/execute-api/api/",
		"http://127.0.0.1:4566/_aws/execute-api/issuer")
	if err != nil {
		t.Fatal(err)
	}
	product := product
	product.request = "GET http://127.0.0.1:4566/_aws/execute-api/api/products/brass-desk-lamp?x=1"
	if err := product.checkAgainst(c); err != nil {
		t.Error(err)
	}
	product.request = "GET http://127.0.0.1:4566/_aws/execute-api/apiary/products/brass-desk-lamp"
	if product.checkAgainst(c) == nil {
		t.Error("a path under no base was taken for one that is")
	}
	if _, err := c.Under("http://127.0.0.1:%zz"); err == nil {
		t.Error("a base that is no URL was accepted")
	}
}
