package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// refusal is a request and the refusal it gets.
type refusal struct {
	why    string
	call   call
	status int
	code   string
}

// refusals are all that a route may answer by the contract but the gateway's
// own answers and the store's busy and internal, by route. The files of the
// flows say more of each; this one is the overview.
func refusals(t *testing.T) map[string][]refusal {
	t.Helper()
	boss, customer, p := admin(t), newCustomer(t), newProduct(t)
	unknown := "e2e-" + unique()
	former := newAdmin(t)
	operator(t, "revoke-admin", former.Email, "--yes")
	taken, total := customer.Email, pounds(1)
	key := unique()
	accepted(t, send(t, place(customer, key, basket(one(p.ProductID)))))

	all := map[string][]refusal{
		"POST /users": {
			{"address taken", postUser(signUp{taken, password, "A"}), 409, "email_taken"},
		},
		"POST /sessions": {
			{"wrong password", postSession(logIn{taken, "wrong " + password}), 401, "invalid_credentials"},
		},
		"POST /users/verification": {
			{"no token", verifyEmail("token"), 400, "invalid_request"},
			{"unknown token", verifyEmail(strings.Repeat("A", 43)), 400, "invalid_request"},
		},
		"POST /password-resets": {
			{"no address", requestReset("ada"), 400, "invalid_request"},
		},
		"PUT /password-resets": {
			{"no token", resetPassword("token", password), 400, "invalid_request"},
			{"unknown token", resetPassword(strings.Repeat("A", 43), password), 400, "invalid_request"},
		},
		"DELETE /users/me": {
			{"wrong password", deleteAccount(customer, "wrong "+password), 401, "invalid_credentials"},
			{"no password", deleteAccount(customer, ""), 400, "invalid_request"},
		},
		"POST /sessions/refresh": {
			{"no token of ours", refresh("token"), 401, "unauthenticated"},
			{"of no session", refresh("ses_" + strings.Repeat("a", 26) + "." + strings.Repeat("A", 43)), 401, "unauthenticated"},
		},
		"GET /products": {
			{"limit", browse("").with("limit", "0"), 400, "invalid_request"},
			{"cursor", browse("").with("cursor", "cursor"), 400, "invalid_cursor"},
		},
		"GET /products/{product_id}": {
			{"unknown", viewProduct(unknown), 404, "product_not_found"},
		},
		"POST /orders": {
			{"no key", place(customer, "", basket(one(p.ProductID))), 400, "idempotency_key_required"},
			{"long key", place(customer, strings.Repeat("k", 300), basket(one(p.ProductID))), 400, "invalid_request"},
			{"unknown product", place(customer, unique(), basket(one(unknown))), 404, "product_not_found"},
			{"too many", place(customer, unique(), basket(line{p.ProductID, 100})), 409, "out_of_stock"},
			{"other total", place(customer, unique(), checkout{[]line{one(p.ProductID)}, &total}), 409, "price_changed"},
			{"key reused", place(customer, key, basket(line{p.ProductID, 2})), 422, "idempotency_key_reused"},
		},
		"GET /orders": {
			{"limit", myOrders(customer).with("limit", "101"), 400, "invalid_request"},
			{"cursor", myOrders(customer).with("cursor", "cursor"), 400, "invalid_cursor"},
		},
		"GET /orders/{order_id}": {
			{"unknown", getOrder(customer, "ord_"+strings.Repeat("a", 26)), 404, "order_not_found"},
		},
		"GET /admin/products": {
			{"limit", listInventory(boss).with("limit", "x"), 400, "invalid_request"},
			{"cursor", listInventory(boss).with("cursor", "cursor"), 400, "invalid_cursor"},
			{"former admin", listInventory(former), 403, "forbidden"},
		},
		"GET /admin/products/{product_id}": {
			{"unknown", call{method: "GET", path: "/admin/products/" + unknown, from: boss}, 404, "product_not_found"},
			{"former admin", call{method: "GET", path: "/admin/products/" + p.ProductID, from: former}, 403, "forbidden"},
		},
		"PUT /admin/products/{product_id}": {
			{"stock of a known one", save(boss, p.ProductID, productDraft()), 400, "invalid_request"},
			{"former admin", save(former, unknown, productDraft()), 403, "forbidden"},
		},
		"PUT /admin/products/{product_id}/stock": {
			{"unknown", stockSet(boss, unknown, setStock{1, 0, "r"}), 404, "product_not_found"},
			{"counted before a sale", stockSet(boss, p.ProductID, setStock{1, 10, "r"}), 409, "stock_changed"},
			{"former admin", stockSet(former, p.ProductID, setStock{1, 9, "r"}), 403, "forbidden"},
		},
		"POST /admin/products/{product_id}/stock/adjustments": {
			{"unknown", stockAdjust(boss, unknown, adjustStock{1, "r"}), 404, "product_not_found"},
			{"below zero", stockAdjust(boss, p.ProductID, adjustStock{-100, "r"}), 409, "insufficient_stock"},
			{"former admin", stockAdjust(former, p.ProductID, adjustStock{1, "r"}), 403, "forbidden"},
		},
		"GET /admin/products/{product_id}/stock/movements": {
			{"limit", movementsOf(boss, p.ProductID).with("limit", "0"), 400, "invalid_request"},
			{"cursor", movementsOf(boss, p.ProductID).with("cursor", "cursor"), 400, "invalid_cursor"},
			{"former admin", movementsOf(former, p.ProductID), 403, "forbidden"},
		},
		"GET /admin/orders": {
			{"range", between(history(boss), "2011-09-30T00:00:00Z", "2011-09-29T00:00:00Z"), 400, "invalid_request"},
			{"cursor", history(boss).with("cursor", "cursor"), 400, "invalid_cursor"},
			{"former admin", history(former), 403, "forbidden"},
		},
		"GET /admin/orders/summary": {
			{"no days", summaryOf(boss, "", ""), 400, "invalid_request"},
			{"former admin", summaryOf(former, "2011-09-01", "2011-09-30"), 403, "forbidden"},
		},
	}
	addRefusedBodies(all, boss, customer, p.ProductID)
	return all
}

// addRefusedBodies adds what every route that takes a body refuses alike.
func addRefusedBodies(all map[string][]refusal, boss, customer caller, id string) {
	for route, c := range map[string]call{
		"POST /users":                                         postUser(nil),
		"POST /sessions":                                      postSession(nil),
		"POST /sessions/refresh":                              refresh(""),
		"POST /users/verification":                            verifyEmail(""),
		"POST /password-resets":                               requestReset(""),
		"PUT /password-resets":                                resetPassword("", ""),
		"DELETE /users/me":                                    deleteAccount(customer, ""),
		"POST /sessions/revoke":                               logOut(""),
		"POST /orders":                                        place(customer, unique(), nil),
		"PUT /admin/products/{product_id}":                    save(boss, "e2e-"+unique(), nil),
		"PUT /admin/products/{product_id}/stock":              stockSet(boss, id, nil),
		"POST /admin/products/{product_id}/stock/adjustments": stockAdjust(boss, id, nil),
	} {
		c.body = "null"
		all[route] = append(all[route], refusal{"null", c, 400, "invalid_request"})
		c.body = strings.Repeat(" ", 64<<10+1)
		all[route] = append(all[route], refusal{"large", c, 413, "payload_too_large"})
		c.body, c.header = "null", http.Header{"Content-Type": {"text/plain"}}
		all[route] = append(all[route], refusal{"no JSON", c, 415, "unsupported_media_type"})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for route, table := range refusals(t) {
		for _, r := range table {
			t.Run(route+" "+r.why, func(t *testing.T) {
				send(t, r.call).refused(t, r.status, r.code)
			})
		}
	}
}

// TestNoSuchRoute: what is no route is the gateway's own 404.
func TestNoSuchRoute(t *testing.T) {
	t.Parallel()
	boss := admin(t)
	for _, c := range []call{
		{method: "GET", path: "/"}, {method: "GET", path: "/users"}, {method: "DELETE", path: "/products/a"},
		{method: "GET", path: "/admin"}, {method: "PATCH", path: "/orders"}, {method: "GET", path: "/orders/a/b"},
		{method: "PUT", path: "/orders/a"}, {method: "POST", path: "/products"}, {method: "GET", path: "/admin/orders/summary/a"},
	} {
		send(t, c.by(boss)).want(t, http.StatusNotFound)
	}
}
