package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// Admins knows who is an admin now. It is what httpapi.Guard asks.
type Admins struct {
	Client *dynamodb.Client
	Users  string
}

// RequireAdmin returns user.ErrNotAdmin unless the caller is an admin now.
func (s *Admins) RequireAdmin(ctx context.Context, caller user.Caller) error {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Users, Key: userKey(caller.Email), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return failed("reading the caller's role", err)
	}
	return requireAdmin(out.Item, caller)
}
