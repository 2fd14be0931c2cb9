package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/password"
)

// PasswordHashes implements [user.HashStore].
type PasswordHashes struct {
	Client *dynamodb.Client
	Users  string
}

// ReplaceHash implements [user.HashStore.ReplaceHash].
func (s *PasswordHashes) ReplaceHash(ctx context.Context, email string, old, renewed password.Hash) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Users,
		Key:                       userKey(email),
		ConditionExpression:       aws.String("password_hash = :old"),
		UpdateExpression:          aws.String("SET password_hash = :renewed"),
		ExpressionAttributeValues: attributes{":old": text(old.PHC()), ":renewed": text(renewed.PHC())},
	})
	if _, changed := conditionFailed(err); changed {
		return nil
	}
	if err != nil {
		return failed("renewing a hash", err)
	}
	return nil
}
