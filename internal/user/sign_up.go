package user

import (
	"context"
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
}

// Passwords accepts and hashes passwords.
type Passwords interface {
	// Validate says why password may not be chosen, in words for the customer, or returns nil.
	Validate(password, email string) error
	// Hash returns the hash to store.
	Hash(password string) (password.Hash, error)
}

// Creator stores new users.
type Creator interface {
	// Create stores u. It returns ErrEmailTaken when another user has the address.
	Create(ctx context.Context, u User) error
}

// SignUp makes customers' accounts.
type SignUp struct {
	Users     Creator
	Passwords Passwords
	NewID     func() string
	Now       func() time.Time
}

// Do creates a customer. It returns validation.Errors and ErrEmailTaken, and the error of ctx when its time is up, before the
// password was hashed or after.
func (s *SignUp) Do(ctx context.Context, r Registration) (User, error) {
	u, err := newCustomer(ctx, r, s.Passwords, s.NewID, s.Now)
	if err != nil {
		return User{}, err
	}
	if err := s.Users.Create(ctx, u); err != nil {
		return User{}, fmt.Errorf("signing up: %w", err)
	}
	return u, nil
}

// newCustomer returns the customer who registers. It returns validation.Errors, and the error of ctx when its time is up.
func newCustomer(ctx context.Context, r Registration, passwords Passwords, newID func() string, now func() time.Time) (User, error) {
	email, err := r.check(passwords)
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

// check returns the normalised address, and all that is wrong at once.
func (r Registration) check(passwords Passwords) (string, error) {
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
