package user

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// How long a session lives: so long after its last use, and so long at most after it began.
const (
	idleLifetime = 30 * 24 * time.Hour
	lifetime     = 90 * 24 * time.Hour
)

// ErrSessionOver says that a refresh token is no good: it is none of ours, was used before, or its session was ended or has
// expired. Which of them is not told.
var ErrSessionOver = errors.New("the session is over")

// Session is what a log-in or a refresh gives.
type Session struct {
	UserID       string
	AccessToken  string
	ExpiresIn    time.Duration // of the access token
	RefreshToken string        // for one use
}

// OpenSession is a session as it is kept. All refresh tokens that a log-in leads to, one after the other, are its family.
type OpenSession struct {
	ID         string
	UserID     string
	Email      string     // the user's
	SecretHash SecretHash // of the one secret that is good
	AttemptID  string     // made for the attempt that wrote SecretHash: by it a repeated write knows its own
	Generation int64      // the user's, in the read whose password the log-in compared
	BegunAt    time.Time  // UTC: when the log-in was attempted
	ExpiresAt  time.Time  // UTC, whole seconds
}

// begin returns the session that u's log-in at the time begins, and its first token.
func begin(u User, at time.Time) (OpenSession, RefreshToken) {
	s := OpenSession{ID: newSessionID(), UserID: u.ID, Email: u.Email, Generation: u.Generation, BegunAt: at}
	return s.renewed(at)
}

// renewed returns the session with another secret in the place of the one that was used, and the token that has it.
func (s OpenSession) renewed(now time.Time) (OpenSession, RefreshToken) {
	t := newRefreshToken(s.ID)
	s.SecretHash, s.AttemptID = t.hash(), rand.Text()
	s.ExpiresAt = earlier(now.Add(idleLifetime), s.BegunAt.Add(lifetime)).Truncate(time.Second)
	return s, t
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// takes tells whether t is the session's present token.
func (s OpenSession) takes(t RefreshToken) bool {
	given := t.hash()
	return subtle.ConstantTimeCompare(s.SecretHash[:], given[:]) == 1
}

// TokenReusedError is [ErrSessionOver], and tells the log, never who calls, whose session ended because one of its former tokens, or
// a forged one, was used.
type TokenReusedError struct {
	SessionID, UserID string
}

// Error says what it says for any token that is no good.
func (e *TokenReusedError) Error() string { return ErrSessionOver.Error() }

// Unwrap returns ErrSessionOver.
func (e *TokenReusedError) Unwrap() error { return ErrSessionOver }

// isOf reports whether the session is one of u's, and of u's generation. A log-in that read the user before a reset carries the
// generation from before it, however late its session is stored; no clock is compared.
func (s OpenSession) isOf(u User) bool { return s.UserID == u.ID && s.Generation == u.Generation }

// OpenSessions keeps sessions.
type OpenSessions interface {
	// Find returns the session, or ErrSessionOver.
	Find(ctx context.Context, id string) (OpenSession, error)
	// Renew stores next in the place of the session with next's id whose secret's hash is used. It returns ErrSessionOver when
	// the session has another secret by now, or is ended. All or nothing: of two that use one secret, one at most succeeds.
	Renew(ctx context.Context, used SecretHash, next OpenSession) error
	// End forgets the session, if it is there.
	End(ctx context.Context, id string) error
}

// Refresh exchanges refresh tokens for sessions.
type Refresh struct {
	Sessions OpenSessions
	Users    Finder
	Tokens   Tokens
	Now      func() time.Time
}

// Do exchanges a refresh token. It returns ErrSessionOver, as *TokenReusedError where that is why. A token is good once: when a session is shown any other secret than
// its present one, two may have its tokens, its owner and a thief, and nobody can tell which of them is calling. Then the whole
// family ends, and the owner logs in again (RFC 9700, section 4.14.2). The same happens to two uses at the same time.
func (r *Refresh) Do(ctx context.Context, text string) (Session, error) {
	t, err := ParseRefreshToken(text)
	if err != nil {
		return Session{}, ErrSessionOver
	}
	s, err := r.Sessions.Find(ctx, t.SessionID)
	if err != nil {
		return Session{}, fmt.Errorf("looking a session up: %w", err)
	}
	out, err := r.renew(ctx, s, t)
	if !errors.Is(err, ErrSessionOver) {
		return out, err
	}
	if failure := r.Sessions.End(ctx, s.ID); failure != nil {
		return Session{}, fmt.Errorf("ending a session: %w", failure)
	}
	return Session{}, err
}

// renew takes the token in last of all, so that it is still good when anything before has failed.
func (r *Refresh) renew(ctx context.Context, s OpenSession, t RefreshToken) (Session, error) {
	now := r.Now()
	reused := &TokenReusedError{SessionID: s.ID, UserID: s.UserID}
	if !s.takes(t) {
		return Session{}, reused
	}
	if !now.Before(s.ExpiresAt) {
		return Session{}, ErrSessionOver
	}
	u, err := r.owner(ctx, s)
	if err != nil {
		return Session{}, err
	}
	access, expiresIn, err := r.Tokens.Issue(ctx, u)
	if err != nil {
		return Session{}, fmt.Errorf("issuing a token: %w", err)
	}
	next, fresh := s.renewed(now)
	if err := r.Sessions.Renew(ctx, s.SecretHash, next); errors.Is(err, ErrSessionOver) {
		return Session{}, reused
	} else if err != nil {
		return Session{}, fmt.Errorf("renewing a session: %w", err)
	}
	return Session{UserID: u.ID, AccessToken: access, ExpiresIn: expiresIn, RefreshToken: fresh.Encode()}, nil
}

// owner returns the session's user as stored now: who lost a right since the log-in gets no token with it.
func (r *Refresh) owner(ctx context.Context, s OpenSession) (User, error) {
	u, err := r.Users.ByEmail(ctx, s.Email)
	if errors.Is(err, ErrNotFound) || err == nil && !s.isOf(u) {
		return User{}, ErrSessionOver
	}
	if err != nil {
		return User{}, fmt.Errorf("looking a user up: %w", err)
	}
	return u, nil
}

// Ender ends sessions.
type Ender interface {
	// End forgets the session, if it is there.
	End(ctx context.Context, id string) error
}

// LogOut ends sessions.
type LogOut struct {
	Sessions Ender
}

// Do ends the session that a refresh token is of, by whichever of its tokens. A token of no session ends none, and is no error
// (RFC 7009, section 2.2).
func (l *LogOut) Do(ctx context.Context, text string) error {
	t, err := ParseRefreshToken(text)
	if err != nil {
		return nil
	}
	if err := l.Sessions.End(ctx, t.SessionID); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}
