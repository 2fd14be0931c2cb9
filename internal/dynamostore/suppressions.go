package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// Suppressions implements [notification.Suppressions]. It keeps the addresses that are mailed no more by their hashes:
// the addresses themselves are nowhere in it.
type Suppressions struct {
	Client     *dynamodb.Client
	Suppressed string // the SuppressedAddresses table
}

// Add implements [notification.Suppressions.Add].
func (s *Suppressions) Add(ctx context.Context, addressHash string, reason notification.Reason, now time.Time) error {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.Suppressed, Item: attributes{
		"address_hash": text(addressHash), "reason": text(string(reason)), "suppressed_at": instant(now),
	}})
	if err != nil {
		return failed("suppressing an address", err)
	}
	return nil
}

// Lift takes an address off the list. It returns notification.ErrNotSuppressed when the address is not on it.
func (s *Suppressions) Lift(ctx context.Context, addressHash string) error {
	out, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.Suppressed, Key: suppressedKey(addressHash), ReturnValues: types.ReturnValueAllOld,
	})
	if err != nil {
		return failed("lifting a suppression", err)
	}
	if len(out.Attributes) == 0 {
		return notification.ErrNotSuppressed
	}
	return nil
}

func suppressedKey(addressHash string) attributes {
	return attributes{"address_hash": text(addressHash)}
}
