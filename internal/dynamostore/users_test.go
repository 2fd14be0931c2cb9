package dynamostore

import (
	"errors"
	"testing"

	"shop/internal/user"
	"shop/test/awsfault"
)

func TestUsersAreStoredOnce(t *testing.T) {
	s := open(t)
	ann := user.User{ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: "h", Role: user.RoleCustomer, CreatedAt: opened}
	s.must(s.users().Create(t.Context(), ann))
	got, err := s.users().ByEmail(t.Context(), ann.Email)
	s.must(err)
	if got != ann {
		t.Errorf("got %+v, want %+v", got, ann)
	}
	other := ann
	other.ID, other.Name = "usr_2", "Another Ann"
	if err := s.users().Create(t.Context(), other); !errors.Is(err, user.ErrEmailTaken) {
		t.Errorf("a second user of the address: got %v, want ErrEmailTaken", err)
	}
	if got, _ := s.users().ByEmail(t.Context(), ann.Email); got != ann {
		t.Errorf("after a refused sign-up: got %+v, want %+v", got, ann)
	}
	if _, err := s.users().ByEmail(t.Context(), "nobody@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address: got %v, want ErrNotFound", err)
	}
}

// The SDK repeats the write, whose condition then fails on our own user.
func TestSignUpWhoseAnswerWasLostSucceeds(t *testing.T) {
	s := open(t)
	s.faults.On("PutItem", awsfault.Lost)
	ann := user.User{ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: "h", Role: user.RoleCustomer, CreatedAt: opened}
	s.must(s.users().Create(t.Context(), ann))
	if got := s.faults.Calls("PutItem"); got != 3 { // the admin's, ours, and its repeat
		t.Errorf("calls: got %d, want 3", got)
	}
}

func TestRoles(t *testing.T) {
	s := open(t)
	ann := user.User{ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: "h", Role: user.RoleCustomer, CreatedAt: opened}
	s.must(s.users().Create(t.Context(), ann))
	asAdmin := user.Caller{UserID: ann.ID, Email: ann.Email, Admin: true}
	check := func(when string, caller user.Caller, want error) {
		t.Helper()
		if err := s.users().RequireAdmin(t.Context(), caller); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	check("a customer with an admin's token", asAdmin, user.ErrNotAdmin)
	s.must(s.users().SetRole(t.Context(), ann.Email, user.RoleAdmin))
	check("once granted", asAdmin, nil)
	check("another account of the address", user.Caller{UserID: "usr_9", Email: ann.Email, Admin: true}, user.ErrNotAdmin)
	check("an address nobody has", user.Caller{UserID: ann.ID, Email: "x@example.com", Admin: true}, user.ErrNotAdmin)
	s.must(s.users().SetRole(t.Context(), ann.Email, user.RoleCustomer))
	check("once revoked", asAdmin, user.ErrNotAdmin)
	if err := s.users().SetRole(t.Context(), "x@example.com", user.RoleAdmin); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address: got %v, want ErrNotFound", err)
	}
}

// What a throttled or broken service fails says of itself that a repeat may help; what cannot work does not.
func TestFailuresTellWhetherARepeatMayHelp(t *testing.T) {
	s := open(t)
	for name, want := range map[string]bool{
		"ProvisionedThroughputExceededException": true, "ThrottlingException": true, "AccessDeniedException": false, "ValidationException": false,
	} {
		s.faults.On("GetItem", awsfault.Times(3, awsfault.Error(400, name))...)
		_, err := s.users().ByEmail(t.Context(), "ann@example.com")
		var failure interface{ Temporary() bool }
		if !errors.As(err, &failure) || failure.Temporary() != want {
			t.Errorf("%s: got %v, want one that says %v", name, err, want)
		}
		s.faults.Clear()
	}
	s.faults.On("GetItem", awsfault.Times(3, awsfault.Unsent)...)
	_, err := s.users().ByEmail(t.Context(), "ann@example.com")
	var failure interface{ Temporary() bool }
	if !errors.As(err, &failure) || !failure.Temporary() {
		t.Errorf("a broken connection: got %v, want one that says that a repeat may help", err)
	}
}
