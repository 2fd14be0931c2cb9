package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// AccountDeleter implements [user.AccountDeleter].
type AccountDeleter struct {
	Client           *dynamodb.Client
	Users            string
	AccountDeletions string
}

// Delete implements [user.AccountDeleter.Delete].
func (s *AccountDeleter) Delete(ctx context.Context, u user.User, now time.Time) error {
	unmet, err := transact(ctx, s.Client, "deleting an account",
		types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.Users, Key: userKey(u.Email), ConditionExpression: aws.String("user_id = :user"),
			ExpressionAttributeValues: attributes{":user": text(u.ID)},
		}},
		put(s.AccountDeletions, deletion(u.ID, now)))
	if unmet[0] {
		return user.ErrNotFound
	}
	return err
}

// deletion is the item by which the data of a deleted account are erased.
func deletion(userID string, at time.Time) attributes {
	return attributes{"user_id": text(userID), "deleted_at": instant(at)}
}
