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
	function  string // logical id
	call      call
	adminOnly bool
}

// privateRoutes are all of them, with requests that would be good ones.
func privateRoutes(productID, orderID string) []privateRoute {
	sale := basket(one(productID))
	return []privateRoute{
		{"PlaceOrderFunction", place(anyone, unique(), sale), false},
		{"ListMyOrdersFunction", call{method: "GET", path: "/orders"}, false},
		{"ViewOrderFunction", call{method: "GET", path: "/orders/" + orderID}, false},
		{"ChangeOrderFunction", cancellation(anyone, orderID), false},
		{"ChangeOrderFunction", statusSet(anyone, orderID, setStatus{Status: "packed", CompareStatus: "placed"}), true},
		{"DeleteAccountFunction", deleteAccount(anyone, "not the password"), false},
		{"EndSessionsFunction", endSessions(anyone, "not the password"), false},
		{"ChangePasswordFunction", changePassword(anyone, "not the password", newPassword), false},
		{"ViewAccountFunction", viewAccount(anyone), false},
		{"ViewAccountFunction", call{method: "GET", path: "/users/me/export"}, false},
		{"RenameAccountFunction", rename(anyone, "Ada"), false},
		{"ViewInventoryFunction", call{method: "GET", path: "/admin/products"}, true},
		{"ViewInventoryFunction", call{method: "GET", path: "/admin/products/" + productID}, true},
		{"SaveProductFunction", save(anyone, productID, productDraft(withoutStock)), true},
		{"UpdateStockFunction", stockSet(anyone, productID, setStock{5, 10, "forged"}), true},
		{"UpdateStockFunction", stockAdjust(anyone, productID, adjustStock{-1, "forged"}), true},
		{"UpdateStockFunction", call{method: "GET", path: "/admin/products/" + productID + "/stock/movements"}, true},
		{"ListOrdersFunction", call{method: "GET", path: "/admin/orders"}, true},
		{"SummarizeOrdersFunction", summaryOf(anyone, "2011-09-01", "2011-09-30"), true},
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
		case n >= 0 && routes[n].adminOnly != (rule.Scope == "admin"):
			t.Errorf("%s: its rule is %+v, and for admins only: %v", key, rule, routes[n].adminOnly)
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
	pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(key), `[^/]+`)
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

// TestPrivateRoutes: without a token nobody comes in, a customer's does not open an admin's route, and what a forged
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
			if route.adminOnly {
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

// wantNoAdmin fails unless every admin's route refuses the caller.
func wantNoAdmin(t *testing.T, c caller, p adminProduct) {
	t.Helper()
	for _, route := range privateRoutes(p.ProductID, "ord_"+strings.Repeat("a", 26)) {
		if route.adminOnly {
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

	operator(t, "revoke-admin", former.Email, "--yes")
	wantNoAdmin(t, former, p)
	send(t, getOrder(former, other.OrderID)).refused(t, http.StatusNotFound, "order_not_found")
	newOrder(t, former, one(newProduct(t).ProductID))
}

// TestPromotedCustomer: a token from before the promotion has no admin's scope.
func TestPromotedCustomer(t *testing.T) {
	t.Parallel()
	c := newCustomer(t)
	operator(t, "grant-admin", c.Email, "--yes")
	send(t, call{method: "GET", path: "/admin/orders", from: c}).want(t, http.StatusForbidden)
}
