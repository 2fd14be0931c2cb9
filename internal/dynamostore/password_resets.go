package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/password"
	"shop/internal/user"
)

// PasswordResets implements [user.ResetLinks].
type PasswordResets struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
	Mails     string
}

func (s *PasswordResets) table() linkTable { return linkTable{s.Client, s.Users, s.AuthState} }

// Link implements [user.Links.Link].
func (s *PasswordResets) Link(ctx context.Context, hash string) (user.Link, error) {
	return s.table().find(ctx, hash)
}

// SetPassword implements [user.ResetLinks.SetPassword]. In the same transaction the address may be mailed the next
// reset at once.
func (s *PasswordResets) SetPassword(
	ctx context.Context, l user.Link, hash password.Hash, a user.Attempt, record user.IdempotencyRecord,
) error {
	return s.table().use(ctx, "setting a password", l, a.At, record, types.Update{
		ConditionExpression: aws.String(ofLink),
		UpdateExpression: aws.String("SET password_hash = :hash REMOVE unverified, expires_at" +
			nextGeneration),
		ExpressionAttributeValues: attributes{":hash": text(hash.PHC()), ":one": number(1)},
	}, append(resetGuesses(s.AuthState, a), endCooldown(s.Mails, l.Email, a.At))...)
}

// FindRecord implements [user.IdempotencyRecords.FindRecord].
func (s *PasswordResets) FindRecord(ctx context.Context, name string) (user.IdempotencyRecord, error) {
	return findRecord(ctx, s.Client, s.AuthState, name)
}
