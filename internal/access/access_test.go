package access

import (
	"slices"
	"strings"
	"testing"

	"shop/internal/token"
	"shop/internal/user"
)

// TestRules holds what must be true of every rule, whatever routes there are.
func TestRules(t *testing.T) {
	if len(Routes()) < 17 {
		t.Fatalf("got %d routes, too few to be all", len(Routes()))
	}
	for _, route := range Routes() {
		rule, ok := Of(route)
		_, path, _ := strings.Cut(route, " ")
		staffs, scoped := strings.HasPrefix(path, "/admin/"), slices.Contains(token.StaffScopes(), rule.Scope)
		if !ok || staffs != scoped || staffs != (rule.Reach == Anyones) || rule.Scope == token.ScopeAdmin {
			t.Errorf("%s: %+v, want a scope of staff under /admin/ and there alone, and never admin's", route, rule)
		}
		if orders := strings.HasPrefix(path, "/orders"); orders && (rule.Open() || rule.Reach == Shops) {
			t.Errorf("%s: %+v, want orders for their customers alone", route, rule)
		}
	}
}

// TestScopes: an admin's token opens every route of staff, and each other scope of staff its own.
func TestScopes(t *testing.T) {
	for route, want := range map[string][]string{
		"GET /products":                       nil,
		"POST /orders":                        {"customer"},
		"GET /orders/{order_id}":              {"customer", "history", "orders", "admin"},
		"PUT /admin/products/{product_id}":    {"inventory", "admin"},
		"GET /admin/orders/summary":           {"history", "admin"},
		"PUT /admin/orders/{order_id}/status": {"orders", "admin"},
	} {
		if rule, _ := Of(route); !slices.Equal(rule.Scopes(), want) {
			t.Errorf("%s: got %v, want %v", route, rule.Scopes(), want)
		}
	}
}

func TestNoRule(t *testing.T) {
	for _, route := range []string{
		"", "$default", "GET /", "get /orders", "GET /orders/", "GET /orders/ord_1", "DELETE /orders/{order_id}",
		"POST /admin/orders",
	} {
		if rule, ok := Of(route); ok || rule != (Rule{}) {
			t.Errorf("%q: got %+v, want none", route, rule)
		}
	}
}

func TestMaySee(t *testing.T) {
	ann, boss := user.Caller{UserID: "usr_ann"}, user.Caller{UserID: "usr_boss", Role: user.RoleAdmin}
	packer := user.Caller{UserID: "usr_packer", Role: "orders"}
	clerk := user.Caller{UserID: "usr_clerk", Role: "inventory"}
	for _, c := range []struct {
		caller user.Caller
		owner  string
		now    user.Role
		want   bool
	}{
		{ann, "usr_ann", user.RoleCustomer, true},
		{ann, "usr_bob", user.RoleCustomer, false},
		{ann, "usr_bob", user.RoleAdmin, false}, // the role alone is not enough: her token is a customer's
		{boss, "usr_ann", user.RoleAdmin, true},
		{boss, "usr_ann", user.RoleCustomer, false}, // nor is the token, once the role is gone
		{boss, "usr_ann", "inventory", false},
		{boss, "usr_ann", "history", true},
		{boss, "usr_boss", user.RoleCustomer, true},
		{packer, "usr_ann", "orders", true},
		{clerk, "usr_ann", "inventory", false},
		{clerk, "usr_ann", user.RoleAdmin, false},
		{user.Caller{}, "", user.RoleCustomer, false},
		{ann, "", user.RoleCustomer, false},
	} {
		if got := MaySee(c.caller, c.owner, c.now); got != c.want {
			t.Errorf("%+v of %q, now %s: got %v, want %v", c.caller, c.owner, c.now, got, c.want)
		}
	}
}
