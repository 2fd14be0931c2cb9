package user

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"shop/internal/token"
)

var madeAt = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func newTestKey(t testing.TB, scopes ...string) (APIKey, string) {
	t.Helper()
	k, key, err := NewAPIKey("nightly report", "arn:operator", madeAt, scopes...)
	if err != nil {
		t.Fatal(err)
	}
	return k, key
}

func TestNewAPIKey(t *testing.T) {
	k, key := newTestKey(t, "orders", "history")
	other, _ := newTestKey(t, "history")
	id, _, err := parseAPIKey(key)
	if err != nil || id != k.ID || !IsAPIKeyID(id) || k.Role != "history orders" || other.ID == k.ID ||
		other.SecretHash == k.SecretHash {
		t.Errorf("got %+v and %q, %v; another %+v", k, key, err, other)
	}
	if _, err := NormalizeEmail(k.ID); err == nil {
		t.Error("a key's id is an address: somebody could sign up as the key")
	}
	for name, scopes := range map[string][]string{
		"a name\n": {"history"}, "": {"history"}, strings.Repeat("x", 61): {"history"}, "-": {"history"},
		"admin": {"admin"}, "all": {"history", "admin"}, "none": nil, "customer": {"customer"},
	} {
		if k, key, err := NewAPIKey(name, "arn:operator", madeAt, scopes...); err == nil || key != "" {
			t.Errorf("%q, %v: got %+v, want an error", name, scopes, k)
		}
	}
}

func FuzzParseAPIKey(f *testing.F) {
	_, key := newTestKey(f, "history")
	for _, text := range []string{
		key, "", ".", key + "=", key + "\n", " " + key, strings.ToUpper(key), key[:len(key)-1],
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, secret, err := parseAPIKey(text)
		if err == nil && (id+"."+secret != text || !IsAPIKeyID(id) || len(secret) != secretLength) {
			t.Errorf("%q was read as %q and %q", text, id, secret)
		}
	})
}

// machines has API keys as the store does, and notes what is done.
type machines struct {
	Guesses
	keys   map[string]APIKey
	counts map[string]int // guesses of a key
	did    []string
	failed []string
	err    error // of Used
}

func (m *machines) Lookup(_ context.Context, a Attempt) (AttemptHistory, error) {
	m.did = append(m.did, "lookup")
	k, found := m.keys[a.Email]
	u := User{ID: k.ID, Email: k.ID, Role: k.Role, PasswordHash: k.SecretHash}
	var tallies Tallies
	tallies[PerAddressAndClient] = Tally{Guesses: int64(m.counts[a.Email]), Last: a.At}
	tallies[Reserve] = Tally{Guesses: int64(max(m.counts[a.Email]-freePerAddressAndClient, 0)), Last: a.At}
	return AttemptHistory{Found: found, User: u, Tallies: tallies}, nil
}

func (m *machines) Count(_ context.Context, a Attempt, _ Limits) error {
	m.did = append(m.did, "count")
	m.counts[a.Email]++
	return nil
}

func (m *machines) TakeBack(_ context.Context, a Attempt) error {
	m.did = append(m.did, "take back")
	m.counts[a.Email]--
	return nil
}

func (m *machines) Used(_ context.Context, _ string, at, since time.Time) error {
	m.did = append(m.did, "used")
	if at.Sub(since) != time.Hour {
		return errors.New("a use is noted once an hour")
	}
	return m.err
}

func (m *machines) Issue(_ context.Context, s token.Subject) (string, time.Duration, error) {
	return s.UserID + " " + s.ClientID + " " + s.Email + s.SessionID + strings.Join(s.Scopes, ","), token.Lifetime, nil
}

func newMachines(keys ...APIKey) (*machines, *MachineLogIn) {
	m := &machines{keys: map[string]APIKey{}, counts: map[string]int{}}
	for _, k := range keys {
		m.keys[k.ID] = k
	}
	failed := func(_ context.Context, id string, _ error) { m.failed = append(m.failed, id) }
	now := func() time.Time { return madeAt }
	return m, &MachineLogIn{Guesses: m, Tokens: m, Keys: m, Failed: failed, Now: now}
}

// TestMachineLogIn: the token is the key's own, for its scopes alone, and of no user and no session.
func TestMachineLogIn(t *testing.T) {
	k, key := newTestKey(t, "orders", "inventory")
	m, l := newMachines(k)
	s, err := l.Do(t.Context(), key, "192.0.2.7")
	if want := k.ID + " " + k.ID + " inventory,orders"; err != nil || s.AccessToken != want || s.KeyID != k.ID ||
		s.ExpiresIn != token.Lifetime || !slices.Equal(s.Scopes, []string{"inventory", "orders"}) {
		t.Errorf("got %+v, %v, want the token %q", s, err, want)
	}
	if want := []string{"lookup", "count", "take back", "used"}; !slices.Equal(m.did, want) {
		t.Errorf("did %v, want %v", m.did, want)
	}
	m.err = errors.New("down")
	if _, err := l.Do(t.Context(), key, "192.0.2.7"); err != nil || !slices.Equal(m.failed, []string{k.ID}) {
		t.Errorf("a use that cannot be noted: got %v, noted %v; want a session", err, m.failed)
	}
}

// TestRefusedKeys: a key that nobody has, one with a wrong secret and one that was revoked are answered alike, after
// the same calls, and counted; what has no key's form at once.
func TestRefusedKeys(t *testing.T) {
	k, key := newTestKey(t, "history")
	_, unknown := newTestKey(t, "history")
	revoked, revokedKey := newTestKey(t, "history")
	revoked.Role = RoleCustomer
	wrong := k.ID + "." + strings.Repeat("A", secretLength)
	for text, known := range map[string]bool{unknown: false, wrong: true, revokedKey: true} {
		m, l := newMachines(k, revoked)
		_, err := l.Do(t.Context(), text, "192.0.2.7")
		var refused *APIKeyRefusedError
		if !errors.As(err, &refused) || !errors.Is(err, ErrInvalidAPIKey) || errors.Is(err, ErrInvalidCredentials) ||
			refused.Known != known || err.Error() != ErrInvalidAPIKey.Error() {
			t.Errorf("%q: got %v, %+v, want ErrInvalidAPIKey, known %v", text, err, refused, known)
		}
		counted := slices.Collect(maps.Values(m.counts))
		if want := []string{"lookup", "count"}; !slices.Equal(m.did, want) || !slices.Equal(counted, []int{1}) {
			t.Errorf("%q: did %v, counted %v, want %v and one guess", text, m.did, counted, want)
		}
	}
	m, l := newMachines(k)
	if _, err := l.Do(t.Context(), key+"=", "192.0.2.7"); !errors.Is(err, ErrInvalidAPIKey) || len(m.did) > 0 {
		t.Errorf("no key: got %v after %v, want ErrInvalidAPIKey at once", err, m.did)
	}
}

// TestGuessedKeys: guesses at a key are counted as at an address, and refused before the secret is looked at.
func TestGuessedKeys(t *testing.T) {
	k, _ := newTestKey(t, "history")
	_, l := newMachines(k)
	var tooMany *TooManyGuessesError
	for i := range freePerAddressAndClient + freeReserve {
		_, err := l.Do(t.Context(), k.ID+"."+strings.Repeat("A", secretLength), "192.0.2.7")
		if errors.As(err, &tooMany) != (i >= freePerAddressAndClient) {
			t.Fatalf("guess %d: got %v", i, err)
		}
	}
	if _, err := l.Do(t.Context(), k.ID+"."+strings.Repeat("A", secretLength), "192.0.2.7"); !errors.As(err, &tooMany) {
		t.Errorf("got %v, want TooManyGuessesError", err)
	}
}
