package token_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"time"

	"shop/internal/token"
)

// localKey is a key in memory. The store's are in KMS, whose adapter is package kmssign.
type localKey struct{ *rsa.PrivateKey }

func (k localKey) PublicKey(context.Context) (*rsa.PublicKey, error) {
	return &k.PrivateKey.PublicKey, nil
}

func (k localKey) Sign(_ context.Context, digest []byte) ([]byte, error) {
	return rsa.SignPKCS1v15(rand.Reader, k.PrivateKey, crypto.SHA256, digest)
}

// published is the key set that verifiers see. The store's is fetched from the issuer by package jwks.
type published map[string]*rsa.PublicKey

func (p published) PublicKey(_ context.Context, id string) (*rsa.PublicKey, error) {
	if key, ok := p[id]; ok {
		return key, nil
	}
	return nil, token.ErrUnknownKey
}

// An access token says who its bearer is, and for which scopes. It is good for 15 minutes, at its audience, and no
// longer.
func Example() {
	ctx := context.Background()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	key := localKey{private}
	now := time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC)
	clock := func() time.Time { return now }

	issuer := &token.Issuer{URL: "https://issuer.example", Audience: "shop", Signer: key, Now: clock}
	raw, expiresIn, err := issuer.Issue(ctx, token.Subject{
		UserID: "usr_ada", Email: "ada@example.com", SessionID: "ses_a", Scopes: []string{token.ScopeCustomer},
	})
	if err != nil {
		panic(err)
	}

	keys := published{token.Thumbprint(&private.PublicKey): &private.PublicKey}
	verifier := &token.Verifier{Issuer: "https://issuer.example", Audience: "shop", Keys: keys, Now: clock}
	claims, err := verifier.Verify(ctx, raw)
	fmt.Println(expiresIn, claims.UserID, claims.HasScope(token.ScopeCustomer), claims.HasScope(token.ScopeAdmin), err)

	now = now.Add(token.Lifetime)
	_, err = verifier.Verify(ctx, raw)
	fmt.Println("later:", err != nil)
	// Output:
	// 15m0s usr_ada true false <nil>
	// later: true
}
