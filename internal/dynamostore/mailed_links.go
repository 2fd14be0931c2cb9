package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// MailedLinks implements [notification.Links].
type MailedLinks struct {
	Client    *dynamodb.Client
	AuthState string
}

// Save implements [notification.Links.Save].
func (s *MailedLinks) Save(ctx context.Context, l user.Link) error {
	if _, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.AuthState, Item: linkItem(l)}); err != nil {
		return failed("storing a link", err)
	}
	return nil
}
