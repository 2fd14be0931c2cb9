package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// Rights knows who may do what now. It is what httpapi.Guard asks.
type Rights struct {
	Client *dynamodb.Client
	Users  string
}

// Require returns user.ErrNoRight unless the caller has the scope of staff now.
func (s *Rights) Require(ctx context.Context, caller user.Caller, scope string) error {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Users, Key: userKey(caller.StoredAs()), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return failed("reading the caller's role", err)
	}
	if !roleNow(out.Item, caller).Allows(scope) {
		return user.ErrNoRight
	}
	return nil
}
