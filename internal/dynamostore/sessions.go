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

// Find implements [user.OpenSessions.Find].
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

// Renew implements [user.OpenSessions.Renew].
//
// The condition fails on our own write when the SDK repeats it because its answer was lost: then what is stored is next.
func (s *Sessions) Renew(ctx context.Context, used user.SecretHash, next user.OpenSession) (user.OpenSession, error) {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.Table,
		Key:                 sessionKey(next.ID),
		ConditionExpression: aws.String("secret_hash = :used"),
		UpdateExpression:    aws.String("SET secret_hash = :hash, used_hash = :used, salt = :salt, used_at = :at, expires_at = :expires"),
		ExpressionAttributeValues: attributes{
			":used": blob(used[:]), ":hash": blob(next.SecretHash[:]), ":salt": blob(next.Used.Salt[:]), ":at": instant(next.Used.At),
			":expires": number(next.ExpiresAt.Unix()),
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
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: sessionKey(id)})
	if err != nil {
		return failed("ending a session", err)
	}
	return nil
}

func sessionKey(id string) attributes { return attributes{"session_id": text(id)} }

func sessionItem(s user.OpenSession) attributes {
	item := attributes{
		"session_id":  text(s.ID),
		"user_id":     text(s.UserID),
		"email":       text(s.Email),
		"secret_hash": blob(s.SecretHash[:]),
		"generation":  number(s.Generation),
		"begun_at":    instant(s.BegunAt),
		"expires_at":  number(s.ExpiresAt.Unix()),
	}
	if s.Used != (user.Used{}) {
		item["used_hash"], item["salt"], item["used_at"] = blob(s.Used.SecretHash[:]), blob(s.Used.Salt[:]), instant(s.Used.At)
	}
	return item
}

func readSession(item attributes) (user.OpenSession, error) {
	r := reader{item: item}
	s := user.OpenSession{
		ID: r.text("session_id"), UserID: r.text("user_id"), Email: r.text("email"), Generation: r.number("generation"),
		BegunAt: r.instant("begun_at"), ExpiresAt: time.Unix(r.number("expires_at"), 0).UTC(),
	}
	r.bytes32("secret_hash", &s.SecretHash)
	if r.has("used_hash") {
		r.bytes32("used_hash", &s.Used.SecretHash)
		r.bytes32("salt", &s.Used.Salt)
		s.Used.At = r.instant("used_at")
	}
	return s, r.err
}

// bytes32 reads 32 bytes into to.
func (r *reader) bytes32(name string, to *[32]byte) {
	if copy(to[:], r.blob(name)) != len(to) {
		r.fail(name, "32 bytes")
	}
}
