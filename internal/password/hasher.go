package password

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
)

// Params is what a hash costs. Its zero value is not valid.
type Params struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// DefaultParams is 19 MiB, two passes, one lane: the first choice of OWASP for argon2id.
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
var DefaultParams = Params{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1}

const (
	saltLength = 16 // bytes
	keyLength  = 32 // bytes
)

// The bounds of a hash that is made or checked. Zero passes or lanes would panic, a large memory would be allocated, and a key
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
func (h Hasher) Hash(password string) (string, error) {
	normal, err := Normalize(password)
	if err != nil {
		return "", err
	}
	params := h.Params.library()
	if !inBounds(params) {
		return "", ErrBadParams
	}
	hash, err := argon2id.CreateHash(normal, params)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// Check reports whether the hash is the password's. The keys are compared in constant time. A password that is not valid
// UTF-8 matches nothing; a hash that is none is [ErrBadHash].
func (h Hasher) Check(hash, password string) (bool, error) {
	if !isReadable(hash) {
		return false, ErrBadHash
	}
	normal, err := Normalize(password)
	if err != nil {
		return false, nil
	}
	match, err := argon2id.ComparePasswordAndHash(normal, hash)
	if err != nil {
		return false, ErrBadHash
	}
	return match, nil
}

// CheckDummy does what [Hasher.Check] would for a hash that [Hasher.Hash] made, and tells nothing. Calling it for an account that
// does not exist keeps the time of the answer from telling so. With Params that Hash refuses it does nothing.
func (h Hasher) CheckDummy(password string) {
	_, _ = h.Check(h.Params.dummy(), password) // a dummy matches nothing, and only bad Params make it unreadable
}

// dummy is a well-formed hash that no password has but by a chance of 2^-256: salt and key are zeros.
func (p Params) dummy() string {
	zeros := func(length int) string { return strings.Repeat("A", (length*8+5)/6) }
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.MemoryKiB, p.Iterations, p.Parallelism, zeros(saltLength), zeros(keyLength))
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

func isReadable(hash string) bool {
	params, _, _, err := argon2id.DecodeHash(hash)
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
