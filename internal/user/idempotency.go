package user

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// recordTTL is how long a repeat of a request that came with an Idempotency-Key is answered as the first was.
const recordTTL = 10 * time.Minute

// errNoRecord says that no request of a name was done, or too long ago.
var errNoRecord = errors.New("no such request was done")

// IdempotencyRecord is what is stored of a request that came with an Idempotency-Key once it was done. The zero record
// is that of a request without a key.
type IdempotencyRecord struct {
	Name    string    // as requestName returns it
	Subject string    // what was made or changed: a user's or a mail's id
	At      time.Time // UTC, milliseconds
}

// HasKey reports whether the request came with a key. Else there is nothing to store.
func (d IdempotencyRecord) HasKey() bool { return d.Name != "" }

// ExpiresAt returns until when the record counts: whole seconds.
func (d IdempotencyRecord) ExpiresAt() time.Time { return d.At.Add(recordTTL).Truncate(time.Second) }

// IdempotencyRecords finds what requests with a key did.
type IdempotencyRecords interface {
	// FindRecord returns the record of the request with this name, also an expired one, and the zero record where there
	// is none. It waits for one that is just being committed.
	FindRecord(ctx context.Context, name string) (IdempotencyRecord, error)
}

// requestName names a request by its operation, its key and what it is about: the SHA-256 of them in base64url. So who
// guesses a key finds nothing without what the request was about. It is empty when there is no key.
func requestName(operation, key string, about ...string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(append([]string{operation, key}, about...), "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// findRecord returns the record of an earlier request of the same name, or errNoRecord.
func findRecord(
	ctx context.Context, records IdempotencyRecords, name string, now time.Time,
) (IdempotencyRecord, error) {
	if name == "" {
		return IdempotencyRecord{}, errNoRecord
	}
	d, err := records.FindRecord(ctx, name)
	if err != nil {
		return IdempotencyRecord{}, fmt.Errorf("looking for an earlier request: %w", err)
	}
	if !d.HasKey() || !now.Before(d.ExpiresAt()) {
		return IdempotencyRecord{}, errNoRecord
	}
	return d, nil
}
