package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// unfinishedIndex holds the orders that are being cancelled, because only they have its key, unfinished.
const (
	unfinishedIndex = "unfinished"
	cancellingMark  = "cancelling"
)

// UnfinishedOrders implements [order.Unfinished].
type UnfinishedOrders struct {
	Client *dynamodb.Client
	Orders string
}

// Cancelling implements [order.Unfinished.Cancelling].
func (s *UnfinishedOrders) Cancelling(ctx context.Context, max int) ([]string, error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Orders,
		IndexName:                 aws.String(unfinishedIndex),
		KeyConditionExpression:    aws.String("unfinished = :mark"),
		ExpressionAttributeValues: attributes{":mark": text(cancellingMark)},
	}, max)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(items))
	for i, item := range items {
		r := reader{item: item}
		ids[i] = r.text("order_id")
		if r.err != nil {
			return nil, r.err
		}
	}
	return ids, nil
}
