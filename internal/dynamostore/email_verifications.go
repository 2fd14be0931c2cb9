package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// EmailVerifications implements [user.VerifyingLinks].
type EmailVerifications struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
}

func (s *EmailVerifications) table() linkTable { return linkTable{s.Client, s.Users, s.AuthState} }

// Link implements [user.Links.Link].
func (s *EmailVerifications) Link(ctx context.Context, hash string) (user.Link, error) {
	return s.table().find(ctx, hash)
}

// Verify implements [user.VerifyingLinks.Verify].
func (s *EmailVerifications) Verify(ctx context.Context, l user.Link, now time.Time, done user.Done) error {
	return s.table().use(ctx, "verifying an address", l, now, done, types.Update{
		ConditionExpression:       aws.String(ofLink + " AND attribute_exists(unverified)"),
		UpdateExpression:          aws.String("REMOVE unverified, expires_at"),
		ExpressionAttributeValues: attributes{},
	})
}

// Done implements [user.DoneRequests.Done].
func (s *EmailVerifications) Done(ctx context.Context, name string) (user.Done, error) {
	return findDone(ctx, s.Client, s.AuthState, name)
}
