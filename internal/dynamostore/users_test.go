package dynamostore

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/password"
	"shop/internal/token"
	"shop/internal/user"
	"shop/test/awsfault"
)

func TestUsersAreStoredOnce(t *testing.T) {
	s := open(t)
	ann := user.User{
		ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"), Role: user.RoleCustomer,
		CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	got, err := s.accounts().ByEmail(t.Context(), ann.Email)
	s.must(err)
	if got != ann {
		t.Errorf("got %+v, want %+v", got, ann)
	}
	other := ann
	other.ID, other.Name = "usr_2", "Another Ann"
	if err := s.signUp().Create(t.Context(), other, user.IdempotencyRecord{}); !errors.Is(err, user.ErrEmailTaken) {
		t.Errorf("a second user of the address: got %v, want ErrEmailTaken", err)
	}
	if got, _ := s.accounts().ByEmail(t.Context(), ann.Email); got != ann {
		t.Errorf("after a refused sign-up: got %+v, want %+v", got, ann)
	}
	if _, err := s.accounts().ByEmail(t.Context(), "nobody@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address: got %v, want ErrNotFound", err)
	}
}

// The SDK repeats the write, whose condition then fails on our own user.
func TestSignUpWhoseAnswerWasLostSucceeds(t *testing.T) {
	s := open(t)
	s.faults.On("PutItem", awsfault.Lost)
	ann := user.User{
		ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"), Role: user.RoleCustomer,
		CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	if got := s.faults.Calls("PutItem"); got != 3 { // the admin's, ours, and its repeat
		t.Errorf("calls: got %d, want 3", got)
	}
}

func TestRoles(t *testing.T) {
	s := open(t)
	ann := user.User{
		ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: password.Stored("h"), Role: user.RoleCustomer,
		CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	asAdmin := user.Caller{UserID: ann.ID, Email: ann.Email, Role: user.RoleAdmin}
	check := func(when string, caller user.Caller, want error) {
		t.Helper()
		if err := s.rights().Require(t.Context(), caller, token.ScopeHistory); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", when, err, want)
		}
	}
	set := func(email string, role, want user.Role) {
		t.Helper()
		before, err := s.operator().SetRole(t.Context(), user.RoleChange{
			UserID: ann.ID, Generation: s.user(email).Generation, Email: email, Role: role, By: "arn:operator",
			At: opened,
		})
		if s.must(err); before.ID != ann.ID || before.Role != want {
			t.Errorf("setting %s: got %+v before, want %s %s", role, before, ann.ID, want)
		}
	}
	check("a customer with an admin's token", asAdmin, user.ErrNoRight)
	set(ann.Email, user.RoleAdmin, user.RoleCustomer)
	set(ann.Email, user.RoleCustomer, user.RoleAdmin)
	set(ann.Email, user.RoleAdmin, user.RoleCustomer)
	check("once granted", asAdmin, nil)
	other, nobody := asAdmin, asAdmin
	other.UserID, nobody.Email = "usr_9", "x@example.com"
	check("another account of the address", other, user.ErrNoRight)
	check("an address nobody has", nobody, user.ErrNoRight)
	set(ann.Email, "inventory orders", user.RoleAdmin)
	check("another scope", asAdmin, user.ErrNoRight)
	set(ann.Email, "history", "inventory orders")
	check("the scope alone", asAdmin, nil)
	set(ann.Email, user.RoleCustomer, "history")
	check("once revoked", asAdmin, user.ErrNoRight)
	_, err := s.operator().SetRole(t.Context(),
		user.RoleChange{UserID: ann.ID, Email: "x@example.com", Role: user.RoleAdmin, By: "arn:operator", At: opened})
	if !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address: got %v, want ErrNotFound", err)
	}
	if _, err := s.accounts().ByEmail(t.Context(), "x@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("an unknown address was stored: %v", err)
	}
}

// TestRoleEndsSessions: each change of role makes the next generation, and what changes nothing does not.
func TestRoleEndsSessions(t *testing.T) {
	s := open(t)
	change := user.RoleChange{UserID: s.admin.UserID, Email: s.admin.Email, By: "arn:operator", At: opened}
	for i, role := range []user.Role{user.RoleCustomer, user.RoleCustomer, user.RoleAdmin, user.RoleAdmin} {
		change.Role, change.Generation = role, s.user(s.admin.Email).Generation
		_, err := s.operator().SetRole(t.Context(), change)
		s.must(err)
		if got, want := s.user(s.admin.Email).Generation, int64(i/2+1); got != want {
			t.Errorf("change %d: generation %d, want %d", i, got, want)
		}
	}
}

// TestRoleOfAnotherAccount: the account that the operator looked at is changed, and no other one of the address; and
// none that is not verified.
func TestRoleOfAnotherAccount(t *testing.T) {
	s := open(t)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	grant := user.RoleChange{UserID: "usr_0", Email: ann.Email, Role: user.RoleAdmin, By: "arn:operator", At: opened}
	if _, err := s.operator().SetRole(t.Context(), grant); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("another account: got %v, want ErrNotFound", err)
	}
	grant.UserID = ann.ID
	if _, err := s.operator().SetRole(t.Context(), grant); !errors.Is(err, user.ErrUnverified) {
		t.Errorf("an unverified account: got %v, want ErrUnverified", err)
	}
	if got := s.user(ann.Email); got != ann {
		t.Errorf("got %+v, want it as it was", got)
	}
}

// Who changed a role last, and when, is kept; what changes nothing leaves it alone.
func TestRoleChangesAreKept(t *testing.T) {
	s := open(t)
	grant := user.RoleChange{
		UserID: s.admin.UserID, Email: s.admin.Email, Role: user.RoleCustomer, By: "arn:first",
		At: opened.Add(time.Hour),
	}
	for _, by := range []string{"arn:first", "arn:second"} {
		grant.By = by
		if _, err := s.operator().SetRole(t.Context(), grant); err != nil {
			t.Fatal(err)
		}
		grant.At = grant.At.Add(time.Hour)
	}
	out, err := s.client.GetItem(t.Context(),
		&dynamodb.GetItemInput{TableName: aws.String(s.tables.Name("Users")), Key: userKey(s.admin.Email)})
	s.must(err)
	r := reader{item: out.Item}
	by, at := r.text("role_changed_by"), r.instant("role_changed_at")
	if s.must(r.err); by != "arn:first" || !at.Equal(opened.Add(time.Hour)) {
		t.Errorf("changed by %s at %s, want the first change", by, at)
	}
}

// TestLateGrant: a grant's first attempt hangs, its repeat is carried out, and the role is revoked; then the first
// attempt arrives.
func TestLateGrant(t *testing.T) {
	s, ann := open(t), ann
	ann.Unverified = false
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	grant := user.RoleChange{UserID: ann.ID, Email: ann.Email, Role: user.RoleAdmin, By: "arn:operator", At: opened}
	revoke := grant
	revoke.Role, revoke.Generation, revoke.At = user.RoleCustomer, 1, opened.Add(time.Minute)
	for _, change := range []user.RoleChange{grant, revoke} {
		_, err := s.operator().SetRole(t.Context(), change)
		s.must(err)
	}
	if _, err := s.operator().SetRole(t.Context(), grant); !errors.Is(err, user.ErrAccountChanged) {
		t.Errorf("got %v, want ErrAccountChanged", err)
	}
	if got := s.user(ann.Email); got.Role != user.RoleCustomer || got.Generation != 2 {
		t.Errorf("got a %s of generation %d, want a customer of the revocation's", got.Role, got.Generation)
	}
}

// TestGrantsAtOnce: of two grants that saw the same role, each of another scope, one is carried out; the other is told
// that the account changed, and takes nothing away.
func TestGrantsAtOnce(t *testing.T) {
	s, ann := open(t), ann
	ann.Unverified = false
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	var group sync.WaitGroup
	var errs [2]error
	for i, role := range []user.Role{"inventory", "history"} {
		group.Go(func() {
			_, errs[i] = s.operator().SetRole(t.Context(), user.RoleChange{
				UserID: ann.ID, Email: ann.Email, From: ann.Role, Role: role, By: "arn:operator", At: opened,
			})
		})
	}
	group.Wait()
	failed, granted := 0, user.Role("history")
	if errs[0] == nil {
		failed, granted = 1, "inventory"
	}
	if errs[1-failed] != nil || !errors.Is(errs[failed], user.ErrAccountChanged) {
		t.Errorf("got %v and %v, want one that succeeds and ErrAccountChanged", errs[0], errs[1])
	}
	if got := s.user(ann.Email); got.Role != granted || got.Generation != 1 {
		t.Errorf("got %q of generation %d, want %q of the first", got.Role, got.Generation, granted)
	}
}

// The SDK repeats the write, whose condition then fails on our own change.
func TestRoleChangeWhoseAnswerWasLostIsTold(t *testing.T) {
	s := open(t)
	for _, c := range []struct{ role, before user.Role }{
		{user.RoleCustomer, user.RoleAdmin}, {"inventory", user.RoleCustomer}, {"inventory history", "inventory"},
	} {
		s.faults.On("UpdateItem", awsfault.Lost)
		before, err := s.operator().SetRole(t.Context(), user.RoleChange{
			UserID: s.admin.UserID, Generation: s.user(s.admin.Email).Generation, Email: s.admin.Email, From: c.before,
			Role: c.role, By: "arn:operator", At: opened,
		})
		if s.must(err); before.Role != c.before || before.ID != s.admin.UserID {
			t.Errorf("got %+v before, want %s", before, c.before)
		}
	}
}

// TestOperatorVerifies: the account that the operator looked at may log in, and keeps who said so first; no other
// account of the address, and none that expired. A lost answer is no failure.
func TestOperatorVerifies(t *testing.T) {
	s, ann := open(t), ann
	ann.ExpiresAt = opened.Add(time.Hour)
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	mine := user.Verification{UserID: ann.ID, Email: ann.Email, By: "arn:first", At: opened}
	for name, change := range map[string]func(*user.Verification){
		"another account":            func(v *user.Verification) { v.UserID = "usr_0" },
		"an address that nobody has": func(v *user.Verification) { v.Email = "x@example.com" },
		"an expired account":         func(v *user.Verification) { v.At = ann.ExpiresAt },
	} {
		v := mine
		change(&v)
		if err := s.operator().Verify(t.Context(), v); !errors.Is(err, user.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
	if got := s.user(ann.Email); got != ann {
		t.Errorf("got %+v, want it as it was", got)
	}
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(s.operator().Verify(t.Context(), mine))
	mine.By = "arn:second"
	s.must(s.operator().Verify(t.Context(), mine))
	want := ann
	want.Unverified, want.ExpiresAt = false, time.Time{}
	if got := s.user(ann.Email); got != want {
		t.Errorf("got %+v, want it verified, and nothing else: %+v", got, want)
	}
	out, err := s.client.GetItem(t.Context(),
		&dynamodb.GetItemInput{TableName: aws.String(s.tables.Name("Users")), Key: userKey(ann.Email)})
	s.must(err)
	r := reader{item: out.Item}
	if by, at := r.text("verified_by"), r.instant("verified_at"); r.err != nil || by != "arn:first" ||
		!at.Equal(opened) {
		t.Errorf("verified by %s at %s, %v, want the first", by, at, r.err)
	}
}

// A hash is renewed, and never put in the place of a password that was chosen meanwhile, nor of nothing.
func TestHashesAreRenewed(t *testing.T) {
	s := open(t)
	old, renewed, chosen := password.Stored("old"), password.Stored("renewed"), password.Stored("chosen")
	ann := user.User{
		ID: "usr_1", Email: "ann@example.com", Name: "Ann", PasswordHash: old, Role: user.RoleAdmin, CreatedAt: opened,
	}
	s.must(s.signUp().Create(t.Context(), ann, user.IdempotencyRecord{}))
	for _, c := range []struct{ from, to, want password.Hash }{
		{chosen, renewed, old}, {old, renewed, renewed}, {old, chosen, renewed}, {renewed, chosen, chosen},
	} {
		s.must(s.hashes().ReplaceHash(t.Context(), ann.Email, c.from, c.to))
		got, err := s.accounts().ByEmail(t.Context(), ann.Email)
		s.must(err)
		if ann.PasswordHash = c.want; got != ann {
			t.Errorf("%q in the place of %q: got %q, want %q",
				c.to.PHC(), c.from.PHC(), got.PasswordHash.PHC(), c.want.PHC())
		}
	}
	s.must(s.hashes().ReplaceHash(t.Context(), "nobody@example.com", old, renewed))
	if _, err := s.accounts().ByEmail(t.Context(), "nobody@example.com"); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("a hash of nobody's was stored: %v", err)
	}
}

// The SDK repeats the write, whose condition then fails on our own hash.
func TestHashRenewalWhoseAnswerWasLostSucceeds(t *testing.T) {
	s := open(t)
	s.faults.On("UpdateItem", awsfault.Lost)
	s.must(s.hashes().ReplaceHash(t.Context(), s.admin.Email, password.Stored("x"), password.Stored("y")))
	if got, err := s.accounts().ByEmail(t.Context(), s.admin.Email); err != nil ||
		got.PasswordHash != password.Stored("y") {
		t.Errorf("got %q and error %v, want the renewed hash", got.PasswordHash.PHC(), err)
	}
}

// What a throttled or broken service fails says of itself that a repeat may help; what cannot work does not.
func TestFailuresTellWhetherARepeatMayHelp(t *testing.T) {
	s := open(t)
	for _, test := range []struct {
		status int
		name   string
		want   bool
	}{
		{400, "ProvisionedThroughputExceededException", true}, {400, "ThrottlingException", true},
		// the second is one that the SDK has no type for
		{500, "InternalServerError", true}, {503, "ServiceUnavailable", true},
		{400, "AccessDeniedException", false}, {400, "ValidationException", false},
	} {
		s.faults.On("GetItem", awsfault.Times(3, awsfault.Error(test.status, test.name))...)
		_, err := s.accounts().ByEmail(t.Context(), "ann@example.com")
		var failure interface{ Temporary() bool }
		if !errors.As(err, &failure) || failure.Temporary() != test.want {
			t.Errorf("%s: got %v, want one that says %v", test.name, err, test.want)
		}
		s.faults.Clear()
	}
	s.faults.On("GetItem", awsfault.Times(3, awsfault.DropRequest)...)
	_, err := s.accounts().ByEmail(t.Context(), "ann@example.com")
	var failure interface{ Temporary() bool }
	if !errors.As(err, &failure) || !failure.Temporary() {
		t.Errorf("a broken connection: got %v, want one that says that a repeat may help", err)
	}
}
