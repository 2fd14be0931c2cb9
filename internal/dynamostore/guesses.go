package dynamostore

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// Guesses counts log-in attempts by address, in the Sessions table. A count lasts for a window of fixed length; its item is
// named after a hash of the address, known or not.
type Guesses struct {
	Client *dynamodb.Client
	Table  string
	Limit  int64         // attempts in a window
	Window time.Duration // whole seconds
	Now    func() time.Time
}

// Count counts one attempt. It returns *user.TooManyGuessesError when the window has none left.
func (s *Guesses) Count(ctx context.Context, email string) error {
	ends := s.windowEnd()
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.Table,
		Key:                 s.key(email, ends),
		ConditionExpression: aws.String("attribute_not_exists(guesses) OR guesses < :limit"),
		UpdateExpression:    aws.String("SET expires_at = :ends ADD guesses :one"),
		ExpressionAttributeValues: attributes{
			":limit": number(s.Limit), ":one": number(1), ":ends": number(ends.Unix()),
		},
	})
	if _, failed := conditionFailed(err); failed {
		return &user.TooManyGuessesError{RetryAfter: ends.Sub(s.Now())}
	}
	if err != nil {
		return failed("counting a guess", err)
	}
	return nil
}

// Forget clears the count of the present window.
func (s *Guesses) Forget(ctx context.Context, email string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.Table, Key: s.key(email, s.windowEnd())})
	if err != nil {
		return failed("clearing guesses", err)
	}
	return nil
}

func (s *Guesses) windowEnd() time.Time { return s.Now().Truncate(s.Window).Add(s.Window) }

func (s *Guesses) key(email string, ends time.Time) attributes {
	sum := sha256.Sum256([]byte(email))
	name := base64.RawURLEncoding.EncodeToString(sum[:])
	return attributes{"session_id": text(fmt.Sprintf("guesses#%s#%d", name, ends.Unix()))}
}
