package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// Sessions keeps the sessions that customers and admins have open. A session that is over is deleted; one that has expired is
// refused by the domain, whether or not DynamoDB's TTL has come by.
type Sessions struct {
	Client *dynamodb.Client
	Table  string
}

// Find returns the session, or user.ErrSessionOver.
func (s *Sessions) Find(ctx context.Context, id string) (user.OpenSession, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.Table, Key: sessionKey(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return user.OpenSession{}, failed("reading a session", err)
	}
	if out.Item == nil {
		return user.OpenSession{}, user.ErrSessionOver
	}
	return readSession(out.Item)
}

// Renew stores what changes of next, if used is still the hash of the session's secret. It returns user.ErrSessionOver.
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: the attempt's id tells.
func (s *Sessions) Renew(ctx context.Context, used user.SecretHash, next user.OpenSession) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.Table,
		Key:                 sessionKey(next.ID),
		ConditionExpression: aws.String("secret_hash = :used"),
		UpdateExpression:    aws.String("SET secret_hash = :hash, attempt_id = :attempt, expires_at = :expires"),
		ExpressionAttributeValues: attributes{
			":used": blob(used[:]), ":hash": blob(next.SecretHash[:]), ":attempt": text(next.AttemptID), ":expires": number(next.ExpiresAt.Unix()),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if old, failed := conditionFailed(err); failed {
		if r := (reader{item: old}); r.text("attempt_id") == next.AttemptID {
			return nil
		}
		return user.ErrSessionOver
	}
	if err != nil {
		return failed("renewing a session", err)
	}
	return nil
}

// End deletes the session, if it is there.
func (s *Sessions) End(ctx context.Context, id string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: sessionKey(id)})
	if err != nil {
		return failed("ending a session", err)
	}
	return nil
}

func sessionKey(id string) attributes { return attributes{"session_id": text(id)} }

func sessionItem(s user.OpenSession) attributes {
	return attributes{
		"session_id":  text(s.ID),
		"user_id":     text(s.UserID),
		"email":       text(s.Email),
		"secret_hash": blob(s.SecretHash[:]),
		"attempt_id":  text(s.AttemptID),
		"generation":  number(s.Generation),
		"begun_at":    instant(s.BegunAt),
		"expires_at":  number(s.ExpiresAt.Unix()),
	}
}

func readSession(item attributes) (user.OpenSession, error) {
	r := reader{item: item}
	s := user.OpenSession{
		ID: r.text("session_id"), UserID: r.text("user_id"), Email: r.text("email"), AttemptID: r.text("attempt_id"),
		Generation: r.number("generation"), BegunAt: r.instant("begun_at"), ExpiresAt: time.Unix(r.number("expires_at"), 0).UTC(),
	}
	if copy(s.SecretHash[:], r.blob("secret_hash")) != len(s.SecretHash) {
		r.fail("secret_hash", "32 bytes")
	}
	return s, r.err
}
