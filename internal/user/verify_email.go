package user

import (
	"context"
	"fmt"
	"time"
)

// VerifyingLinks are the links that verify addresses.
type VerifyingLinks interface {
	Links
	// Verify uses the link up and lets its user log in, in one conditional write. It returns ErrInvalidLink when the link is
	// used up or expired by now, or its user is another or verified.
	Verify(ctx context.Context, l Link, now time.Time) error
}

// VerifyEmail lets those log in who follow the link that their sign-up mailed.
type VerifyEmail struct {
	Links VerifyingLinks
	Now   func() time.Time
}

// Do takes the token of a link, once. It returns validation.Errors for one that is no good.
func (v *VerifyEmail) Do(ctx context.Context, token string) error {
	now := v.Now()
	l, err := follow(ctx, v.Links, token, VerifyAddress, now)
	if err == nil {
		err = v.Links.Verify(ctx, l, now)
	}
	if err != nil {
		return explain(fmt.Errorf("verifying an address: %w", err))
	}
	return nil
}
