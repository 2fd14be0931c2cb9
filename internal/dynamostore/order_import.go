package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/order"
)

// ErrStoredOtherwise says that an order of the same id is stored, and is another one.
var ErrStoredOtherwise = errors.New("the order is stored already, and is another one")

// writesAtOnce is how many batches of imported orders are written at the same time.
const writesAtOnce = 4

// OrderImport stores orders that were placed elsewhere: without a mail, and without taking units from stock.
type OrderImport struct {
	Client *dynamodb.Client
	Orders string
}

// Missing returns those of the orders that are not stored. It returns ErrStoredOtherwise, with the first such order.
func (s *OrderImport) Missing(ctx context.Context, orders []order.Order) ([]order.Order, error) {
	var missing []order.Order
	for part := range slices.Chunk(orders, maxBatch) {
		keys := make([]attributes, len(part))
		for i, o := range part {
			keys[i] = orderKey(o.ID)
		}
		found, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{s.Orders: {Keys: keys}})
		if err != nil {
			return nil, err
		}
		stored := map[string]attributes{}
		for _, item := range found[s.Orders] {
			r := reader{item: item}
			stored[r.text("order_id")] = item
		}
		for _, o := range part {
			item, there := stored[o.ID]
			if there && !reflect.DeepEqual(item, orderItem(o)) {
				return nil, fmt.Errorf("%s, placed at %s: %w", o.ID, formatTime(o.PlacedAt), ErrStoredOtherwise)
			}
			if !there {
				missing = append(missing, o)
			}
		}
	}
	return missing, nil
}

// Put stores orders, and calls done with how many more are stored, one call at a time. What is there already is written
// over, so a Put that failed may be repeated.
func (s *OrderImport) Put(ctx context.Context, orders []order.Order, done func(int)) error {
	var one sync.Mutex
	writes, ctx := errgroup.WithContext(ctx)
	writes.SetLimit(writesAtOnce)
	for part := range slices.Chunk(orders, maxWrites) {
		writes.Go(func() error {
			if err := s.put(ctx, part); err != nil {
				return err
			}
			one.Lock()
			defer one.Unlock()
			done(len(part))
			return nil
		})
	}
	return writes.Wait()
}

func (s *OrderImport) put(ctx context.Context, part []order.Order) error {
	var writes []types.WriteRequest
	for _, o := range part {
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: orderItem(o)}})
	}
	return batchWrite(ctx, s.Client, s.Orders, writes)
}
