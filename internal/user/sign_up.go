package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shop/internal/password"
	"shop/internal/validation"
)

const maxName = 200

// Registration is what a customer gives to sign up.
type Registration struct {
	Email    string
	Password string
	Name     string
	Key      string // the request's Idempotency-Key; empty: none
}

// Passwords accepts and hashes passwords.
type Passwords interface {
	// Validate says why password may not be chosen, in words for the customer, or returns nil.
	Validate(password, email string) error
	// Hash returns the hash to store.
	Hash(password string) (password.Hash, error)
}

// AccountCreator stores new users.
type AccountCreator interface {
	IdempotencyRecords
	// Create stores u, and in the same write stores the record. It returns ErrEmailTaken when another user has the
	// address, or when the record was stored before.
	Create(ctx context.Context, u User, record IdempotencyRecord) error
}

// SignUp makes customers' accounts.
type SignUp struct {
	Users     AccountCreator
	Passwords Passwords
	NewID     func() string
	Now       func() time.Time
}

// Do creates a customer. It returns validation.Errors and ErrEmailTaken, and the error of ctx when its time is up,
// before the password was hashed or after. For a repeat with the address, the name and the Idempotency-Key of a request
// that created a customer it returns that one, whatever password it brings; created tells whether this call did it.
func (s *SignUp) Do(ctx context.Context, r Registration) (u User, created bool, err error) {
	u, err = newCustomer(ctx, r, s.Passwords, s.NewID, s.Now)
	if err != nil {
		return User{}, false, err
	}
	name := requestName("sign-up", r.Key, u.Email, u.Name)
	err = s.Users.Create(ctx, u, IdempotencyRecord{Name: name, Subject: u.ID, At: u.CreatedAt})
	created = err == nil
	if errors.Is(err, ErrEmailTaken) {
		if d, failure := findRecord(ctx, s.Users, name, s.Now()); !errors.Is(failure, errNoRecord) {
			u.ID, u.CreatedAt, err = d.Subject, d.At, failure
		}
	}
	if err != nil {
		return User{}, false, fmt.Errorf("signing up: %w", err)
	}
	return u, created, nil
}

// newCustomer returns the customer who registers. It returns validation.Errors, and the error of ctx when its time is
// up.
func newCustomer(
	ctx context.Context, r Registration, passwords Passwords, newID func() string, now func() time.Time,
) (User, error) {
	email, err := r.validate(passwords)
	if err != nil {
		return User{}, err
	}
	hash, err := hashInTime(ctx, passwords, r.Password)
	if err != nil {
		return User{}, fmt.Errorf("hashing a password: %w", err)
	}
	return User{ID: newID(), Email: email, Name: r.Name, PasswordHash: hash, Role: RoleCustomer, CreatedAt: now()}, nil
}

// hashInTime hashes a password unless ctx has ended, and returns no hash that comes too late.
func hashInTime(ctx context.Context, passwords Passwords, chosen string) (hash password.Hash, err error) {
	if late := inTime(ctx, func() { hash, err = passwords.Hash(chosen) }); late != nil {
		return password.Hash{}, late
	}
	return hash, err
}

// validate returns the normalised address, and all that is wrong at once.
func (r Registration) validate(passwords Passwords) (string, error) {
	var problems validation.Errors
	email, err := NormalizeEmail(r.Email)
	if err != nil {
		problems.Add("email", "%s", err)
	}
	if err := passwords.Validate(r.Password, email); err != nil {
		problems.Add("password", "%s", err)
	}
	problems.Line("name", r.Name, 1, maxName)
	return email, problems.Err()
}
