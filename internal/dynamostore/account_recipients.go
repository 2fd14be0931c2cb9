package dynamostore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/user"
)

// AccountRecipients implements [notification.Accounts].
type AccountRecipients struct {
	Client     *dynamodb.Client
	Users      string
	Suppressed string // the SuppressedAddresses table
}

// ForMail implements [notification.Accounts.ForMail].
func (s *AccountRecipients) ForMail(ctx context.Context, address string) (user.User, error) {
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Users:      {Keys: []attributes{userKey(address)}, ConsistentRead: aws.Bool(true)},
		s.Suppressed: {Keys: []attributes{suppressedKey(user.AddressHash(address))}, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return user.User{}, err
	}
	u, err := readUser(first(items[s.Users]))
	if errors.Is(err, user.ErrNotFound) {
		return user.User{}, notification.ErrNoRecipient
	}
	if err == nil && len(items[s.Suppressed]) > 0 {
		return user.User{}, notification.ErrSuppressed
	}
	return u, err
}
