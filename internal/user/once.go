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

// keepDone is how long a repeat of a request that came with an Idempotency-Key is answered as the first was.
const keepDone = 10 * time.Minute

// errNotDone says that no request of a name was done, or too long ago.
var errNotDone = errors.New("no such request was done")

// Done is what is kept of a request that came with an Idempotency-Key once it was done. The zero Done is that of a
// request without.
type Done struct {
	Name    string    // as requestName returns it
	Subject string    // what was made or changed: a user's or a mail's id
	At      time.Time // UTC, milliseconds
}

// Kept reports whether there is anything to keep.
func (d Done) Kept() bool { return d.Name != "" }

// ExpiresAt returns until when d is kept: whole seconds.
func (d Done) ExpiresAt() time.Time { return d.At.Add(keepDone).Truncate(time.Second) }

// DoneRequests finds what was done.
type DoneRequests interface {
	// Done returns what was kept of the request with this name, also when it expired, and the zero Done when nothing
	// was. One that is just being committed it waits for.
	Done(ctx context.Context, name string) (Done, error)
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

// again returns what was done by an earlier request of the same name, or errNotDone.
func again(ctx context.Context, done DoneRequests, name string, now time.Time) (Done, error) {
	if name == "" {
		return Done{}, errNotDone
	}
	d, err := done.Done(ctx, name)
	if err != nil {
		return Done{}, fmt.Errorf("looking for an earlier request: %w", err)
	}
	if !d.Kept() || !now.Before(d.ExpiresAt()) {
		return Done{}, errNotDone
	}
	return d, nil
}
