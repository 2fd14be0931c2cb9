// Package kmssign signs access tokens with an RSA key of AWS KMS: the private key never leaves the service.
package kmssign

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"shop/internal/observe"
	"shop/internal/token"
)

// Key is an asymmetric RSA key of KMS with the usage SIGN_VERIFY. It is safe for concurrent use; do not copy it after
// its first use.
type Key struct {
	Client *kms.Client
	ID     string // key id, key ARN, alias name or alias ARN

	mu     sync.Mutex
	public *rsa.PublicKey // nil until it was read
}

// PublicKey returns the public half of the key. The first call that succeeds reads it by kms:GetPublicKey, one call at
// a time; later ones answer from memory, because the key behind an id never changes. A failure is not remembered. The
// error says that it is Temporary when KMS throttled, failed, or did not answer in time.
func (k *Key) PublicKey(ctx context.Context) (*rsa.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.public != nil {
		return k.public, nil
	}
	public, err := k.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the public key from KMS: %w", err)
	}
	k.public = public
	return public, nil
}

func (k *Key) read(ctx context.Context) (*rsa.PublicKey, error) {
	out, err := k.Client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(k.ID)})
	if err != nil {
		return nil, failure{err}
	}
	public, err := x509.ParsePKIXPublicKey(out.PublicKey)
	if err != nil {
		return nil, err
	}
	if public, ok := public.(*rsa.PublicKey); ok {
		return public, nil
	}
	return nil, fmt.Errorf("the key is %T, not RSA", public)
}

// Signer is the key that signs. It is a [token.Signer], and counts each token that it fails to sign: also one for which
// it cannot read the public half, as a new process finds it while the key is disabled.
type Signer struct{ *Key }

var _ token.Signer = Signer{}

// NewSigner returns the Signer with the key that has this id, as in [Key].
func NewSigner(client *kms.Client, id string) Signer { return Signer{&Key{Client: client, ID: id}} }

// PublicKey is [Key.PublicKey] for a token that is to be signed.
func (s Signer) PublicKey(ctx context.Context) (*rsa.PublicKey, error) {
	public, err := s.Key.PublicKey(ctx)
	if err != nil {
		observe.Count(observe.TokensNotSigned, 1)
	}
	return public, err
}

// Sign returns the RSASSA-PKCS1-v1_5 signature of a SHA-256 digest, made by kms:Sign. The error says that it is
// Temporary when KMS throttled, failed, or did not answer in time.
func (s Signer) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	out, err := s.Client.Sign(ctx, &kms.SignInput{
		KeyId:            aws.String(s.ID),
		Message:          digest,
		MessageType:      types.MessageTypeDigest,
		SigningAlgorithm: types.SigningAlgorithmSpecRsassaPkcs1V15Sha256,
	})
	if err != nil {
		observe.Count(observe.TokensNotSigned, 1)
		return nil, fmt.Errorf("signing with KMS: %w", failure{err})
	}
	return out.Signature, nil
}

// failure is an error of KMS that stops here. It says of itself whether a repeat may help.
type failure struct{ error }

// Temporary reports whether the same call may succeed later: KMS throttled, failed, or did not answer in time.
func (f failure) Temporary() bool {
	var api smithy.APIError
	if !errors.As(f.error, &api) {
		return true
	}
	_, throttled := retry.DefaultThrottleErrorCodes[api.ErrorCode()]
	var answer interface{ HTTPStatusCode() int }
	return throttled || errors.As(f.error, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError
}

// Unwrap returns the cause, for the log.
func (f failure) Unwrap() error { return f.error }
