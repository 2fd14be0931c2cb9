// Package access decides who may do what. Its table has, for each route, the scope that a token needs and whose data
// the caller may use (ASVS 5.0, 8.1.1 and 8.2). Package httpapi uses it to let a caller in, the stores use it to decide
// whose data to return, and tests compare the deployed routes with it.
package access

import (
	"errors"
	"maps"
	"slices"

	"shop/internal/token"
	"shop/internal/user"
)

// Reach says whose things a route gives its caller. The store's read, which takes the caller, decides it.
type Reach string

// The reaches.
const (
	Shops       Reach = "the shop's, alike for everyone"
	Own         Reach = "the caller's own"
	OwnOrStaffs Reach = "the caller's own, or anyone's for staff who may read orders now"
	// Anyones asks for more than the token's scope: the stored role is read at each use.
	Anyones Reach = "anyone's, for staff who have the scope now"
)

// Rule says who may use a route.
type Rule struct {
	Scope string // that the token needs, if it has none that stands for it; empty: no token is asked for
	Reach Reach
}

// Scopes returns the scopes of which a token needs one.
func (r Rule) Scopes() []string {
	switch {
	case r.Open():
		return nil
	case r.Reach == OwnOrStaffs:
		return append(append([]string{r.Scope}, readOrders()...), token.ScopeAdmin)
	case r.Reach == Anyones:
		return []string{r.Scope, token.ScopeAdmin}
	}
	return []string{r.Scope}
}

// readOrders returns the scopes with which staff reads one order: who changes its status sees it in any case.
func readOrders() []string { return []string{token.ScopeHistory, token.ScopeOrders} }

// Open reports whether no token is asked for.
func (r Rule) Open() bool { return r.Scope == "" }

var (
	open        = Rule{"", Shops}
	myself      = Rule{"", Own} // by what the body proves: credentials
	customers   = Rule{token.ScopeCustomer, Own}
	ownOrStaffs = Rule{token.ScopeCustomer, OwnOrStaffs}
	inventory   = Rule{token.ScopeInventory, Anyones}
	history     = Rule{token.ScopeHistory, Anyones}
	orders      = Rule{token.ScopeOrders, Anyones}
)

// rules has every route, by API Gateway's route keys.
var rules = map[string]Rule{
	"GET /.well-known/openid-configuration": open, // of the issuer's API; all others are of the store's
	"GET /.well-known/jwks.json":            open,

	"POST /users":              myself,
	"POST /users/verification": myself, // by the token that was mailed
	"GET /users/me":            customers,
	"PATCH /users/me":          customers,
	"GET /users/me/export":     customers,
	"PUT /users/me/password":   customers, // and who knows the password, as of the next two
	"DELETE /sessions":         customers,
	"DELETE /users/me":         customers,
	"POST /password-resets":    open,
	"PUT /password-resets":     myself,
	"POST /sessions":           myself,
	"POST /sessions/refresh":   myself,
	"POST /sessions/revoke":    myself,

	"POST /machine-sessions": myself, // by an API key

	"POST /browser-sessions":         myself, // and, from here on, by the cookie
	"POST /browser-sessions/refresh": myself,
	"POST /browser-sessions/revoke":  myself,

	"GET /categories":             open,
	"GET /products":               open,
	"GET /products/{product_id}":  open,
	"HEAD /products":              open, // HTTP APIs derive no HEAD from a GET
	"HEAD /products/{product_id}": open,

	"GET /products/{product_id}/back-in-stock":    customers,
	"PUT /products/{product_id}/back-in-stock":    customers,
	"DELETE /products/{product_id}/back-in-stock": customers,

	"POST /orders":           customers,
	"GET /orders":            customers,
	"GET /orders/{order_id}": ownOrStaffs,

	"POST /orders/{order_id}/cancellation": customers,

	"GET /admin/products":                                 inventory,
	"GET /admin/products/{product_id}":                    inventory,
	"PUT /admin/products/{product_id}":                    inventory,
	"PUT /admin/products/{product_id}/stock":              inventory,
	"POST /admin/products/{product_id}/stock/adjustments": inventory,
	"GET /admin/products/{product_id}/stock/movements":    inventory,
	"POST /admin/pictures":                                inventory,
	"POST /admin/pictures/{sha256}/completion":            inventory,
	"GET /admin/orders":                                   history,
	"GET /admin/orders/summary":                           history,
	"PUT /admin/orders/{order_id}/status":                 orders,
}

// Of returns the rule of a route, and false for a route that has none: nobody may use it.
func Of(route string) (Rule, bool) {
	rule, ok := rules[route]
	return rule, ok
}

// Routes returns every route that has a rule, sorted.
func Routes() []string { return slices.Sorted(maps.Keys(rules)) }

// ErrNotTheirs says, for the log, why what is there is not found: the caller may not see it. Stores return it with
// their own error for what is not there, which is all that the caller is told.
var ErrNotTheirs = errors.New("it is not the caller's")

// MaySee decides whether the caller may see an order of the owner, by OwnOrStaffs. now is the stored role, not the
// token's; only a caller whose token has such a scope, too, uses it.
func MaySee(caller user.Caller, ownerID string, now user.Role) bool {
	return caller.UserID != "" && caller.UserID == ownerID || ReadsOrders(caller.Role) && ReadsOrders(now)
}

// ReadsOrders reports whether staff of the role reads anyone's orders.
func ReadsOrders(role user.Role) bool { return role.Allows(readOrders()...) }
