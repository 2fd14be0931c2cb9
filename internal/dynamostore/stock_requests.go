package dynamostore

import (
	"context"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/product"
)

// StockRequests implements [product.StockRequests].
type StockRequests struct {
	Client      *dynamodb.Client
	StockAlerts string // the table
	Now         func() time.Time
}

// Add implements [product.StockRequests.Add].
func (s *StockRequests) Add(ctx context.Context, r product.StockRequest) (product.StockRequest, error) {
	var out *dynamodb.UpdateItemOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.StockAlerts,
			Key:       alertKey(r.UserID, r.ProductID),
			UpdateExpression: aws.String("SET email = :email, requested_at = if_not_exists(requested_at, :now), " +
				"waiting = :waiting, waiting_key = :key REMOVE mail_id, expires_at"),
			ExpressionAttributeValues: attributes{
				":email": text(r.Email), ":now": instant(r.RequestedAt), ":waiting": text(waitingMark),
				":key": text(waitingKey(r.ProductID, r.UserID)),
			},
			ReturnValues: types.ReturnValueAllNew,
		})
		return err
	})
	if err != nil {
		return product.StockRequest{}, failed("storing a request", err)
	}
	return readRequest(out.Attributes)
}

// Of implements [product.StockRequests.Of].
func (s *StockRequests) Of(ctx context.Context, userID string) ([]product.StockRequest, error) {
	items, err := alertsOf(ctx, s.Client, s.StockAlerts, userID)
	if err != nil {
		return nil, err
	}
	var requests []product.StockRequest
	for _, item := range items {
		if isOver(item, s.Now()) {
			continue
		}
		request, err := readRequest(item)
		if err != nil {
			return nil, err
		}
		requests = append(requests, request)
	}
	return requests, nil
}

// alertsOf returns all items of a recipient, as they stand now.
func alertsOf(ctx context.Context, client *dynamodb.Client, table, recipient string) ([]attributes, error) {
	return queryAll(ctx, client, dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("recipient = :recipient"),
		ExpressionAttributeValues: attributes{":recipient": text(recipient)},
	}, math.MaxInt32)
}

// Find implements [product.StockRequests.Find].
func (s *StockRequests) Find(ctx context.Context, userID, productID string) (product.StockRequest, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.StockAlerts, Key: alertKey(userID, productID), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return product.StockRequest{}, failed("reading a request", err)
	}
	if len(out.Item) == 0 || isOver(out.Item, s.Now()) {
		return product.StockRequest{}, product.ErrNotFound
	}
	return readRequest(out.Item)
}

// Remove implements [product.StockRequests.Remove].
func (s *StockRequests) Remove(ctx context.Context, userID, productID string) error {
	return removeAlert(ctx, s.Client, s.StockAlerts, userID, productID)
}

func removeAlert(ctx context.Context, client *dynamodb.Client, table, recipient, productID string) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &table, Key: alertKey(recipient, productID),
		})
		return err
	})
	if err != nil {
		return failed("removing a request", err)
	}
	return nil
}
