package dynamostore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErasuresAgain finds the customers of whom a restored table has the address again, though their account was deleted
// since. The table Users must be whole.
type ErasuresAgain struct {
	Client              *dynamodb.Client
	Orders, StockAlerts string // as restored
	Users               string
	AccountDeletions    string
	Write               bool // else it only counts
}

// Run records the deletions anew, so that their data are erased again, and returns how many there are. Customers of
// imported orders never had an account.
func (e *ErasuresAgain) Run(ctx context.Context, now time.Time) (int, error) {
	gone := map[string]bool{}
	for _, in := range []struct {
		customer string
		dynamodb.ScanInput
	}{
		{"user_id", dynamodb.ScanInput{
			TableName:                 &e.Orders,
			FilterExpression:          aws.String("email <> :none AND attribute_not_exists(imported)"),
			ProjectionExpression:      aws.String("user_id, email"),
			ExpressionAttributeValues: attributes{":none": text("")},
		}},
		{"recipient", dynamodb.ScanInput{
			TableName: &e.StockAlerts, FilterExpression: aws.String("recipient <> :shop"),
			ProjectionExpression:      aws.String("recipient, email"),
			ExpressionAttributeValues: attributes{":shop": text(shopRecipient)},
		}},
	} {
		in.ConsistentRead = aws.Bool(true)
		err := scan(ctx, e.Client, in.ScanInput, func(
			ctx context.Context, items []attributes, _ time.Time,
		) (func(), error) {
			customers := map[string]string{} // the address of each
			r := reader{}
			for _, r.item = range items {
				customers[r.text(in.customer)] = r.text("email")
			}
			if r.err != nil {
				return nil, r.err
			}
			err := e.without(ctx, customers)
			return func() {
				for id := range customers {
					gone[id] = true
				}
			}, err
		})
		if err != nil {
			return 0, err
		}
	}
	if !e.Write {
		return len(gone), nil
	}
	for id := range gone {
		_, err := e.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &e.AccountDeletions, Item: deletion(id, now)})
		if err != nil {
			return 0, failed("recording a deletion", err)
		}
	}
	return len(gone), nil
}

// without removes the customers whose account is there.
func (e *ErasuresAgain) without(ctx context.Context, customers map[string]string) error {
	addresses := map[string]bool{}
	for _, email := range customers {
		addresses[email] = true
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(addresses)), maxBatch) {
		keys := make([]attributes, len(part))
		for i, email := range part {
			keys[i] = userKey(email)
		}
		found, err := batchGet(ctx, e.Client, map[string]types.KeysAndAttributes{e.Users: {
			Keys: keys, ProjectionExpression: aws.String("user_id"), ConsistentRead: aws.Bool(true),
		}})
		if err != nil {
			return err
		}
		r := reader{}
		for _, r.item = range found[e.Users] {
			delete(customers, r.text("user_id"))
		}
		if r.err != nil {
			return r.err
		}
	}
	return nil
}
