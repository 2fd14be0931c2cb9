// Package jwks reads the public keys that a token issuer publishes over HTTPS, as a JWK set (RFC 7517). It asks only
// the issuer that it was configured with, never one that a token names.
package jwks

import (
	"context"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/observe"
	"shop/internal/token"
)

const (
	// fresh is how long a set is used before it is read again. A key that the issuer publishes no more is trusted no
	// longer.
	fresh = 10 * time.Minute

	// lastGood is how long a set is used when no newer one can be had.
	lastGood = time.Hour

	// unknownPause is the least time between two readings for the sake of a key id that a fresh set lacks. The sender
	// chooses the id, and must not be able to make the function call the issuer at will.
	unknownPause = time.Minute

	// failurePause is the least time from a reading that failed to the next, so that a function that still has keys
	// does not wait for a dead issuer at every request.
	failurePause = 5 * time.Second
)

// Keys are the keys of one issuer, read when they are first asked for. They are [token.Keys], and safe for concurrent
// use.
type Keys struct {
	URL    string       // of the JWK set
	Client *http.Client // see [NewClient]
	Now    func() time.Time

	mu      sync.Mutex
	keys    map[string]*rsa.PublicKey // by id; the last good set, nil before the first
	readAt  time.Time                 // when they were read
	triedAt time.Time                 // when the last reading began, good or not
	failed  error                     // of the last reading
	reading chan struct{}             // closed when the reading under way ends; nil when none is
}

var _ token.Keys = (*Keys)(nil)

// NewVerifier returns a verifier of the access tokens of the configured issuer, with the keys that it publishes.
func NewVerifier(t config.Tokens) *token.Verifier {
	return &token.Verifier{Issuer: t.Issuer, Audience: t.Audience, Keys: Of(t.Issuer), Now: clock.Now}
}

// Of returns the keys of the issuer with this URL, which has no slash at its end.
func Of(issuer string) *Keys {
	return &Keys{URL: issuer + token.JWKSPath, Client: NewClient(), Now: clock.Now}
}

// PublicKey returns the key with this id. It answers from memory while the set is fresh and has the key; else it reads
// the set, and waits for that as long as ctx lives, together with all others who ask meanwhile. While the issuer cannot
// be read it goes on with the last good set for up to an hour. It returns [token.ErrUnknownKey] only if a set that was
// read recently lacks the key, and an [*UnavailableError] if no such set can be had.
func (k *Keys) PublicKey(ctx context.Context, id string) (*rsa.PublicKey, error) {
	if !k.knows(id) {
		if err := k.refresh(ctx, id); err != nil {
			return nil, err
		}
	}
	return k.find(id)
}

func (k *Keys) knows(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[id] != nil && k.age() < fresh
}

// age of the last good set.
func (k *Keys) age() time.Duration { return k.Now().Sub(k.readAt) }

// find looks into the last good set.
func (k *Keys) find(id string) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, age := k.keys[id], k.age()
	switch {
	case k.keys == nil || age >= lastGood:
		return nil, &UnavailableError{URL: k.URL, Cause: k.failed}
	case key != nil:
		return key, nil
	case k.failed != nil:
		return nil, &UnavailableError{URL: k.URL, Cause: k.failed} // it may be a new key
	}
	return nil, token.ErrUnknownKey
}

// refresh waits until the reading that is due has ended, whether or not it went well. The error is that of ctx.
func (k *Keys) refresh(ctx context.Context, id string) error {
	reading := k.begin(ctx, id)
	if reading == nil {
		return nil
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("waiting for the keys of %s: %w", k.URL, ctx.Err())
	case <-reading:
		return nil
	}
}

// begin returns the reading under way, or one that it starts; nil if none is due.
func (k *Keys) begin(ctx context.Context, id string) chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.reading == nil && k.due(id) {
		k.reading, k.triedAt = make(chan struct{}), k.Now()
		go k.read(context.WithoutCancel(ctx)) // it serves others, too, and the client bounds it
	}
	return k.reading
}

func (k *Keys) due(id string) bool {
	since := k.Now().Sub(k.triedAt)
	switch {
	case k.keys == nil:
		return true
	case k.age() >= fresh:
		return k.failed == nil || since >= failurePause
	}
	return k.keys[id] == nil && since >= unknownPause
}

func (k *Keys) read(ctx context.Context) {
	keys, err := fetch(ctx, k.Client, k.URL)
	if err != nil {
		observe.Log(ctx).Warn("token keys not read", "error", err)
		observe.Count(observe.TokenKeysNotRead, 1)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed = err; err == nil {
		k.keys, k.readAt = keys, k.triedAt
	}
	close(k.reading)
	k.reading = nil
}

// UnavailableError says that the keys could not be had. A later try may have them.
type UnavailableError struct {
	URL   string
	Cause error // of the last reading
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("the keys of %s cannot be read: %v", strings.TrimSuffix(e.URL, token.JWKSPath), e.Cause)
}

func (e *UnavailableError) Unwrap() error { return e.Cause }

// Temporary is true: the answer is that the store is busy.
func (e *UnavailableError) Temporary() bool { return true }
