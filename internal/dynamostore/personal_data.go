package dynamostore

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/notification"
	"shop/internal/order"
)

// erasures is how many orders are rewritten at once.
const erasures = 8

// mostStatuses is more than an order goes through.
const mostStatuses = 5

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
			seen, err := statusText(item)
			if err != nil {
				return err
			}
			writes.Go(func() error { return s.eraseOrder(ctx, userID, id, seen) })
		}
	}
	return writes.Wait()
}

// statusText returns an order's status as it is stored, also one that this version does not know, or "" for none.
func statusText(item attributes) (string, error) {
	r := reader{item: item}
	if !r.has("status") {
		return "", nil
	}
	return r.text("status"), r.err
}

// eraseOrder changes the order last: while the order has its address, a repeat erases everything again. An order whose
// status was another one by then may have a mail more, so its mails are erased again.
func (s *PersonalData) eraseOrder(ctx context.Context, userID, orderID, seen string) error {
	for range mostStatuses {
		if err := s.eraseMails(ctx, orderID); err != nil {
			return err
		}
		now, err := s.eraseAddress(ctx, userID, orderID, seen)
		if err != nil || now == seen {
			return err
		}
		seen = now
	}
	return fmt.Errorf("erasing personal data: %w", order.ErrBusy)
}

// eraseMails skips a mail that is not there.
func (s *PersonalData) eraseMails(ctx context.Context, orderID string) error {
	for _, id := range notification.OrderMailIDs(orderID) {
		err := s.update(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.Mails, Key: mailKey(id), ConditionExpression: aws.String("attribute_exists(mail_id)"),
			UpdateExpression: aws.String("REMOVE address_hash"),
		})
		if _, missing := conditionFailed(err); err != nil && !missing {
			return failed("erasing personal data", err)
		}
	}
	return nil
}

// eraseAddress erases the address of an order that still has the status that was seen. It returns the order's status:
// another one if nothing was erased because of it.
func (s *PersonalData) eraseAddress(ctx context.Context, userID, orderID, seen string) (string, error) {
	condition, values := "attribute_not_exists(#status)", attributes{":user": text(userID), ":none": text("")}
	if seen != "" {
		condition, values[":seen"] = "#status = :seen", text(seen)
	}
	err := s.update(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.Orders, Key: orderKey(orderID),
		ConditionExpression:      aws.String("user_id = :user AND " + condition),
		UpdateExpression:         aws.String("SET email = :none"),
		ExpressionAttributeNames: map[string]string{"#status": "status"}, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	old, unmet := conditionFailed(err)
	switch {
	case err == nil:
		return seen, nil
	case !unmet:
		return "", failed("erasing personal data", err)
	}
	return statusText(old)
}

func (s *PersonalData) update(ctx context.Context, in *dynamodb.UpdateItemInput) error {
	return retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, in)
		return err
	})
}
