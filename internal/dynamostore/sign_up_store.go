package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// SignUpStore implements [user.AccountCreator]. AuthState has the records of sign-ups with an
// Idempotency-Key.
type SignUpStore struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
}

// Create implements [user.AccountCreator.Create].
func (s *SignUpStore) Create(ctx context.Context, u user.User, record user.IdempotencyRecord) error {
	if !record.HasKey() {
		return s.create(ctx, u)
	}
	put := &types.Put{
		TableName: &s.Users, Item: userItem(u), ConditionExpression: aws.String(addressFree),
		ExpressionAttributeValues: since(u.CreatedAt),
	}
	actions := append(putRecord(s.AuthState, record), types.TransactWriteItem{Put: put})
	unmet, err := transact(ctx, s.Client, "storing a user", actions...)
	if slices.Contains(unmet, true) {
		return user.ErrEmailTaken
	}
	return err
}

// create is Create for a request without a key.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the id, made for this
// attempt, tells.
func (s *SignUpStore) create(ctx context.Context, u user.User) error {
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           &s.Users,
		Item:                                userItem(u),
		ConditionExpression:                 aws.String(addressFree),
		ExpressionAttributeValues:           since(u.CreatedAt),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed {
		if stored, err := readUser(old); err == nil && stored.ID == u.ID {
			return nil
		}
		return user.ErrEmailTaken
	}
	if err != nil {
		return failed("storing a user", err)
	}
	return nil
}

// FindRecord implements [user.IdempotencyRecords.FindRecord].
func (s *SignUpStore) FindRecord(ctx context.Context, name string) (user.IdempotencyRecord, error) {
	return findRecord(ctx, s.Client, s.AuthState, name)
}
