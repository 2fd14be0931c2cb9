package dynamostore

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"shop/internal/order"
	"shop/internal/user"
	"shop/test/awsfault"
)

func (s *shop) apiKeys() *APIKeys { return &APIKeys{Client: s.client, Users: s.tables.Name("Users")} }

func (s *shop) apiKeyUses() *APIKeyUses {
	return &APIKeyUses{Client: s.client, Users: s.tables.Name("Users"), AuthState: s.tables.Name("AuthState")}
}

func (s *shop) newAPIKey(at time.Time, scopes ...string) user.APIKey {
	s.t.Helper()
	k, _, err := user.NewAPIKey("nightly report", "arn:operator", at, scopes...)
	s.must(err)
	s.must(s.apiKeys().Create(s.t.Context(), k))
	return k
}

func machine(k user.APIKey) user.Caller { return user.Caller{UserID: k.ID, Role: k.Role} }

// TestAPIKeys: a key has its scopes and no others until it is revoked, from then on none. It is listed while it
// stands.
func TestAPIKeys(t *testing.T) {
	s := open(t)
	if keys, err := s.apiKeys().List(t.Context()); err != nil || len(keys) > 0 {
		t.Errorf("a new store: got %v, %v", keys, err)
	}
	later := s.newAPIKey(opened.Add(time.Hour), "inventory", "orders")
	k := s.newAPIKey(opened, "history")
	check := func(when string, scope string, want error) {
		t.Helper()
		if err := s.rights().Require(t.Context(), machine(k), scope); !errors.Is(err, want) {
			t.Errorf("%s, %s: got %v, want %v", when, scope, err, want)
		}
	}
	check("made", "history", nil)
	check("made", "orders", user.ErrNoRight)
	keys, err := s.apiKeys().List(t.Context())
	if s.must(err); !slices.Equal(keys, []user.APIKey{k, later}) {
		t.Errorf("got %+v, want %+v", keys, []user.APIKey{k, later})
	}
	s.faults.On("TransactWriteItems", awsfault.Lost)
	role, err := s.apiKeys().Revoke(t.Context(), k.ID, opened)
	if s.must(err); role != "history" {
		t.Errorf("revoked %q, want history", role)
	}
	check("revoked", "history", user.ErrNoRight)
	if _, err := s.apiKeys().Revoke(t.Context(), k.ID, opened); !errors.Is(err, user.ErrNoAPIKey) {
		t.Errorf("revoked again: got %v, want ErrNoAPIKey", err)
	}
	if keys, err := s.apiKeys().List(t.Context()); err != nil || !slices.Equal(keys, []user.APIKey{later}) {
		t.Errorf("got %+v, %v, want the other one", keys, err)
	}
	s.must(s.apiKeys().Create(t.Context(), k)) // a request to make it that was late on its way
	check("made late", "history", user.ErrNoRight)
}

// TestKeyOfAnothersToken: a key's rights are for its own token, and a user's for theirs.
func TestKeyOfAnothersToken(t *testing.T) {
	s := open(t)
	k := s.newAPIKey(opened, "history")
	for name, caller := range map[string]user.Caller{
		"a user at a key":          {UserID: s.admin.UserID, Email: k.ID, Role: "history"},
		"a key at a user":          {UserID: s.admin.Email, Role: "history"},
		"a key that nobody has":    {UserID: "shopkey_" + "aaaaaaaaaaaaaaaaaaaaaaaaaa", Role: "history"},
		"the list of keys":         {UserID: apiKeyList, Role: "history"},
		"a key with an admin's id": {UserID: k.ID, Email: s.admin.Email, Role: "history"},
	} {
		if err := s.rights().Require(t.Context(), caller, "history"); !errors.Is(err, user.ErrNoRight) {
			t.Errorf("%s: got %v, want ErrNoRight", name, err)
		}
	}
}

func TestKeyReadsOrders(t *testing.T) {
	s := open(t)
	o := s.ordered()
	reader, keeper := s.newAPIKey(opened, "history"), s.newAPIKey(opened, "inventory")
	if _, _, err := s.orderReader().View(t.Context(), machine(reader), o.ID); err != nil {
		t.Errorf("with the scope: got %v", err)
	}
	if _, _, err := s.orderReader().View(t.Context(), machine(keeper), o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("with another scope: got %v, want ErrNotFound", err)
	}
	_, err := s.apiKeys().Revoke(t.Context(), reader.ID, opened)
	s.must(err)
	if _, _, err := s.orderReader().View(t.Context(), machine(reader), o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("revoked: got %v, want ErrNotFound", err)
	}
}

// TestUsesOfAKey: the last use is kept once an hour, and makes no key.
func TestUsesOfAKey(t *testing.T) {
	s := open(t)
	k := s.newAPIKey(opened, "history")
	used := func(at time.Time, want time.Time) {
		t.Helper()
		s.must(s.apiKeyUses().Used(t.Context(), k.ID, at, at.Add(-time.Hour)))
		keys, err := s.apiKeys().List(t.Context())
		if s.must(err); len(keys) != 1 || !keys[0].LastUsedAt.Equal(want) {
			t.Errorf("used at %s: got %+v, want %s", at, keys, want)
		}
	}
	used(opened, opened)
	used(opened.Add(59*time.Minute), opened)
	used(opened.Add(61*time.Minute), opened.Add(61*time.Minute))
	const nobodys = "shopkey_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	s.must(s.apiKeyUses().Used(t.Context(), nobodys, opened, opened))
	if _, err := s.accounts().ByEmail(t.Context(), nobodys); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("the use of no key made one: %v", err)
	}
}

// TestManyAPIKeys: of more keys at once than a store may have, so many are made as it may.
func TestManyAPIKeys(t *testing.T) {
	s := open(t)
	var group sync.WaitGroup
	var mutex sync.Mutex
	made, refused := 0, 0
	for range 5 {
		group.Go(func() {
			for range user.MaxAPIKeys/5 + 1 {
				k, _, _ := user.NewAPIKey("n", "arn:operator", opened, "history")
				err := s.apiKeys().Create(t.Context(), k)
				mutex.Lock()
				if errors.Is(err, user.ErrTooManyAPIKeys) {
					refused++
				} else if err == nil {
					made++
				} else {
					t.Error(err)
				}
				mutex.Unlock()
			}
		})
	}
	group.Wait()
	keys, err := s.apiKeys().List(t.Context())
	if s.must(err); made != user.MaxAPIKeys || refused != 5 || len(keys) != user.MaxAPIKeys {
		t.Errorf("made %d, refused %d, listed %d, want %d, 5 and as many", made, refused, len(keys), user.MaxAPIKeys)
	}
}
