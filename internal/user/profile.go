package user

import (
	"context"
	"fmt"

	"shop/internal/validation"
)

// Profiles stores the names of users.
type Profiles interface {
	// Rename stores the name. It returns ErrNotFound when the caller's address has another account by now, or none.
	Rename(ctx context.Context, caller Caller, name string) error
}

// ViewAccount shows users their own account.
type ViewAccount struct {
	Users Finder
}

// Do returns the caller's account as stored now. It returns ErrNotFound when it is gone.
func (v *ViewAccount) Do(ctx context.Context, caller Caller) (User, error) {
	u, err := v.Users.ByEmail(ctx, caller.Email)
	if err != nil {
		return User{}, fmt.Errorf("looking the caller up: %w", err)
	}
	if u.ID != caller.UserID {
		return User{}, ErrNotFound
	}
	return u, nil
}

// RenameAccount lets users change their name.
type RenameAccount struct {
	Accounts Profiles
	Users    Finder
}

// Do stores the name and returns the account as it is then. It returns validation.Errors, and ErrNotFound when the
// account is gone.
func (r *RenameAccount) Do(ctx context.Context, caller Caller, name string) (User, error) {
	var problems validation.Errors
	problems.Line("name", name, 1, maxName)
	if err := problems.Err(); err != nil {
		return User{}, err
	}
	if err := r.Accounts.Rename(ctx, caller, name); err != nil {
		return User{}, fmt.Errorf("renaming an account: %w", err)
	}
	return (&ViewAccount{r.Users}).Do(ctx, caller)
}
