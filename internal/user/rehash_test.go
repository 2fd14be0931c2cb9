package user

import (
	"context"
	"errors"
	"testing"

	"shop/internal/password"
)

// fakeHashes has one user's hash, and hashes that cost too little begin with "old ".
type fakeHashes struct {
	stored  password.Hash
	hashing error
	storing error
	failed  []string
}

func (v *fakeHashes) ReplaceHash(_ context.Context, _ string, old, renewed password.Hash) error {
	if v.storing == nil && v.stored == old {
		v.stored = renewed
	}
	return v.storing
}

func (v *fakeHashes) Outdated(h password.Hash) bool { return h == oldHash || h == oldestHash }

func (v *fakeHashes) Hash(p string) (password.Hash, error) { return hashOf(p), v.hashing }

var oldHash, oldestHash = password.Stored("old (right one)"), password.Stored("older (right one)")

func (v *fakeHashes) rehash() *Rehash {
	return &Rehash{Users: v, Passwords: v, Failed: func(_ context.Context, userID string, err error) {
		v.failed = append(v.failed, userID+": "+err.Error())
	}}
}

func TestRehash(t *testing.T) {
	changed := hashOf("another one")
	for name, c := range map[string]struct {
		read, stored, want password.Hash
	}{
		"outdated":                       {oldHash, oldHash, hashOf("right one")},
		"up to date":                     {hashOf("right one"), hashOf("right one"), hashOf("right one")},
		"changed meanwhile":              {oldHash, changed, changed},
		"renewed by another log-in":      {oldHash, hashOf("right one"), hashOf("right one")},
		"outdated and changed meanwhile": {oldHash, oldestHash, oldestHash},
	} {
		t.Run(name, func(t *testing.T) {
			v := &fakeHashes{stored: c.stored}
			v.rehash().Do(t.Context(), User{ID: "usr_1", Email: "ada@example.com", PasswordHash: c.read}, "right one")
			if v.stored != c.want || len(v.failed) != 0 {
				t.Errorf("stored %q, failures %q, want %q", v.stored.PHC(), v.failed, c.want.PHC())
			}
		})
	}
}

// TestRehashFails: it is told, and changes nothing.
func TestRehashFails(t *testing.T) {
	for want, v := range map[string]*fakeHashes{
		"usr_1: hashing a password: the store is down":     {stored: oldHash, hashing: errDown},
		"usr_1: storing a renewed hash: the store is down": {stored: oldHash, storing: errDown},
	} {
		v.rehash().Do(t.Context(), User{ID: "usr_1", PasswordHash: oldHash}, "right one")
		if len(v.failed) != 1 || v.failed[0] != want || v.stored != oldHash {
			t.Errorf("told %q and stored %q, want %q", v.failed, v.stored.PHC(), want)
		}
	}
}

// TestWrongPasswordTellsTheLogAlone: whose account it was is no part of the text.
func TestWrongPasswordTellsTheLogAlone(t *testing.T) {
	var err error = &WrongPasswordError{UserID: "usr_1"}
	if err.Error() != ErrInvalidCredentials.Error() || !errors.Is(err, ErrInvalidCredentials) {
		t.Errorf("got %v, want %v", err, ErrInvalidCredentials)
	}
}
