package user

import (
	"slices"
	"testing"
)

func TestScopes(t *testing.T) {
	for role, want := range map[Role][]string{
		RoleCustomer: {"customer"},
		RoleAdmin:    {"customer", "admin"},
		"":           {"customer"},
		"Admin":      {"customer"},
	} {
		if got := (User{Role: role}).Scopes(); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", role, got, want)
		}
	}
}
