package user

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"shop/internal/validation"
)

// linkLife is how long a link is good after it was made: long enough for slow mail, and short (OWASP ASVS 5.0, 6.4.1).
const linkLife = 30 * time.Minute

// linkLength is how many characters a token has: 32 bytes in base64url without padding.
const linkLength = 43

// ErrInvalidLink says that a token is none of ours, was used before, was made void by a later reset, or has expired.
// Which of them is not told.
var ErrInvalidLink = errors.New("invalid link")

// Purpose says what a link is for. One for another purpose is no good.
type Purpose string

// The purposes.
const (
	VerifyAddress Purpose = "verify-address"
	SetPassword   Purpose = "set-password"
)

// Link is a one-time link that was mailed, as it is kept: the token in it is not. Who shows the token reads the mails
// to the address.
type Link struct {
	Hash       string // of the token, as LinkHash returns it
	Purpose    Purpose
	UserID     string
	Email      string    // normalised
	Generation int64     // the user's when the link was made; the link of an earlier one is void
	ExpiresAt  time.Time // UTC, whole seconds
}

// NewLink returns a link for u, and the token that goes into the mail and nowhere else: 256 random bits.
func NewLink(u User, p Purpose, now time.Time) (token string, l Link) {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(secret[:])
	return token, Link{
		Hash: hashToken(token), Purpose: p, UserID: u.ID, Email: u.Email, Generation: u.Generation,
		ExpiresAt: now.Add(linkLife).Truncate(time.Second),
	}
}

// LinkHash returns what is kept of a token: its SHA-256 in base64url, 43 characters. 256 random bits need no slow hash.
// It returns ErrInvalidLink for what NewLink never wrote; a token has one spelling.
func LinkHash(token string) (string, error) {
	if len(token) != linkLength {
		return "", ErrInvalidLink
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(token); err != nil {
		return "", ErrInvalidLink
	}
	return hashToken(token), nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Links finds the links that were mailed.
type Links interface {
	// Link returns the link with this hash, an expired one too, or ErrInvalidLink.
	Link(ctx context.Context, hash string) (Link, error)
}

// follow returns the link of a token, if it is for this purpose and has not expired. It returns ErrInvalidLink.
func follow(ctx context.Context, links Links, token string, p Purpose, now time.Time) (Link, error) {
	hash, err := LinkHash(token)
	if err != nil {
		return Link{}, err
	}
	l, err := links.Link(ctx, hash)
	if err != nil {
		return Link{}, err
	}
	if l.Purpose != p || !now.Before(l.ExpiresAt) {
		return Link{}, ErrInvalidLink
	}
	return l, nil
}

// explain turns ErrInvalidLink into validation.Errors for the field token. It returns other errors as they are.
func explain(err error) error {
	if !errors.Is(err, ErrInvalidLink) {
		return err
	}
	var problems validation.Errors
	problems.Add("token", "is not valid, was used before, or has expired")
	return problems
}
