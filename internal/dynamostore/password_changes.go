package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/user"
)

// Accounts changes accounts of users who are logged in.
type Accounts struct {
	Client    *dynamodb.Client
	Table     string // Users
	AuthState string
	Mails     string
}

// Rename stores the name. It returns user.ErrNotFound when the caller's address has another account by now, or none.
func (s *Accounts) Rename(ctx context.Context, caller user.Caller, name string) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &s.Table,
		Key:                       userKey(caller.Email),
		ConditionExpression:       aws.String("user_id = :user"),
		UpdateExpression:          aws.String("SET #name = :name"),
		ExpressionAttributeNames:  map[string]string{"#name": "name"},
		ExpressionAttributeValues: attributes{":user": text(caller.UserID), ":name": text(name)},
	})
	if _, failed := conditionFailed(err); failed {
		return user.ErrNotFound
	}
	if err != nil {
		return failed("renaming an account", err)
	}
	return nil
}

// EndSessions ends every session of the user, by the next generation; the sessions themselves are not looked for. In
// the same transaction it takes back that the attempt was counted. It returns user.ErrNotFound when the address has
// another account by now, or none.
func (s *Accounts) EndSessions(ctx context.Context, u user.User, a user.Attempt) error {
	actions := []types.TransactWriteItem{{Update: &types.Update{
		TableName: &s.Table, Key: userKey(u.Email), ConditionExpression: aws.String("user_id = :user"),
		UpdateExpression:          aws.String(nextGeneration),
		ExpressionAttributeValues: attributes{":user": text(u.ID), ":one": number(1)},
	}}}
	unmet, err := transact(ctx, s.Client, "ending a user's sessions", append(actions, s.takeBack(a)...)...)
	if unmet[0] {
		return user.ErrNotFound
	}
	return err
}

// Where the actions of ChangePassword stand whose conditions may fail.
const (
	changeUser    = iota
	changeSession // the session that asks
	changeMail
	changeDone
)

// ChangePassword gives the user the hash and the next generation, and the session that asks, too, so that it alone goes
// on; makes a mail to the owner pending, keeps what was done, and takes back that the attempt was counted: all or
// nothing. It returns the mail's id, or none when done was kept before; and user.ErrSessionOver when the user is of
// another generation by now, or gone, or the session is over.
func (s *Accounts) ChangePassword(ctx context.Context, c user.PasswordChange) (string, error) {
	mail := notification.NewPasswordChangedMail(c.User.ID, c.User.Generation+1, c.User.Email, c.Attempt.At)
	actions := []types.TransactWriteItem{
		changeUser:    {Update: s.newPassword(c)},
		changeSession: {Update: s.goOn(c)},
		changeMail:    {Put: &types.Put{TableName: &s.Mails, Item: mailItem(mail)}},
	}
	actions = append(actions, keep(s.AuthState, c.Done)...)
	unmet, err := transact(ctx, s.Client, "changing a password", append(actions, s.takeBack(c.Attempt)...)...)
	switch {
	case c.Done.Kept() && unmet[changeDone]:
		return "", nil
	case unmet[changeUser] || unmet[changeSession]:
		return "", user.ErrSessionOver
	}
	return mail.ID, err
}

// newPassword goes by the generation that was read with the hash: each change of a password ends one, and a hash that
// is renewed meanwhile, of the same password, does not.
func (s *Accounts) newPassword(c user.PasswordChange) *types.Update {
	return &types.Update{
		TableName: &s.Table, Key: userKey(c.User.Email),
		ConditionExpression: aws.String("user_id = :user AND generation = :generation"),
		UpdateExpression:    aws.String("SET password_hash = :hash" + nextGeneration),
		ExpressionAttributeValues: attributes{
			":user": text(c.User.ID), ":generation": number(c.User.Generation),
			":hash": text(c.Hash.PHC()), ":one": number(1),
		},
	}
}

// goOn takes the session that asks into the next generation.
func (s *Accounts) goOn(c user.PasswordChange) *types.Update {
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

// Done returns what was kept of a request with this name, also when it expired, or the zero Done.
func (s *Accounts) Done(ctx context.Context, name string) (user.Done, error) {
	return findDone(ctx, s.Client, s.AuthState, name)
}

func (s *Accounts) takeBack(a user.Attempt) []types.TransactWriteItem {
	return (&Guesses{Table: s.AuthState}).takeBack(a)
}
