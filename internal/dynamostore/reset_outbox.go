package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/notification"
)

// ResetOutbox implements [user.ResetOutbox].
type ResetOutbox struct {
	Client *dynamodb.Client
	Mails  string
}

// AddResetMail implements [user.ResetOutbox.AddResetMail]: for the time of notification.ResendInterval an address gets
// no other.
func (s *ResetOutbox) AddResetMail(ctx context.Context, email string, now time.Time) (string, error) {
	mail := notification.NewAddressMail(notification.PasswordReset, email, now)
	put := putAfterCooldown(s.Mails, mail)
	_, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: put.TableName, Item: put.Item, ConditionExpression: put.ConditionExpression,
		ExpressionAttributeNames:  put.ExpressionAttributeNames,
		ExpressionAttributeValues: put.ExpressionAttributeValues,
	})
	if _, failed := conditionFailed(err); failed {
		return mail.ID, nil
	}
	if err != nil {
		return "", failed("storing a reset mail", err)
	}
	return mail.ID, nil
}
