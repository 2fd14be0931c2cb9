package user

import (
	"reflect"
	"testing"

	"shop/internal/token"
)

func TestSubject(t *testing.T) {
	for role, scopes := range map[Role][]string{
		RoleCustomer:            {"customer"},
		RoleAdmin:               {"customer", "admin"},
		"inventory history":     {"customer", "inventory", "history"},
		"orders customers sudo": {"customer", "orders"},
		"":                      {"customer"},
		"Admin":                 {"customer"},
	} {
		got := User{ID: "usr_1", Email: "ada@example.com", Role: role}.subject("ses_1")
		want := token.Subject{UserID: "usr_1", Email: "ada@example.com", SessionID: "ses_1", Scopes: scopes}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", role, got, want)
		}
	}
}
