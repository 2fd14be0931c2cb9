package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/user"
)

// PasswordChanges implements [user.PasswordChanger].
type PasswordChanges struct {
	Client    *dynamodb.Client
	Users     string
	AuthState string
	Mails     string
}

// Where the actions of ChangePassword stand whose conditions may fail.
const (
	changeUser    = iota
	changeSession // the session that asks
	changeMail
	changeRecord
)

// ChangePassword implements [user.PasswordChanger.ChangePassword].
func (s *PasswordChanges) ChangePassword(ctx context.Context, c user.PasswordChange) (string, error) {
	mail := notification.NewPasswordChangedMail(c.User.ID, c.User.Generation+1, c.User.Email, c.Attempt.At)
	actions := []types.TransactWriteItem{
		changeUser:    {Update: s.newPassword(c)},
		changeSession: {Update: s.keepSession(c)},
		changeMail:    {Put: &types.Put{TableName: &s.Mails, Item: mailItem(mail)}},
	}
	actions = append(actions, putRecord(s.AuthState, c.Record)...)
	unmet, err := transact(ctx, s.Client, "changing a password",
		append(actions, undoAttempt(s.AuthState, c.Attempt)...)...)
	switch {
	case c.Record.HasKey() && unmet[changeRecord]:
		return "", nil
	case unmet[changeUser] || unmet[changeSession]:
		return "", user.ErrSessionOver
	}
	return mail.ID, err
}

// newPassword requires the generation that was read with the hash. Each change of a password begins the next
// generation; renewing the hash of the same password does not.
func (s *PasswordChanges) newPassword(c user.PasswordChange) *types.Update {
	return &types.Update{
		TableName: &s.Users, Key: userKey(c.User.Email),
		ConditionExpression: aws.String("user_id = :user AND generation = :generation"),
		UpdateExpression:    aws.String("SET password_hash = :hash" + nextGeneration),
		ExpressionAttributeValues: attributes{
			":user": text(c.User.ID), ":generation": number(c.User.Generation),
			":hash": text(c.Hash.PHC()), ":one": number(1),
		},
	}
}

// keepSession moves the session that asks to the next generation.
func (s *PasswordChanges) keepSession(c user.PasswordChange) *types.Update {
	return &types.Update{
		TableName: &s.AuthState, Key: sessionKey(c.SessionID),
		ConditionExpression: aws.String("user_id = :user AND generation = :generation AND expires_at > :now"),
		UpdateExpression:    aws.String("SET generation = :next"),
		ExpressionAttributeValues: attributes{
			":user": text(c.User.ID), ":generation": number(c.User.Generation), ":next": number(c.User.Generation + 1),
			":now": number(c.Attempt.At.Unix()),
		},
	}
}

// FindRecord implements [user.IdempotencyRecords.FindRecord].
func (s *PasswordChanges) FindRecord(ctx context.Context, name string) (user.IdempotencyRecord, error) {
	return findRecord(ctx, s.Client, s.AuthState, name)
}
