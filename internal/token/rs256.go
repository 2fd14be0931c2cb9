package token

import (
	"context"
	"crypto/sha256"

	"github.com/golang-jwt/jwt/v5"
)

// rs256 is the JWT library's RS256 with another way to sign: the library's own wants the private key itself.
type rs256 struct {
	*jwt.SigningMethodRSA
}

// signing is the "key" that rs256 signs with. The library hands a key through to the signing method and nothing
// else, so the request's context travels with it.
type signing struct {
	ctx    context.Context
	signer Signer
}

// Sign implements [jwt.SigningMethod] for a key of type signing.
func (rs256) Sign(signingString string, key any) ([]byte, error) {
	with, ok := key.(signing)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	digest := sha256.Sum256([]byte(signingString))
	return with.signer.Sign(with.ctx, digest[:])
}
