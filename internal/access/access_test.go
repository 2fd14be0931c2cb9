package access

import (
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
		admins := strings.HasPrefix(path, "/admin/")
		if !ok || admins != (rule.Scope == token.ScopeAdmin) || admins != (rule.Reach == AdminsAnyones) {
			t.Errorf("%s: %+v, want an admin's rule under /admin/ and there alone", route, rule)
		}
		if orders := strings.HasPrefix(path, "/orders"); orders && (rule.Open() || rule.Reach == Shops) {
			t.Errorf("%s: %+v, want orders for their customers alone", route, rule)
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
	ann, boss := user.Caller{UserID: "usr_ann"}, user.Caller{UserID: "usr_boss", Admin: true}
	for _, c := range []struct {
		caller   user.Caller
		owner    string
		adminNow bool
		want     bool
	}{
		{ann, "usr_ann", false, true},
		{ann, "usr_bob", false, false},
		{ann, "usr_bob", true, false}, // the role alone is not enough: her token is a customer's
		{boss, "usr_ann", true, true},
		{boss, "usr_ann", false, false}, // nor is the token, once the role is gone
		{boss, "usr_boss", false, true},
		{user.Caller{}, "", false, false},
		{ann, "", false, false},
	} {
		if got := MaySee(c.caller, c.owner, c.adminNow); got != c.want {
			t.Errorf("%+v of %q, admin now %v: got %v, want %v", c.caller, c.owner, c.adminNow, got, c.want)
		}
	}
}
