package user

import (
	"context"
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

// ErrSessionOver says that a refresh token is no good: it is none of ours, was used before, or its session was ended or
// has expired. Which of them is not told.
var ErrSessionOver = errors.New("the session is over")

// Session is what a log-in or a refresh gives.
type Session struct {
	User             User // as stored when the access token was issued
	AccessToken      string
	ExpiresIn        time.Duration // of the access token
	RefreshToken     string        // for one use
	RefreshExpiresIn time.Duration // of the refresh token
}

// OpenSession is a session as it is kept. All refresh tokens that a log-in leads to, one after the other, are its
// family.
type OpenSession struct {
	ID         string
	UserID     string
	Email      string     // the user's
	SecretHash SecretHash // of the present secret
	// LastRefresh is the renewal that made the present secret, and the zero one before the first.
	LastRefresh LastRefresh
	Generation  int64     // the user's, in the read whose password the log-in compared
	BegunAt     time.Time // UTC: when the log-in was attempted
	ExpiresAt   time.Time // UTC, whole seconds
	// Replaces is the id of the session that ends as this one begins, or empty. It is not kept.
	Replaces string
}

// LastRefresh is the last renewal of a session: a client that sends its secret again gets the same successor.
type LastRefresh struct {
	SecretHash SecretHash // of the secret that was used
	Salt       Salt
	At         time.Time // UTC, milliseconds
}

// newSession returns the session that u's log-in at the time begins, and its first token.
func newSession(u User, at time.Time) (OpenSession, RefreshToken) {
	s := OpenSession{ID: newSessionID(), UserID: u.ID, Email: u.Email, Generation: u.Generation, BegunAt: at}
	t := newRefreshToken(s.ID)
	s.SecretHash, s.ExpiresAt = t.hash(), s.expiry(at)
	return s, t
}

// renewed returns the session with the successor of the used token in its place. The successor's secret is the
// HMAC-SHA-256 of the used one under a fresh salt: who has the table but not the used secret cannot make it.
func (s OpenSession) renewed(used RefreshToken, now time.Time) OpenSession {
	s.LastRefresh = LastRefresh{SecretHash: used.hash(), Salt: newSalt(), At: now}
	s.SecretHash, s.ExpiresAt = s.successor(used).hash(), s.expiry(now)
	return s
}

// successor returns the token that the session's last renewal, by the used token, led to.
func (s OpenSession) successor(used RefreshToken) RefreshToken { return used.next(s.LastRefresh.Salt) }

func (s OpenSession) expiry(now time.Time) time.Time {
	return earlier(now.Add(idleLifetime), s.BegunAt.Add(lifetime)).Truncate(time.Second)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// takes reports whether t is the session's present token.
func (s OpenSession) takes(t RefreshToken) bool { return same(s.SecretHash, t.hash()) }

// repeats reports whether t is the token that was used last, shown again within the grace. With no grace none is.
func (s OpenSession) repeats(t RefreshToken, now time.Time, grace time.Duration) bool {
	return grace > 0 && same(s.LastRefresh.SecretHash, t.hash()) && !now.After(s.LastRefresh.At.Add(grace))
}

func same(a, b SecretHash) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }

// TokenReusedError is [ErrSessionOver], and tells the log, never who calls, whose session ended because one of its
// former tokens, or a forged one, was used.
type TokenReusedError struct {
	SessionID, UserID string
}

// Error says what it says for any token that is no good.
func (e *TokenReusedError) Error() string { return ErrSessionOver.Error() }

// Unwrap returns ErrSessionOver.
func (e *TokenReusedError) Unwrap() error { return ErrSessionOver }

// isOf reports whether the session is one of u's, and of u's generation. A log-in that read the user before a reset
// carries the generation from before it, however late its session is stored; no clock is compared.
func (s OpenSession) isOf(u User) bool { return s.UserID == u.ID && s.Generation == u.Generation }

// OpenSessions keeps sessions.
type OpenSessions interface {
	// Find returns the session, or ErrSessionOver.
	Find(ctx context.Context, id string) (OpenSession, error)
	// Renew stores next in the place of the session with next's id whose secret's hash is used, and returns the session
	// as it is then: next, or what another renewal put there before. It returns ErrSessionOver when the session is
	// ended. All or nothing: of two that use one secret, one at most is stored.
	Renew(ctx context.Context, used SecretHash, next OpenSession) (OpenSession, error)
	// End forgets the session, if it is there.
	End(ctx context.Context, id string) error
}

// Refresh exchanges refresh tokens for sessions.
type Refresh struct {
	Sessions OpenSessions
	Users    Finder
	Tokens   Tokens
	// Grace is for how long the token that was used last is answered with the same successor: its answer may have been
	// lost, or two tabs may have used it at once. 0 is none.
	Grace time.Duration
	Now   func() time.Time
}

// Do exchanges a refresh token. It returns ErrSessionOver, as *TokenReusedError where that is why. A token is good
// once, and once used it leads to the same successor for the Grace. When a session is shown any other secret, two may
// have its tokens, its owner and a thief, and nobody can tell which of them is calling. Then the whole family ends, and
// the owner logs in again (RFC 9700, section 4.14.2). A thief who uses a token within the grace is noticed when the
// slower of the two comes with a secret that was replaced.
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

// renew uses the token up as its last step, so that the token is still valid if a step before failed. For a repeat it
// writes nothing.
func (r *Refresh) renew(ctx context.Context, s OpenSession, t RefreshToken) (Session, error) {
	now := r.Now()
	fresh := s.takes(t)
	if !fresh && !s.repeats(t, now, r.Grace) {
		return Session{}, &TokenReusedError{SessionID: s.ID, UserID: s.UserID}
	}
	if !now.Before(s.ExpiresAt) {
		return Session{}, ErrSessionOver
	}
	u, s, err := r.currentUser(ctx, s)
	if err != nil {
		return Session{}, err
	}
	access, expiresIn, err := r.Tokens.Issue(ctx, u.subject(s.ID))
	if err != nil {
		return Session{}, fmt.Errorf("issuing a token: %w", err)
	}
	if fresh {
		if s, err = r.storeRenewal(ctx, s, t, now); err != nil {
			return Session{}, err
		}
	}
	return Session{
		User: u, AccessToken: access, ExpiresIn: expiresIn,
		RefreshToken: s.successor(t).Encode(), RefreshExpiresIn: s.ExpiresAt.Sub(now),
	}, nil
}

// storeRenewal renews the session by its present token, and returns it as it is then. Another renewal by the same token
// may have been faster; within the grace its successor is that of both.
func (r *Refresh) storeRenewal(ctx context.Context, s OpenSession, t RefreshToken, now time.Time) (OpenSession, error) {
	next := s.renewed(t, now)
	stored, err := r.Sessions.Renew(ctx, s.SecretHash, next)
	if err != nil {
		return OpenSession{}, fmt.Errorf("renewing a session: %w", err)
	}
	if stored.SecretHash != next.SecretHash && !stored.repeats(t, now, r.Grace) {
		return OpenSession{}, &TokenReusedError{SessionID: s.ID, UserID: s.UserID}
	}
	return stored, nil
}

// currentUser returns the session's user as stored now, so that a right that was lost since the log-in is in no new
// token. A session that is of an earlier generation may have gone on into the next one since it was read, because its
// user changed the password in it: so it is read again, and returned as it is then.
func (r *Refresh) currentUser(ctx context.Context, s OpenSession) (User, OpenSession, error) {
	u, err := r.Users.ByEmail(ctx, s.Email)
	if errors.Is(err, ErrNotFound) || err == nil && u.ID != s.UserID {
		return User{}, s, ErrSessionOver
	}
	if err != nil {
		return User{}, s, fmt.Errorf("looking a user up: %w", err)
	}
	if s.isOf(u) {
		return u, s, nil
	}
	again, err := r.Sessions.Find(ctx, s.ID)
	if err != nil {
		return User{}, s, fmt.Errorf("looking a session up again: %w", err)
	}
	if !again.isOf(u) {
		return User{}, s, ErrSessionOver
	}
	s.Generation = again.Generation // the rest is as it was judged: Renew has the secret in its condition
	return u, s, nil
}

// LogOut ends sessions.
type LogOut struct {
	End func(ctx context.Context, sessionID string) error // OpenSessions.End
}

// Do ends the session of a refresh token; any of the session's tokens will do. A token without a session is no error
// (RFC 7009, section 2.2).
func (l *LogOut) Do(ctx context.Context, text string) error {
	t, err := ParseRefreshToken(text)
	if err != nil {
		return nil
	}
	if err := l.End(ctx, t.SessionID); err != nil {
		return fmt.Errorf("ending a session: %w", err)
	}
	return nil
}
