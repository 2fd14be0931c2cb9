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
	applicantAction = iota
	applicantMailAction
	doneAction // only of a request with a key
)

// Applicants implements [user.Applicants]: it keeps who signed up and did not verify the address yet, among the users.
type Applicants struct {
	Client    *dynamodb.Client
	Users     string
	Mails     string
	AuthState string // where it is kept which sign-ups with an Idempotency-Key were done
}

// Done implements [user.DoneRequests.Done].
func (s *Applicants) Done(ctx context.Context, name string) (user.Done, error) {
	return findDone(ctx, s.Client, s.AuthState, name)
}

// Apply implements [user.Applicants.Apply]. Either mail costs one read and one transaction of two actions, so that the
// time does not tell which it was. A third action keeps that the request was done.
func (s *Applicants) Apply(ctx context.Context, u user.User, name string) (string, error) {
	known, err := s.known(ctx, u.Email, u.CreatedAt)
	if err != nil {
		return "", err
	}
	if !known {
		mail := notification.NewVerificationMail(u.ID, u.Email, u.CreatedAt)
		err := s.add(ctx, u, mail, user.Done{Name: name, Subject: mail.ID, At: u.CreatedAt})
		if errors.Is(err, errDoneBefore) {
			return "", nil
		}
		if !errors.Is(err, user.ErrEmailTaken) {
			return mail.ID, err
		}
	}
	mail := notification.NewAddressMail(notification.SignUpAttempt, u.Email, u.CreatedAt)
	err = s.tell(ctx, u.Email, mail, user.Done{Name: name, Subject: mail.ID, At: u.CreatedAt})
	if errors.Is(err, errDoneBefore) {
		return "", nil
	}
	return mail.ID, err
}

// errDoneBefore says that a request with the same name was done before.
var errDoneBefore = errors.New("the request was done before")

func (s *Applicants) known(ctx context.Context, email string, now time.Time) (bool, error) {
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

// add returns user.ErrEmailTaken when somebody else was faster, and errDoneBefore.
func (s *Applicants) add(ctx context.Context, u user.User, mail notification.Mail, done user.Done) error {
	actions := []types.TransactWriteItem{
		{Put: &types.Put{
			TableName: &s.Users, Item: userItem(u), ConditionExpression: aws.String(free),
			ExpressionAttributeValues: since(u.CreatedAt),
		}},
		put(s.Mails, mailItem(mail)),
	}
	unmet, err := transact(ctx, s.Client, "storing an applicant", append(actions, keep(s.AuthState, done)...)...)
	switch {
	case done.Kept() && unmet[doneAction]:
		return errDoneBefore
	case unmet[applicantAction]:
		return user.ErrEmailTaken
	}
	return err
}

// tell stores the mail to an address that somebody has. That somebody has it is looked at again because that costs what
// storing an applicant costs. It returns errDoneBefore.
func (s *Applicants) tell(ctx context.Context, email string, mail notification.Mail, done user.Done) error {
	put := putAfterCooldown(s.Mails, mail)
	actions := []types.TransactWriteItem{
		{ConditionCheck: &types.ConditionCheck{
			TableName: &s.Users, Key: userKey(email), ConditionExpression: aws.String(here),
			ExpressionAttributeValues: since(mail.CreatedAt),
		}},
		{Put: &put},
	}
	unmet, err := transact(ctx, s.Client, "storing the mail of an attempt", append(actions, keep(s.AuthState, done)...)...)
	switch {
	case done.Kept() && unmet[doneAction]:
		return errDoneBefore
	case unmet[applicantAction]: // the account was removed meanwhile
		return failed("signing up", fmt.Errorf("%w: %w", errUnsettled, err))
	case unmet[applicantMailAction]:
		return nil
	}
	return err
}
