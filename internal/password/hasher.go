package password

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

const (
	saltLength = 16 // bytes
	keyLength  = 32 // bytes
)

// The bounds of a hash that is checked. Zero passes or lanes would panic, a large memory would be allocated, and a key
// of no bytes would equal the key of every password.
const (
	maxMemoryKiB   = 64 << 10
	maxIterations  = 10
	maxParallelism = 4
	minSaltLength  = 8
	maxSaltLength  = 64
	minKeyLength   = 16
	maxKeyLength   = 64
)

var (
	// ErrBadParams is returned by [Hasher.Hash] if the Hasher's parameters are out of bounds.
	ErrBadParams = errors.New("password: hash parameters out of bounds")

	// ErrBadHash is returned by [Hasher.Check] for a stored hash that cannot be read or whose parameters are out of
	// bounds. Its text never holds the hash.
	ErrBadHash = errors.New("password: stored hash is malformed or out of bounds")
)

// Hasher hashes passwords at the cost of its Params and checks them at the cost that the hash names.
type Hasher struct {
	Params Params
	// Before are the costs that stored hashes may still have from before Params were changed.
	Before []Params
}

// New returns a Hasher of the Params, for a store that may still have hashes of the costs before them.
func New(p Params, before ...Params) Hasher { return Hasher{Params: p, Before: before} }

// Validate is [Validate]; how to hash has no part in it.
func (Hasher) Validate(password, email string) error { return Validate(password, email) }

// Hash returns the password's hash as a PHC string, "$argon2id$v=19$m=…,t=…,p=…$salt$key", with a salt of its own.
// It returns [ErrNotUTF8] or [ErrBadParams] if there is none.
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
func (h Hasher) Hash(password string) (Hash, error) {
	normal, err := Normalize(password)
	if err != nil {
		return Hash{}, err
	}
	params := h.Params.library()
	if !inBounds(params) {
		return Hash{}, ErrBadParams
	}
	phc, err := argon2id.CreateHash(normal, params)
	if err != nil {
		return Hash{}, fmt.Errorf("hashing a password: %w", err)
	}
	return Stored(phc), nil
}

// Check reports whether the hash is the password's. The keys are compared in constant time. A password that is not
// valid UTF-8 matches nothing; a hash that is none is [ErrBadHash].
//
// It makes one computation at each cost in use, whichever the hash has; the results at the other costs are discarded.
// So its time reveals neither how old a hash is nor, with CheckDummy, whether somebody has the address. A hash of
// another cost than Params and Before takes one computation more.
func (h Hasher) Check(hash Hash, password string) (bool, error) {
	params, err := readParams(hash)
	if err != nil {
		return false, err
	}
	normal, err := Normalize(password)
	if err != nil {
		return false, nil
	}
	h.computeOthers(params, normal)
	match, err := argon2id.ComparePasswordAndHash(normal, hash.PHC())
	if err != nil {
		return false, ErrBadHash
	}
	return match, nil
}

// computeOthers computes what a check at each other cost in use would, and discards it.
func (h Hasher) computeOthers(own Params, password string) {
	for _, cost := range h.costs() {
		if cost != own {
			salt := make([]byte, saltLength)
			argon2.IDKey([]byte(password), salt, cost.Iterations, cost.MemoryKiB, cost.Parallelism, keyLength)
		}
	}
}

// costs returns each cost in use once. Costs that are out of bounds are left out: they could panic.
func (h Hasher) costs() []Params {
	var costs []Params
	for _, cost := range append([]Params{h.Params}, h.Before...) {
		if !slices.Contains(costs, cost) && inBounds(cost.library()) {
			costs = append(costs, cost)
		}
	}
	return costs
}

// Outdated reports whether [Hasher.Hash] would make another kind of hash now: other Params, or another length of salt
// or key. What is no hash is not outdated; [Hasher.Check] refuses it.
func (h Hasher) Outdated(hash Hash) bool {
	params, _, _, err := argon2id.DecodeHash(hash.PHC())
	return err == nil && *params != *h.Params.library()
}

// CheckDummy computes what [Hasher.Check] would for a hash that [Hasher.Hash] made. Call it for an account that does
// not exist, so that the time of the answer does not reveal that. With Params that Hash refuses it does nothing.
func (h Hasher) CheckDummy(password string) {
	_, _ = h.Check(h.Params.dummy(), password) // a dummy matches nothing, and only bad Params make it unreadable
}

// dummy is a well-formed hash that no password has but by a chance of 2^-256: salt and key are zeros.
func (p Params) dummy() Hash {
	zeros := func(length int) string { return strings.Repeat("A", (length*8+5)/6) }
	return Stored(fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, p, zeros(saltLength), zeros(keyLength)))
}

func (p Params) library() *argon2id.Params {
	return &argon2id.Params{
		Memory:      p.MemoryKiB,
		Iterations:  p.Iterations,
		Parallelism: p.Parallelism,
		SaltLength:  saltLength,
		KeyLength:   keyLength,
	}
}

// readParams returns what the hash cost. It returns [ErrBadHash].
func readParams(hash Hash) (Params, error) {
	params, _, _, err := argon2id.DecodeHash(hash.PHC())
	if err != nil || !inBounds(params) {
		return Params{}, ErrBadHash
	}
	return Params{params.Memory, params.Iterations, params.Parallelism}, nil
}

func inBounds(p *argon2id.Params) bool {
	return within(8*uint32(p.Parallelism), p.Memory, maxMemoryKiB) &&
		within(1, p.Iterations, maxIterations) &&
		within(1, uint32(p.Parallelism), maxParallelism) &&
		within(minSaltLength, p.SaltLength, maxSaltLength) &&
		within(minKeyLength, p.KeyLength, maxKeyLength)
}

func within(least, n, most uint32) bool {
	return least <= n && n <= most
}
