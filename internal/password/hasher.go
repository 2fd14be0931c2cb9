package password

import (
	"errors"
	"fmt"
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

	// ErrBadHash is returned by [Hasher.Check] for a stored hash that cannot be read or whose parameters are out of bounds.
	// Its text never holds the hash.
	ErrBadHash = errors.New("password: stored hash is malformed or out of bounds")
)

// Hasher hashes passwords at the cost of its Params and checks them at the cost that the hash names.
type Hasher struct {
	Params Params
}

// New returns a Hasher of the Params.
func New(p Params) Hasher { return Hasher{Params: p} }

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

// Check reports whether the hash is the password's. The keys are compared in constant time. A password that is not valid
// UTF-8 matches nothing; a hash that is none is [ErrBadHash].
//
// A hash that cost less than new ones do takes as long as a new one: what is missing is computed in vain. Else its time would tell
// that somebody has the address, because CheckDummy costs what new hashes do.
func (h Hasher) Check(hash Hash, password string) (bool, error) {
	if !isReadable(hash) {
		return false, ErrBadHash
	}
	defer h.fill(hash, password)
	normal, err := Normalize(password)
	if err != nil {
		return false, nil
	}
	match, err := argon2id.ComparePasswordAndHash(normal, hash.PHC())
	if err != nil {
		return false, ErrBadHash
	}
	return match, nil
}

// fill computes what checking the hash took less than checking a new one.
func (h Hasher) fill(hash Hash, password string) {
	params, _, _, err := argon2id.DecodeHash(hash.PHC())
	if err != nil {
		return
	}
	if missing, ok := h.Params.beyond(Params{params.Memory, params.Iterations, params.Parallelism}); ok {
		argon2.IDKey([]byte(password), make([]byte, saltLength), missing.Iterations, missing.MemoryKiB, missing.Parallelism, keyLength)
	}
}

// beyond returns parameters of a hash that takes as much work as p does more than less, and false where that is not one pass over
// the least memory. No pass takes more memory than p's.
func (p Params) beyond(less Params) (Params, bool) {
	if p.MemoryKiB == 0 || p.Work() <= less.Work() {
		return Params{}, false
	}
	missing := p.Work() - less.Work()
	passes := (missing + uint64(p.MemoryKiB) - 1) / uint64(p.MemoryKiB)
	filling := Params{uint32(missing / passes), uint32(passes), p.Parallelism}
	return filling, inBounds(filling.library())
}

// Outdated reports whether [Hasher.Hash] would make another kind of hash now: other Params, or another length of salt or key.
// What is no hash is not outdated; [Hasher.Check] refuses it.
func (h Hasher) Outdated(hash Hash) bool {
	params, _, _, err := argon2id.DecodeHash(hash.PHC())
	return err == nil && *params != *h.Params.library()
}

// CheckDummy does what [Hasher.Check] would for a hash that [Hasher.Hash] made, and tells nothing. Calling it for an account that
// does not exist keeps the time of the answer from telling so. With Params that Hash refuses it does nothing.
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

func isReadable(hash Hash) bool {
	params, _, _, err := argon2id.DecodeHash(hash.PHC())
	return err == nil && inBounds(params)
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
