package user

import (
	"slices"
	"strings"

	"shop/internal/token"
)

// Role says what a user may do beside what every customer may: RoleCustomer for nothing, RoleAdmin for everything, or
// the scopes of staff, each once, in the order of token.StaffScopes, with one blank between them.
type Role string

// The roles without a choice of scopes. Everybody may order like any customer.
const (
	RoleCustomer Role = "customer"
	RoleAdmin    Role = "admin"
)

// RoleOf returns the role that has the scopes of staff which are among the given ones. ScopeAdmin stands for all.
func RoleOf(scopes ...string) Role {
	if slices.Contains(scopes, token.ScopeAdmin) {
		return RoleAdmin
	}
	held := slices.DeleteFunc(token.StaffScopes(), func(s string) bool { return !slices.Contains(scopes, s) })
	if len(held) == 0 {
		return RoleCustomer
	}
	return Role(strings.Join(held, " "))
}

// Scopes returns the scopes of staff that the role has, and ScopeAdmin alone for an admin's. It is never nil. It leaves
// out what is no scope of staff.
func (r Role) Scopes() []string {
	held := strings.Fields(string(r))
	return slices.DeleteFunc(token.StaffScopes(), func(s string) bool { return !slices.Contains(held, s) })
}

// Allows reports whether the role has one of the scopes of staff.
func (r Role) Allows(scopes ...string) bool {
	held := r.Scopes()
	return slices.Contains(held, token.ScopeAdmin) ||
		slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(held, s) })
}

// With returns the role that has the scopes, too.
func (r Role) With(scopes ...string) Role { return RoleOf(append(r.Scopes(), scopes...)...) }

// Without returns the role that has none of the scopes. An admin's role has none to take away but ScopeAdmin.
func (r Role) Without(scopes ...string) Role {
	return RoleOf(slices.DeleteFunc(r.Scopes(), func(s string) bool { return slices.Contains(scopes, s) })...)
}
