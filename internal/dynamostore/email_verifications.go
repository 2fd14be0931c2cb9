package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// EmailVerifications implements [user.VerificationLinks].
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

// Verify implements [user.VerificationLinks.Verify].
func (s *EmailVerifications) Verify(
	ctx context.Context, l user.Link, now time.Time, record user.IdempotencyRecord,
) error {
	return s.table().use(ctx, "verifying an address", l, now, record, types.Update{
		ConditionExpression:       aws.String(ofLink + " AND attribute_exists(unverified)"),
		UpdateExpression:          aws.String("REMOVE unverified, expires_at"),
		ExpressionAttributeValues: attributes{},
	})
}

// FindRecord implements [user.IdempotencyRecords.FindRecord].
func (s *EmailVerifications) FindRecord(ctx context.Context, name string) (user.IdempotencyRecord, error) {
	return findRecord(ctx, s.Client, s.AuthState, name)
}
