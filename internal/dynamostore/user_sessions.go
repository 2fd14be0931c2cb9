package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// UserSessions implements [user.SessionsEnder].
type UserSessions struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
}

// EndSessions implements [user.SessionsEnder.EndSessions]: the sessions themselves are not looked for.
func (s *UserSessions) EndSessions(ctx context.Context, u user.User, a user.Attempt) error {
	actions := []types.TransactWriteItem{{Update: &types.Update{
		TableName: &s.Users, Key: userKey(u.Email), ConditionExpression: aws.String("user_id = :user"),
		UpdateExpression:          aws.String(nextGeneration),
		ExpressionAttributeValues: attributes{":user": text(u.ID), ":one": number(1)},
	}}}
	unmet, err := transact(ctx, s.Client, "ending a user's sessions",
		append(actions, undoAttempt(s.AuthState, a)...)...)
	if unmet[0] {
		return user.ErrNotFound
	}
	return err
}
