package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/user"
)

// ConfirmationOrders implements [notification.Orders]: it has the orders whose confirmations are mailed.
type ConfirmationOrders struct {
	Client     *dynamodb.Client
	Orders     string
	Suppressed string // the SuppressedAddresses table
}

// ForMail implements [notification.Orders.ForMail]. With the address's hash it is one call; with an empty one, as mails
// of earlier versions and of customers who are gone have, the order is read first for its address.
func (s *ConfirmationOrders) ForMail(ctx context.Context, orderID, addressHash string) (order.Order, error) {
	keys := map[string]types.KeysAndAttributes{
		s.Orders: {Keys: []attributes{orderKey(orderID)}, ConsistentRead: aws.Bool(true)},
	}
	if addressHash != "" {
		keys[s.Suppressed] = types.KeysAndAttributes{
			Keys: []attributes{suppressedKey(addressHash)}, ConsistentRead: aws.Bool(true),
		}
	}
	items, err := batchGet(ctx, s.Client, keys)
	if err != nil {
		return order.Order{}, err
	}
	o, err := readAccepted(first(items[s.Orders]))
	if err != nil {
		return order.Order{}, err
	}
	if o.Email == "" {
		return order.Order{}, notification.ErrNoRecipient
	}
	if addressHash == "" {
		return s.ForMail(ctx, orderID, user.AddressHash(o.Email))
	}
	if len(items[s.Suppressed]) > 0 {
		return order.Order{}, notification.ErrSuppressed
	}
	return o, nil
}
