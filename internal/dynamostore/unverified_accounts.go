package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/user"
)

// Where the actions stand in the transactions of a sign-up by mail.
const (
	unverifiedAccount = iota
	unverifiedMail
	recordAction // only of a request with a key
)

// UnverifiedAccounts implements [user.UnverifiedAccounts]: accounts whose address is not
// verified yet stand among the users.
type UnverifiedAccounts struct {
	Client    *dynamodb.Client
	Users     string
	Mails     string
	AuthState string // where the records of sign-ups with an Idempotency-Key are
}

// FindRecord implements [user.IdempotencyRecords.FindRecord].
func (s *UnverifiedAccounts) FindRecord(ctx context.Context, name string) (user.IdempotencyRecord, error) {
	return findRecord(ctx, s.Client, s.AuthState, name)
}

// Add implements [user.UnverifiedAccounts.Add]. Either mail costs one read and one transaction of two actions, so that
// the time does not tell which it was. A third action stores the record of a request with a key.
func (s *UnverifiedAccounts) Add(ctx context.Context, u user.User, name string) (string, error) {
	known, err := s.known(ctx, u.Email, u.CreatedAt)
	if err != nil {
		return "", err
	}
	if !known {
		mail := notification.NewVerificationMail(u.ID, u.Email, u.CreatedAt)
		err := s.add(ctx, u, mail, user.IdempotencyRecord{Name: name, Subject: mail.ID, At: u.CreatedAt})
		if errors.Is(err, errRepeated) {
			return "", nil
		}
		if !errors.Is(err, user.ErrEmailTaken) {
			return mail.ID, err
		}
	}
	mail := notification.NewAddressMail(notification.SignUpAttempt, u.Email, u.CreatedAt)
	err = s.tell(ctx, u.Email, mail, user.IdempotencyRecord{Name: name, Subject: mail.ID, At: u.CreatedAt})
	if errors.Is(err, errRepeated) {
		return "", nil
	}
	return mail.ID, err
}

// errRepeated says that a request with the same name was done before.
var errRepeated = errors.New("the request was done before")

func (s *UnverifiedAccounts) known(ctx context.Context, email string, now time.Time) (bool, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Users, Key: userKey(email), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return false, failed("looking for a user", err)
	}
	known, err := readUser(out.Item)
	if errors.Is(err, user.ErrNotFound) {
		return false, nil
	}
	return err == nil && !known.Expired(now), err
}

// add returns user.ErrEmailTaken when somebody else was faster, and errRepeated.
func (s *UnverifiedAccounts) add(
	ctx context.Context, u user.User, mail notification.Mail, record user.IdempotencyRecord,
) error {
	actions := []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &s.Users, Item: userItem(u), ConditionExpression: aws.String(addressFree),
			ExpressionAttributeValues: since(u.CreatedAt),
		}},
		put(s.Mails, mailItem(mail)),
	}
	actions = append(actions, putRecord(s.AuthState, record)...)
	unmet, err := transact(ctx, s.Client, "storing an unverified account", actions...)
	switch {
	case record.HasKey() && unmet[recordAction]:
		return errRepeated
	case unmet[unverifiedAccount]:
		return user.ErrEmailTaken
	}
	return err
}

// tell stores the mail to an address that somebody has. It checks again that somebody has it, so that it takes as long
// as storing an account. It returns errRepeated.
func (s *UnverifiedAccounts) tell(
	ctx context.Context, email string, mail notification.Mail, record user.IdempotencyRecord,
) error {
	put := putAfterCooldown(s.Mails, mail)
	actions := []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: &s.Users, Key: userKey(email), ConditionExpression: aws.String(addressTaken),
			ExpressionAttributeValues: since(mail.CreatedAt),
		}},
		{Put: &put},
	}
	actions = append(actions, putRecord(s.AuthState, record)...)
	unmet, err := transact(ctx, s.Client, "storing the mail of an attempt", actions...)
	switch {
	case record.HasKey() && unmet[recordAction]:
		return errRepeated
	case unmet[unverifiedAccount]: // the account was removed meanwhile
		return failed("signing up", fmt.Errorf("%w: %w", errUnsettled, err))
	case unmet[unverifiedMail]:
		return nil
	}
	return err
}
