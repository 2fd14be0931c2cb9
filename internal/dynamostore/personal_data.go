package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/notification"
	"shop/internal/user"
)

// erasures is how many orders are rewritten at once.
const erasures = 8

// AccountDeletions records the accounts that were deleted until their personal data are erased, and erases them. The table
// holds only deletions under way, and nothing of a person but the user id.
type AccountDeletions struct {
	Client *dynamodb.Client
	Table  string
	Users  string
	Orders string
	Mails  string
}

// Delete implements [user.AccountDeleter.Delete].
func (s *AccountDeletions) Delete(ctx context.Context, u user.User, now time.Time) error {
	unmet, err := transact(ctx, s.Client, "deleting an account",
		types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.Users, Key: userKey(u.Email), ConditionExpression: aws.String("user_id = :user"),
			ExpressionAttributeValues: attributes{":user": text(u.ID)},
		}},
		types.TransactWriteItem{Put: &types.Put{TableName: &s.Table, Item: attributes{"user_id": text(u.ID), "deleted_at": instant(now)}}})
	if unmet[0] {
		return user.ErrNotFound
	}
	return err
}

// Unfinished implements [user.AccountDeletions.Unfinished]. It reads one page: 1 MB, some ten thousand deletions.
func (s *AccountDeletions) Unfinished(ctx context.Context) ([]user.AccountDeletion, error) {
	out, err := s.Client.Scan(ctx, &dynamodb.ScanInput{TableName: &s.Table})
	if err != nil {
		return nil, failed("reading account deletions", err)
	}
	var deletions []user.AccountDeletion
	r := reader{}
	for _, r.item = range out.Items {
		deletions = append(deletions, user.AccountDeletion{UserID: r.text("user_id"), DeletedAt: r.instant("deleted_at")})
	}
	return deletions, r.err
}

// Finish implements [user.AccountDeletions.Finish].
func (s *AccountDeletions) Finish(ctx context.Context, userID string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: attributes{"user_id": text(userID)}})
	if err != nil {
		return failed("finishing an account deletion", err)
	}
	return nil
}

// Erase takes the e-mail address out of the user's orders, page by page, and its hash out of their mails. It passes over orders
// that have none any more, so a repeat begins where the last one was cut short. The index that it goes by may lag a second.
func (s *AccountDeletions) Erase(ctx context.Context, userID string) error {
	orders := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.Orders, IndexName: aws.String(byCustomerIndex), KeyConditionExpression: aws.String("user_id = :user"),
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

func (s *AccountDeletions) erase(ctx context.Context, userID string, orders []attributes) error {
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

// eraseOrder comes to the order last: as long as the order has its address, a repeat comes to both.
func (s *AccountDeletions) eraseOrder(ctx context.Context, userID, orderID string) error {
	err := s.update(ctx, types.Update{
		TableName: &s.Mails, Key: mailKey(notification.OrderMailID(orderID)),
		ConditionExpression: aws.String("attribute_exists(mail_id)"), UpdateExpression: aws.String("REMOVE address_hash"),
	})
	if err != nil {
		return err
	}
	return s.update(ctx, types.Update{
		TableName: &s.Orders, Key: orderKey(orderID),
		ConditionExpression: aws.String("user_id = :user"), UpdateExpression: aws.String("SET email = :none"),
		ExpressionAttributeValues: attributes{":user": text(userID), ":none": text("")},
	})
}

// update passes over what is not there.
func (s *AccountDeletions) update(ctx context.Context, u types.Update) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: u.TableName, Key: u.Key, ConditionExpression: u.ConditionExpression, UpdateExpression: u.UpdateExpression,
			ExpressionAttributeValues: u.ExpressionAttributeValues,
		})
		return err
	})
	if _, unmet := conditionFailed(err); unmet || err == nil {
		return nil
	}
	return failed("erasing personal data", err)
}
