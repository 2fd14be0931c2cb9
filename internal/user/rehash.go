package user

import (
	"context"
	"fmt"

	"shop/internal/password"
)

// Rehash renews a password's hash when the cost of new hashes has changed. It does so at a log-in, the only time when
// the password is known.
type Rehash struct {
	Users     HashStore
	Passwords PasswordHasher
	Failed    func(ctx context.Context, userID string, err error)
}

// HashStore stores hashes.
type HashStore interface {
	// ReplaceHash stores the hash renewed in the place of old. It does nothing, and returns nil, when the user has
	// another hash by now: the password was changed meanwhile, or another log-in was first.
	ReplaceHash(ctx context.Context, email string, old, renewed password.Hash) error
}

// PasswordHasher knows what a hash should cost.
type PasswordHasher interface {
	// Outdated reports whether Hash would make another kind of hash.
	Outdated(hash password.Hash) bool
	// Hash returns the hash to store.
	Hash(password string) (password.Hash, error)
}

// Do renews the hash of the user, whose password it is, if that is due. A failure costs nobody a log-in: the next one
// tries again.
func (r *Rehash) Do(ctx context.Context, u User, password string) {
	if !r.Passwords.Outdated(u.PasswordHash) {
		return
	}
	if err := r.renew(ctx, u, password); err != nil {
		r.Failed(ctx, u.ID, err)
	}
}

func (r *Rehash) renew(ctx context.Context, u User, password string) error {
	renewed, err := r.Passwords.Hash(password)
	if err != nil {
		return fmt.Errorf("hashing a password: %w", err)
	}
	if err := r.Users.ReplaceHash(ctx, u.Email, u.PasswordHash, renewed); err != nil {
		return fmt.Errorf("storing a renewed hash: %w", err)
	}
	return nil
}
