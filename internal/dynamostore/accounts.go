package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// Accounts implements [user.Finder] and [user.Profiles].
type Accounts struct {
	Client *dynamodb.Client
	Users  string
}

// ByEmail implements [user.Finder.ByEmail].
func (s *Accounts) ByEmail(ctx context.Context, email string) (user.User, error) {
	return findUser(ctx, s.Client, s.Users, email)
}

// Rename implements [user.Profiles.Rename].
func (s *Accounts) Rename(ctx context.Context, caller user.Caller, name string) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Users,
		Key:                       userKey(caller.Email),
		ConditionExpression:       aws.String("user_id = :user"),
		UpdateExpression:          aws.String("SET #name = :name"),
		ExpressionAttributeNames:  map[string]string{"#name": "name"},
		ExpressionAttributeValues: attributes{":user": text(caller.UserID), ":name": text(name)},
	})
	if _, failed := conditionFailed(err); failed {
		return user.ErrNotFound
	}
	if err != nil {
		return failed("renaming an account", err)
	}
	return nil
}
