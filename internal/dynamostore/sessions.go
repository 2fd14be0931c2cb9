package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// Sessions implements [user.SessionStarter] and [user.OpenSessions]. A session that is over is deleted; one that has
// expired is refused by the domain, whether or not DynamoDB's TTL has come by.
type Sessions struct {
	Client    *dynamodb.Client
	AuthState string
}

// Find implements [user.OpenSessions.Find].
func (s *Sessions) Find(ctx context.Context, id string) (user.OpenSession, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.AuthState, Key: sessionKey(id), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return user.OpenSession{}, failed("reading a session", err)
	}
	if out.Item == nil {
		return user.OpenSession{}, user.ErrSessionOver
	}
	return readSession(out.Item)
}

// Renew implements [user.OpenSessions.Renew].
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: then what is stored is
// next.
func (s *Sessions) Renew(ctx context.Context, used user.SecretHash, next user.OpenSession) (user.OpenSession, error) {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.AuthState,
		Key:                 sessionKey(next.ID),
		ConditionExpression: aws.String("secret_hash = :used"),
		UpdateExpression: aws.String("SET secret_hash = :hash, used_hash = :used, salt = :salt, used_at = :at, " +
			"expires_at = :expires"),
		ExpressionAttributeValues: attributes{
			":used": blob(used[:]), ":hash": blob(next.SecretHash[:]), ":salt": blob(next.LastRefresh.Salt[:]),
			":at": instant(next.LastRefresh.At), ":expires": number(next.ExpiresAt.Unix()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed && len(old) > 0 {
		return readSession(old)
	} else if failed {
		return user.OpenSession{}, user.ErrSessionOver
	}
	if err != nil {
		return user.OpenSession{}, failed("renewing a session", err)
	}
	return next, nil
}

// End implements [user.OpenSessions.End].
func (s *Sessions) End(ctx context.Context, id string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.AuthState, Key: sessionKey(id)})
	if err != nil {
		return failed("ending a session", err)
	}
	return nil
}

// Start implements [user.SessionStarter.Start] in one transaction.
func (s *Sessions) Start(ctx context.Context, begun user.OpenSession, a user.Attempt) error {
	actions := append(undoAttempt(s.AuthState, a), put(s.AuthState, sessionItem(begun)))
	if begun.Replaces != "" {
		ended := &types.Delete{TableName: &s.AuthState, Key: sessionKey(begun.Replaces)}
		actions = append(actions, types.TransactWriteItem{Delete: ended})
	}
	if err := writeOnce(ctx, s.Client, actions); err != nil {
		return failed("storing a session", err)
	}
	return nil
}
