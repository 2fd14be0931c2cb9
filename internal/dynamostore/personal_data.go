package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/notification"
)

// erasures is how many orders are rewritten at once.
const erasures = 8

// PersonalData implements [user.PersonalData]: the e-mail addresses in orders, and their hashes in mails; and what the
// user waits for.
type PersonalData struct {
	Client      *dynamodb.Client
	Orders      string
	Mails       string
	StockAlerts string
}

// Erase implements [user.PersonalData.Erase], page by page. It passes over orders that have no address any more. The
// index that it goes by may lag a second.
func (s *PersonalData) Erase(ctx context.Context, userID string) error {
	requests, err := alertsOf(ctx, s.Client, s.StockAlerts, userID)
	if err != nil {
		return err
	}
	for _, item := range requests {
		if err := removeAlert(ctx, s.Client, s.StockAlerts, userID, productIDOf(item)); err != nil {
			return err
		}
	}
	orders := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.Orders, IndexName: aws.String(byCustomerIndex),
		KeyConditionExpression:    aws.String("user_id = :user"),
		ExpressionAttributeValues: attributes{":user": text(userID)},
	})
	for orders.HasMorePages() {
		page, err := orders.NextPage(ctx)
		if err != nil {
			return failed("looking for a user's orders", err)
		}
		if err := s.erase(ctx, userID, page.Items); err != nil {
			return err
		}
	}
	return nil
}

func (s *PersonalData) erase(ctx context.Context, userID string, orders []attributes) error {
	writes, ctx := errgroup.WithContext(ctx)
	writes.SetLimit(erasures)
	for _, item := range orders {
		r := reader{item: item}
		id, email := r.text("order_id"), r.text("email")
		if r.err != nil {
			return r.err
		}
		if email != "" {
			writes.Go(func() error { return s.eraseOrder(ctx, userID, id) })
		}
	}
	return writes.Wait()
}

// eraseOrder changes the order last: while the order has its address, a repeat erases everything again.
func (s *PersonalData) eraseOrder(ctx context.Context, userID, orderID string) error {
	for _, id := range notification.OrderMailIDs(orderID) {
		err := s.update(ctx, types.Update{
			TableName: &s.Mails, Key: mailKey(id), ConditionExpression: aws.String("attribute_exists(mail_id)"),
			UpdateExpression: aws.String("REMOVE address_hash"),
		})
		if err != nil {
			return err
		}
	}
	return s.update(ctx, types.Update{
		TableName: &s.Orders, Key: orderKey(orderID),
		ConditionExpression: aws.String("user_id = :user"), UpdateExpression: aws.String("SET email = :none"),
		ExpressionAttributeValues: attributes{":user": text(userID), ":none": text("")},
	})
}

// update skips an item that is not there.
func (s *PersonalData) update(ctx context.Context, u types.Update) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: u.TableName, Key: u.Key, ConditionExpression: u.ConditionExpression,
			UpdateExpression: u.UpdateExpression, ExpressionAttributeValues: u.ExpressionAttributeValues,
		})
		return err
	})
	if _, unmet := conditionFailed(err); unmet || err == nil {
		return nil
	}
	return failed("erasing personal data", err)
}
