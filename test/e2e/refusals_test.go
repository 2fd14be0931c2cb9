package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"
)

// refusal is a request that its route refuses by itself.
type refusal struct {
	call   call
	status int
	code   string
}

// noBody is a route's refusal of a body that is none.
func noBody(c call) refusal {
	c.body = "null"
	return refusal{c, http.StatusBadRequest, "invalid_request"}
}

// noLimit is a list's refusal of a page of nothing.
func noLimit(c call) refusal {
	return refusal{c.with("limit", "0"), http.StatusBadRequest, "invalid_request"}
}

// unknownParameter is a route's refusal of a parameter that it does not take.
func unknownParameter(c call) refusal {
	return refusal{c.with("page", "1"), http.StatusBadRequest, "invalid_request"}
}

// refusals are one for each route. All that its body, query or token may have wrong, the tests of its decoder have, and
// what its flow refuses, those of the flow.
func refusals(t *testing.T) []refusal {
	t.Helper()
	boss, customer, id, unknown := admin(t), newCustomer(t), newProduct(t).ProductID, "e2e-"+unique()
	own, issuer := &browser{}, os.Getenv("SHOP_ISSUER_URL")
	return []refusal{
		noBody(postUser(nil)), noBody(verifyEmail("")), noBody(requestReset("")), noBody(resetPassword("", "")),
		noBody(postSession(nil)), noBody(refresh("")), noBody(logOut("")),
		noBody(exchange("")),
		noBody(own.ask("", nil)), noBody(own.ask("/refresh", nil)), noBody(own.ask("/revoke", nil)),
		noBody(endSessions(customer, "")), noBody(changePassword(customer, "", "")), noBody(rename(customer, "")),
		noBody(deleteAccount(customer, "")), noBody(place(customer, unique(), nil)), noBody(save(boss, unknown, nil)),
		noBody(stockSet(boss, id, nil)), noBody(stockAdjust(boss, id, nil)), noBody(begin(boss, nil)),
		noLimit(browse("")), noLimit(call{method: "GET", path: "/categories"}), noLimit(myOrders(customer)),
		noLimit(call{method: "GET", path: "/users/me/export", from: customer}),
		noLimit(listInventory(boss)), noLimit(movementsOf(boss, id)), noLimit(history(boss)),
		unknownParameter(viewAccount(customer)),
		unknownParameter(call{method: "GET", path: "/.well-known/jwks.json", base: issuer}),
		unknownParameter(call{method: "GET", path: "/.well-known/openid-configuration", base: issuer}),
		unknownParameter(awaiting("GET", customer, id)), unknownParameter(awaiting("DELETE", customer, id)),
		{awaiting("PUT", customer, unknown), http.StatusNotFound, "product_not_found"},
		{viewProduct(unknown), http.StatusNotFound, "product_not_found"},
		{call{method: "GET", path: "/admin/products/" + unknown, from: boss}, http.StatusNotFound, "product_not_found"},
		{getOrder(customer, "ord_"+strings.Repeat("a", 26)), http.StatusNotFound, "order_not_found"},
		{cancellation(customer, "ord_"+strings.Repeat("a", 26)), http.StatusNotFound, "order_not_found"},
		{finish(boss, hexSHA256([]byte(unknown))), http.StatusNotFound, "upload_not_found"},
		{statusSet(boss, "ord_x", nil), http.StatusNotFound, "order_not_found"},
		{summaryOf(boss, "yesterday", ""), http.StatusBadRequest, "invalid_request"},
		{place(customer, "", basket(one(id))), http.StatusBadRequest, "idempotency_key_required"},
		{place(customer, strings.Repeat("k", 256), basket(one(id))), http.StatusBadRequest, "invalid_request"},
	}
}

// TestRefusals: each route answers what it is not to be asked, and does nothing.
func TestRefusals(t *testing.T) {
	t.Parallel()
	tried := map[string]bool{}
	for _, r := range refusals(t) {
		route := r.call.route().key
		tried[route] = true
		t.Run(route, func(t *testing.T) { send(t, r.call).refused(t, r.status, r.code) })
	}
	wantEveryRoute(t, tried)
}

// TestBodiesThroughTheGateway: it hands on a body of 64 KiB, and what it makes of others the store refuses or takes,
// and does not fail.
func TestBodiesThroughTheGateway(t *testing.T) {
	needStore(t)
	t.Parallel()
	padded := func(size int) call {
		body := `{"email":"` + freshEmail() + `","password":"` + password + `","name":"Ada"}`
		return postUser(body + strings.Repeat(" ", size-len(body)))
	}
	send(t, padded(64<<10)).want(t, http.StatusCreated)
	send(t, padded(64<<10+1)).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
	send(t, padded(2_000_000)).refused(t, http.StatusRequestEntityTooLarge, "payload_too_large")
	send(t, padded(1000).sent("Content-Type", "text/plain")).refused(t, http.StatusUnsupportedMediaType,
		"unsupported_media_type")
	send(t, padded(1000).sent("Content-Type", "Application/JSON; charset=utf-8")).want(t, http.StatusCreated)
	for _, text := range []string{"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "\x00", "\\u0000", "\ufeff"} {
		send(t, postUser(`{"email":"`+freshEmail()+`","password":"`+password+`","name":"`+text+`"}`))
	}
	send(t, postUser("\ufeff{}"))
}

// TestNoSuchRoute: what is no route is the gateway's own 404.
func TestNoSuchRoute(t *testing.T) {
	t.Parallel()
	boss := admin(t)
	for _, c := range []call{
		{method: "GET", path: "/"}, {method: "GET", path: "/users"}, {method: "DELETE", path: "/products/a"},
		{method: "GET", path: "/admin"}, {method: "PATCH", path: "/orders"}, {method: "GET", path: "/orders/a/b"},
		{method: "PUT", path: "/orders/a"}, {method: "POST", path: "/products"},
		{method: "GET", path: "/admin/orders/summary/a"},
	} {
		send(t, c.by(boss)).want(t, http.StatusNotFound)
	}
}
