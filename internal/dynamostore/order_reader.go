package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/access"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/user"
)

// OrderReader shows one order to its customer and to staff.
type OrderReader struct {
	Client *dynamodb.Client
	Orders string
	Mails  string
	Users  string
}

// View returns an order that the caller may see, and how far its mail got: the caller's own, or any for staff who may
// read orders now. It returns order.ErrNotFound for all others.
func (s *OrderReader) View(
	ctx context.Context, caller user.Caller, orderID string,
) (order.Order, order.EmailStatus, error) {
	keys := map[string]types.KeysAndAttributes{
		s.Orders: {Keys: []attributes{orderKey(orderID)}, ConsistentRead: aws.Bool(true)},
		s.Mails:  {Keys: []attributes{mailKey(notification.OrderMailID(orderID))}, ConsistentRead: aws.Bool(true)},
	}
	if access.ReadsOrders(caller.Role) {
		keys[s.Users] = types.KeysAndAttributes{
			Keys: []attributes{userKey(caller.StoredAs())}, ConsistentRead: aws.Bool(true),
		}
	}
	items, err := batchGet(ctx, s.Client, keys)
	if err != nil {
		return order.Order{}, "", err
	}
	o, err := readOrder(first(items[s.Orders]))
	if err != nil {
		return order.Order{}, "", err
	}
	if now := roleNow(first(items[s.Users]), caller); !access.MaySee(caller, o.UserID, now) {
		return order.Order{}, "", fmt.Errorf("%w: %w", order.ErrNotFound, access.ErrNotTheirs)
	}
	if o.Imported { // its customer was told where it was placed
		return o, order.EmailSent, nil
	}
	status, err := emailStatus(first(items[s.Mails]))
	return o, status, err
}

// emailStatus reads a mail's state as customers are told it. A mail that is missing beside its order is pending: a
// BatchGetItem is not isolated from the transaction that writes both, and may read Mails before its commit and Orders
// after it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
func emailStatus(mail attributes) (order.EmailStatus, error) {
	if len(mail) == 0 {
		return order.EmailPending, nil
	}
	r := reader{item: mail}
	switch state := notification.State(r.text("state")); {
	case r.err != nil:
		return "", r.err
	case state == notification.Sent:
		return order.EmailSent, nil
	case state == notification.Failed, state == notification.Dropped:
		return order.EmailFailed, nil
	}
	return order.EmailPending, nil
}
