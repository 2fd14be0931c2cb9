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
	// hours, and does not look again for one that it does not know; a quarter of an hour more is for what keeps them in
	// between: the set may be five minutes old, and functions use theirs for ten.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
	Known = 2*time.Hour + 15*time.Minute

	// Expired is how long after its last signature a key is published still: as long as a token lives, and five minutes
	// for the function to end what it had begun.
	Expired = token.Lifetime + 5*time.Minute

	// together is how far apart the two keys of a new store are made at most, in either order; neither has signed
	// before the other then. Keys that succeed each other are made further apart, for a replacement has to wait.
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

	// At the latest since then the issuer has published the keys that it publishes now.
	PublishedSince time.Time

	// At the latest since then tokens are signed with the key that signs now.
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
// not. To add a key harms nothing.
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
