package token

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Signer holds an RSA key whose private half it does not give away.
type Signer interface {
	// PublicKey returns the public half; its thumbprint names the key in each token.
	PublicKey(ctx context.Context) (*rsa.PublicKey, error)

	// Sign returns the RSASSA-PKCS1-v1_5 signature of a SHA-256 digest of 32 bytes.
	Sign(ctx context.Context, digest []byte) ([]byte, error)
}

// Issuer issues access tokens. All its fields are required.
type Issuer struct {
	URL      string // the claim iss: the base of the discovery document's address, without a slash at its end
	Audience string // the claim aud
	Signer   Signer
	Now      func() time.Time
}

// Issue returns a signed token for the subject and how long from now it is valid. It fails if the subject is
// incomplete or the Signer fails.
func (i *Issuer) Issue(ctx context.Context, subject Subject) (raw string, expiresIn time.Duration, err error) {
	if err := i.validateSubject(subject); err != nil {
		return "", 0, fmt.Errorf("issuing a token: %w", err)
	}
	public, err := i.Signer.PublicKey(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("issuing a token: %w", err)
	}
	unsigned := jwt.NewWithClaims(rs256{jwt.SigningMethodRS256}, i.payload(subject))
	unsigned.Header["typ"] = mediaType
	unsigned.Header["kid"] = Thumbprint(public)
	raw, err = unsigned.SignedString(signing{ctx, i.Signer})
	if err != nil {
		return "", 0, fmt.Errorf("issuing a token: %w", err)
	}
	return raw, Lifetime, nil
}

func (i *Issuer) validateSubject(subject Subject) error {
	if i.URL == "" || i.Audience == "" {
		return errors.New("the issuer has no URL or no audience")
	}
	return subject.validate()
}

func (i *Issuer) payload(subject Subject) *payload {
	now := i.Now()
	since := now.Add(-backdating).Unix()
	return &payload{
		Issuer:    i.URL,
		Audience:  i.Audience,
		Subject:   subject.UserID,
		Email:     subject.Email,
		SessionID: subject.SessionID,
		ClientID:  subject.ClientID,
		Scope:     strings.Join(subject.Scopes, " "),
		IssuedAt:  since,
		NotBefore: since,
		ExpiresAt: now.Add(Lifetime).Unix(),
		ID:        rand.Text(),
	}
}
