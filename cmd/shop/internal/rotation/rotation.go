// Package rotation has the rules by which the key that signs access tokens is replaced without ending a session.
//
// There are two keys, and both are published: one signs, the other is the standby key. If the standby key is newer than
// the one that signs, it signs next: [Switch]. If it is older, it has signed before and is replaced by a new one:
// [Replace]. So the two steps alternate. Each waits until nothing depends any more on what the step before it changed.
package rotation

import (
	"errors"
	"fmt"
	"time"

	"shop/internal/token"
)

const (
	// Known is how long a key is published before it signs. API Gateway keeps the keys that it read for up to two
	// hours, and does not look again for one that it does not know; a quarter of an hour more covers the caches in
	// between: the set may be five minutes old, and functions keep theirs for ten.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
	Known = 2*time.Hour + 15*time.Minute

	// Expired is how long after its last signature a key is published still: as long as a token lives, and five minutes
	// for the function to end what it had begun.
	Expired = token.Lifetime + 5*time.Minute

	// together is the longest time between the creation of a new store's two keys, of which neither has signed before
	// the other. A key and its replacement are created further apart, because a replacement has to wait.
	createdTogether = 5 * time.Second
)

// Key is a key that signs, signed or will sign.
type Key struct {
	ID        string // where it is kept; a KMS key's ARN
	TokenID   string // what tokens call it: kid
	CreatedAt time.Time
	Order     int  // of two keys made together, the one of the higher order counts as the younger
	Enabled   bool // it can sign
	Published bool // the issuer's key set has it now
}

func (k Key) youngerThan(other Key) bool {
	if k.CreatedAt.Sub(other.CreatedAt).Abs() <= createdTogether {
		return k.Order > other.Order
	}
	return k.CreatedAt.After(other.CreatedAt)
}

// State is where a rotation stands.
type State struct {
	Signing Key
	Standby *Key // nil if there is none: a replacement was interrupted

	// The issuer has published its present keys since then or earlier.
	PublishedSince time.Time

	// Tokens have been signed with the present key since then or earlier.
	SignedSince time.Time
}

// Action is a step of a rotation.
type Action string

// The steps.
const (
	Add     Action = "add a standby key"
	Switch  Action = "sign with the standby key"
	Replace Action = "replace the standby key with a new one"
)

// Step is what is to be done next, and the earliest time for it.
type Step struct {
	Action    Action
	NotBefore time.Time // zero: at any time
}

var (
	// ErrNotPublished says that the step would leave tokens signed by a key that the issuer does not publish.
	ErrNotPublished = errors.New("the issuer does not publish the key that is to sign")
	// ErrDisabled says that the step would leave tokens unsigned.
	ErrDisabled = errors.New("the key that is to sign is disabled")
)

// TooEarlyError says that a step taken now would end sessions.
type TooEarlyError struct {
	Step Step
	Now  time.Time
}

func (e *TooEarlyError) Error() string {
	return fmt.Sprintf("too early to %s: not before %s, in %s", e.Step.Action,
		e.Step.NotBefore.UTC().Format(time.RFC3339), e.Step.NotBefore.Sub(e.Now).Round(time.Second))
}

// Next returns the step that comes next.
func (s State) Next() Step {
	switch {
	case s.Standby == nil:
		return Step{Action: Add}
	case s.Standby.Enabled && s.Standby.youngerThan(s.Signing):
		return Step{Action: Switch, NotBefore: s.StandbyPublishedSince().Add(Known)}
	}
	return Step{Action: Replace, NotBefore: s.SignedSince.Add(Expired)}
}

// StandbyPublishedSince returns since when, at the latest, the standby key has been published. There must be one.
func (s State) StandbyPublishedSince() time.Time {
	if s.Standby.CreatedAt.After(s.PublishedSince) {
		return s.Standby.CreatedAt
	}
	return s.PublishedSince
}

// Allow returns nil if the next step may be taken now, and [ErrDisabled], [ErrNotPublished] or a [*TooEarlyError] if
// not. Adding a key is always allowed.
func (s State) Allow(now time.Time) error {
	step, signs := s.Next(), s.Signing
	if step.Action == Switch {
		signs = *s.Standby
	}
	switch {
	case step.Action == Add:
		return nil
	case !signs.Enabled:
		return ErrDisabled
	case !signs.Published:
		return ErrNotPublished
	case now.Before(step.NotBefore):
		return &TooEarlyError{Step: step, Now: now}
	}
	return nil
}
