package kmssign

import (
	"context"
	"crypto/rsa"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"shop/internal/observe"
)

// Ring is the keys of an issuer: the one that signs, and the one that will or did. The order does not matter.
type Ring []*Key

// NewRing returns the ring of the keys with these ids.
func NewRing(client *kms.Client, ids []string) Ring {
	ring := make(Ring, len(ids))
	for i, id := range ids {
		ring[i] = &Key{Client: client, ID: id}
	}
	return ring
}

// errNoKey says that there is no key to publish.
var errNoKey = errors.New("none of the issuer's keys is enabled")

// PublicKeys returns the public halves, in the order of the ring, each read once by kms:GetPublicKey. A key that KMS
// does not give away because it was disabled, or is to be deleted, is left out, and nothing that it signed is believed
// where this set is read. A process that read the key before goes on with it until it ends: to take a key back, take
// its id out of the ring. On any other failure there is no answer, because whoever verifies would forget the key that
// is missing.
func (r Ring) PublicKeys(ctx context.Context) ([]*rsa.PublicKey, error) {
	var public []*rsa.PublicKey
	for _, key := range r {
		one, err := key.PublicKey(ctx)
		switch {
		case isOutOfUse(err):
			observe.Log(ctx).Warn("key not published", "error", err)
		case err != nil:
			return nil, err
		default:
			public = append(public, one)
		}
	}
	if len(public) == 0 {
		return nil, errNoKey
	}
	return public, nil
}

// isOutOfUse reports whether KMS refused because of the key's state:
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
func isOutOfUse(err error) bool {
	var (
		disabled *types.DisabledException
		state    *types.KMSInvalidStateException
	)
	return errors.As(err, &disabled) || errors.As(err, &state)
}
