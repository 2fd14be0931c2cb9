package e2e

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shop/internal/access"
)

// privateRoute is a route that needs a token.
type privateRoute struct {
	function string // logical id
	call     call
	scope    string // of staff; empty for a customer's route
}

// privateRoutes are all of them, with requests that would be good ones.
func privateRoutes(productID, orderID string) []privateRoute {
	sale, packing := basket(one(productID)), setStatus{Status: "packed", CompareStatus: "placed"}
	product := "/admin/products/" + productID
	return []privateRoute{
		{"PlaceOrderFunction", place(anyone, unique(), sale), ""},
		{"ListMyOrdersFunction", call{method: "GET", path: "/orders"}, ""},
		{"ViewOrderFunction", call{method: "GET", path: "/orders/" + orderID}, ""},
		{"AwaitProductFunction", awaiting("PUT", anyone, productID), ""},
		{"AwaitProductFunction", awaiting("GET", anyone, productID), ""},
		{"AwaitProductFunction", awaiting("DELETE", anyone, productID), ""},
		{"ChangeOrderFunction", cancellation(anyone, orderID), ""},
		{"ChangeOrderFunction", statusSet(anyone, orderID, packing), "orders"},
		{"DeleteAccountFunction", deleteAccount(anyone, "not the password"), ""},
		{"EndSessionsFunction", endSessions(anyone, "not the password"), ""},
		{"ChangePasswordFunction", changePassword(anyone, "not the password", newPassword), ""},
		{"ViewAccountFunction", viewAccount(anyone), ""},
		{"ViewAccountFunction", call{method: "GET", path: "/users/me/export"}, ""},
		{"RenameAccountFunction", rename(anyone, "Ada"), ""},
		{"ViewInventoryFunction", call{method: "GET", path: "/admin/products"}, "inventory"},
		{"ViewInventoryFunction", call{method: "GET", path: product}, "inventory"},
		{"SaveProductFunction", save(anyone, productID, productDraft(withoutStock)), "inventory"},
		{"UpdateStockFunction", stockSet(anyone, productID, setStock{5, 10, "forged"}), "inventory"},
		{"UpdateStockFunction", stockAdjust(anyone, productID, adjustStock{-1, "forged"}), "inventory"},
		{"UpdateStockFunction", call{method: "GET", path: product + "/stock/movements"}, "inventory"},
		{"UploadPictureFunction", beginPNG(anyone, []byte(productID)), "inventory"},
		{"UploadPictureFunction", finish(anyone, hexSHA256([]byte(productID))), "inventory"},
		{"ListOrdersFunction", call{method: "GET", path: "/admin/orders"}, "history"},
		{"SummarizeOrdersFunction", summaryOf(anyone, "2011-09-01", "2011-09-30"), "history"},
	}
}

// TestPrivateRoutesAreThoseOfTheTable: what is shown of private routes is shown
// of every route that asks for a token.
func TestPrivateRoutesAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	routes := privateRoutes("lamp", "ord_a")
	for _, key := range access.Routes() {
		rule, _ := access.Of(key)
		n := slices.IndexFunc(routes, func(r privateRoute) bool { return r.isOf(key) })
		switch {
		case rule.Open() != (n < 0):
			t.Errorf("%s: its rule is %+v, and it is number %d of the private routes", key, rule, n)
		case n >= 0 && routes[n].scope != strings.TrimPrefix(rule.Scope, "customer"):
			t.Errorf("%s: its rule is %+v, and it is tried for the scope %q", key, rule, routes[n].scope)
		case n >= 0:
			routes = slices.Delete(routes, n, n+1)
		}
	}
	if len(routes) > 0 {
		t.Errorf("%+v are in no rule", routes)
	}
}

// isOf reports whether the request is one of the route.
func (r privateRoute) isOf(key string) bool {
	pattern := regexp.MustCompile(`\\\{[a-z0-9_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(key), `[^/]+`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(r.name())
}

func (r privateRoute) name() string { return r.call.method + " " + r.call.path }

// TestTokensOfBothKeys: whichever of the store's two keys signed a token, it is
// good, so that the keys can be exchanged.
func TestTokensOfBothKeys(t *testing.T) {
	t.Parallel()
	d := copyOf(t, admin(t).token)
	other := d.withOtherKey(t)
	for name, token := range map[string]string{
		"the same key":  d.genuine(t),
		"the other key": other.head("kid", other.key).genuine(t),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/orders", "/admin/orders"} {
				send(t, call{method: "GET", path: path, from: caller{token: token}}).want(t, http.StatusOK)
			}
		})
	}
}

func claimStrings(t *testing.T, token string) map[string]string {
	t.Helper()
	claims, err := claimsOf(token)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for name, value := range claims {
		if s, ok := value.(string); ok {
			found[name] = s
		}
	}
	return found
}

// TestPrivateRoutes: without a token nobody comes in, a customer's does not open one of staff, and what a forged
// one says is believed by no function, not even past the gateway with claims as if its authorizer had found it good.
// All other ways to forge one, the tests of internal/token have. Genuine tokens keep the events honest.
func TestPrivateRoutes(t *testing.T) {
	t.Parallel()
	boss, customer, p := admin(t), newCustomer(t), newProduct(t)
	signature := boss.token[strings.LastIndex(boss.token, "."):]
	forged := caller{token: copyOf(t, boss.token).claim("scope", "customer admin superuser").
		signingString(t) + signature}
	claims := claimStrings(t, boss.token)
	routes := privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26))
	for _, route := range routes {
		t.Run(route.name(), func(t *testing.T) {
			send(t, route.call).want(t, http.StatusUnauthorized)
			send(t, route.call.by(forged)).want(t, http.StatusUnauthorized)
			for _, nobody := range []caller{anyone, forged} {
				a := invocation{function: route.function, call: route.call.by(nobody), claims: claims}.invoke(t)
				a.refused(t, http.StatusUnauthorized, "unauthenticated")
			}
			if route.scope != "" {
				send(t, route.call.by(customer)).want(t, http.StatusForbidden)
			}
		})
	}
	if got := inventory(t, p.ProductID); got != p {
		t.Errorf("the product is now %+v, want it untouched: %+v", got, p)
	}
	for _, route := range routes {
		t.Run(route.name()+", by an admin", func(t *testing.T) {
			a := invocation{function: route.function, call: route.call.by(boss)}.invoke(t)
			p, _ := a.problem()
			wrongPassword := p.Code == "invalid_credentials" // nobody is to be deleted here
			if a.status == http.StatusUnauthorized && !wrongPassword || a.status == http.StatusForbidden ||
				a.status == http.StatusBadRequest {
				t.Errorf("answered %d: %s", a.status, clip(a.body))
			}
		})
	}
}

// staffRoles are the roles of one scope each.
var staffRoles = []string{"inventory", "history", "orders"}

// newStaff makes a customer staff and logs them in anew.
func newStaff(t *testing.T, scopes ...string) caller {
	t.Helper()
	c := newCustomer(t)
	operator(t, slices.Concat([]string{"grant", c.Email, "--yes"}, scopes)...)
	token, err := loggedIn(t.Context(), c.Email, password)
	if err != nil {
		t.Fatal(err)
	}
	c.token = token
	return c
}

// TestStaffRoutes: at every route of staff, who has its scope comes in, and who has another one does not, neither by
// the gateway nor past it with the claims of an admin. Once the scope is revoked, the same token opens nothing.
func TestStaffRoutes(t *testing.T) {
	t.Parallel()
	claims := claimStrings(t, admin(t).token)
	for _, scope := range staffRoles {
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			c, p := newStaff(t, scope), newProduct(t)
			for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
				switch {
				case route.scope == scope:
					if a := send(t, route.call.by(c)); a.status == http.StatusForbidden || a.status >= 500 {
						t.Errorf("%s: answered %d %s", route.name(), a.status, clip(a.body))
					}
				case route.scope != "":
					send(t, route.call.by(c)).want(t, http.StatusForbidden)
					a := invocation{function: route.function, call: route.call.by(c), claims: claims}.invoke(t)
					a.refused(t, http.StatusForbidden, "forbidden")
				}
			}
			operator(t, "revoke", c.Email, scope, "--yes")
			for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
				if route.scope == scope {
					send(t, route.call.by(c)).refused(t, http.StatusForbidden, "forbidden")
				}
			}
		})
	}
}

// TestStaffReadsOrders: one order is read by who lists all of them and by who changes their status.
func TestStaffReadsOrders(t *testing.T) {
	t.Parallel()
	o := newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	for scope, want := range map[string]int{"inventory": 404, "history": 200, "orders": 200} {
		c := newStaff(t, scope)
		send(t, getOrder(c, o.OrderID)).want(t, want)
		operator(t, "revoke", c.Email, scope, "--yes")
		send(t, getOrder(c, o.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	}
}

// TestNobodyGrantsThemselves: no route takes a role or a scope from who uses it.
func TestNobodyGrantsThemselves(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	for _, member := range []string{"role", "scope", "scopes", "admin"} {
		for _, body := range []call{
			{method: "POST", path: "/users", body: map[string]any{
				"email": freshEmail(), "password": password, "name": "Eve", member: "inventory",
			}},
			{method: "POST", path: "/sessions", body: map[string]any{
				"email": c.Email, "password": password, member: "inventory",
			}},
			{method: "PATCH", path: "/users/me", from: c, body: map[string]any{"name": "Eve", member: "inventory"}},
		} {
			send(t, body).refused(t, http.StatusBadRequest, "invalid_request")
		}
	}
	if got := decodeExact[account](t, send(t, viewAccount(c)).want(t, 200)); got.Admin || len(got.Scopes) > 0 {
		t.Errorf("account = %+v, want a customer's", got)
	}
	staff := newStaff(t, "orders", "inventory")
	got := decodeExact[account](t, send(t, viewAccount(staff)).want(t, http.StatusOK))
	if got.Admin || !slices.Equal(got.Scopes, []string{"inventory", "orders"}) {
		t.Errorf("account = %+v, want the two scopes", got)
	}
}

// TestAdminScopeWithoutTheRole: the right is looked up at each use, so a scope,
// though the store itself signed it, opens nothing to one who is no admin.
func TestAdminScopeWithoutTheRole(t *testing.T) {
	t.Parallel()
	customer, boss := newCustomer(t), admin(t)
	p := newProduct(t)
	d := copyOf(t, customer.token).claim("scope", "customer admin")
	tokens := map[string]string{
		"a customer's":                      d.genuine(t),
		"a customer's with an admin's name": d.claim("email", boss.Email).genuine(t),
		"a user nobody knows":               d.claim("email", freshEmail()).genuine(t),
	}
	for name, token := range tokens {
		t.Run(name, func(t *testing.T) { wantNoAdmin(t, caller{token: token}, p) })
	}
}

// wantNoAdmin fails unless every route of staff refuses the caller.
func wantNoAdmin(t *testing.T, c caller, p adminProduct) {
	t.Helper()
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		if route.scope != "" {
			send(t, route.call.by(c)).refused(t, http.StatusForbidden, "forbidden")
		}
	}
	if got := inventory(t, p.ProductID); got != p {
		t.Errorf("the product is now %+v, want it untouched: %+v", got, p)
	}
}

// TestDemotedAdmin: whoever is no admin any more is out at once, though the
// token still says otherwise.
func TestDemotedAdmin(t *testing.T) {
	t.Parallel()
	former := newAdmin(t)
	p := newProduct(t)
	other := newOrder(t, newCustomer(t), one(newProduct(t).ProductID))
	send(t, getOrder(former, other.OrderID)).want(t, http.StatusOK)
	send(t, call{method: "GET", path: "/admin/orders", from: former}).want(t, http.StatusOK)

	operator(t, "revoke", former.Email, "admin", "--yes")
	wantNoAdmin(t, former, p)
	send(t, getOrder(former, other.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	newOrder(t, former, one(newProduct(t).ProductID))
}

// TestPromotedCustomer: a token from before the promotion has no admin's scope.
func TestPromotedCustomer(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	operator(t, "grant", c.Email, "admin", "--yes")
	send(t, call{method: "GET", path: "/admin/orders", from: c}).want(t, http.StatusForbidden)
}
