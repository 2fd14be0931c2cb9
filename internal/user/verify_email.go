package user

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// VerificationLinks are the links that verify addresses.
type VerificationLinks interface {
	Links
	IdempotencyRecords
	// Verify uses the link up and lets its user log in, in one conditional write. It returns ErrInvalidLink when the
	// link is used up, void or expired by now, or its user is another or verified, or when the record was stored
	// before. It stores the record in the same write.
	Verify(ctx context.Context, l Link, now time.Time, record IdempotencyRecord) error
}

// VerifyEmail verifies the address of users who follow the link from their sign-up: then they can log in.
type VerifyEmail struct {
	Links VerificationLinks
	Now   func() time.Time
}

// Do takes the token of a link, once. It returns validation.Errors for one that is no good. A repeat with the token and
// the Idempotency-Key of a request that verified an address, of which the key may be empty, succeeds like it; verified
// tells whether this call did it.
func (v *VerifyEmail) Do(ctx context.Context, token, key string) (verified bool, err error) {
	now, name := v.Now(), requestName("verify-email", key, token)
	l, err := follow(ctx, v.Links, token, VerifyAddress, now)
	if err == nil {
		err = v.Links.Verify(ctx, l, now, IdempotencyRecord{Name: name, Subject: l.UserID, At: now})
	}
	if errors.Is(err, ErrInvalidLink) {
		if _, failure := findRecord(ctx, v.Links, name, now); !errors.Is(failure, errNoRecord) {
			return false, failure
		}
	}
	if err != nil {
		return false, explain(fmt.Errorf("verifying an address: %w", err))
	}
	return true, nil
}
