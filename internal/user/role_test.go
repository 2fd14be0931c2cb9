package user

import (
	"strings"
	"testing"
	"testing/quick"
)

func TestRoleOf(t *testing.T) {
	for scopes, want := range map[string]Role{
		"": RoleCustomer, "customer": RoleCustomer, "admin": RoleAdmin, "inventory admin": RoleAdmin,
		"orders inventory inventory": "inventory orders", "customer history": "history", "Admin": RoleCustomer,
	} {
		if got := RoleOf(strings.Fields(scopes)...); got != want {
			t.Errorf("%q: got %q, want %q", scopes, got, want)
		}
	}
	if got := RoleOf("customer admin"); got != RoleCustomer {
		t.Errorf("two scopes in one text: got %q, want none of them", got)
	}
}

func TestRoleChanges(t *testing.T) {
	for _, c := range []struct {
		from    Role
		scopes  string
		with    Role
		without Role
	}{
		{RoleCustomer, "inventory", "inventory", RoleCustomer},
		{"inventory", "history inventory", "inventory history", RoleCustomer},
		{"inventory history", "inventory", "inventory history", "history"},
		{"inventory", "admin", RoleAdmin, "inventory"},
		{RoleAdmin, "inventory", RoleAdmin, RoleAdmin},
		{RoleAdmin, "admin", RoleAdmin, RoleCustomer},
		{"", "orders", "orders", RoleCustomer},
	} {
		scopes := strings.Fields(c.scopes)
		if with, without := c.from.With(scopes...), c.from.Without(scopes...); with != c.with || without != c.without {
			t.Errorf("%q: with %q %q, without %q; want %q and %q", c.from, c.scopes, with, without, c.with, c.without)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, c := range []struct {
		role   Role
		scopes string
		want   bool
	}{
		{RoleCustomer, "inventory", false}, {RoleCustomer, "customer", false}, {"", "", false},
		{RoleAdmin, "inventory", true}, {"inventory", "inventory", true}, {"inventory", "history orders", false},
		{"orders", "history orders", true}, {"inventory", "admin", false}, {"customer admin2", "admin", false},
	} {
		if got := c.role.Allows(strings.Fields(c.scopes)...); got != c.want {
			t.Errorf("%q, %q: got %v, want %v", c.role, c.scopes, got, c.want)
		}
	}
}

// TestRoleIsOneText: whatever is granted in whatever order, the same rights are the same text, which a write compares.
func TestRoleIsOneText(t *testing.T) {
	if err := quick.Check(func(a, b []bool) bool {
		pick := func(picks []bool) []string {
			var scopes []string
			for i, picked := range picks {
				if picked {
					scopes = append(scopes, []string{"inventory", "history", "orders"}[i%3])
				}
			}
			return scopes
		}
		one, other := pick(a), pick(b)
		role := RoleCustomer.With(one...).With(other...)
		return role == RoleCustomer.With(other...).With(one...) && role == RoleOf(role.Scopes()...) &&
			role.Without(one...).Without(other...) == RoleCustomer
	}, nil); err != nil {
		t.Error(err)
	}
}
