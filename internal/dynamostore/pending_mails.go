package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// PendingMails implements [notification.Ledger]: it has the mails as their delivery changes them.
type PendingMails struct {
	Client *dynamodb.Client
	Mails  string
	Now    func() time.Time
}

// Claim implements [notification.Ledger.Claim]. A repeat of the same claim, because its answer was lost, succeeds.
func (s *PendingMails) Claim(ctx context.Context, mailID, leaseID string, until time.Time) (notification.Mail, error) {
	var out *dynamodb.UpdateItemOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.Mails,
			Key:       mailKey(mailID),
			ConditionExpression: aws.String("attribute_exists(mail_id) AND #state = :pending AND " +
				"(attribute_not_exists(lease_id) OR lease_until < :now OR lease_id = :lease)"),
			UpdateExpression:         aws.String("SET lease_id = :lease, lease_until = :until"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)), ":now": instant(s.Now()),
				":lease": text(leaseID), ":until": instant(until),
			},
			ReturnValues:                        types.ReturnValueAllNew,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	})
	if old, failed := conditionFailed(err); failed {
		return notification.Mail{}, unclaimable(old)
	}
	if err != nil {
		return notification.Mail{}, failed("claiming a mail", err)
	}
	return readMail(out.Attributes)
}

// unclaimable returns the error that says why a mail could not be claimed.
func unclaimable(old attributes) error {
	if len(old) == 0 {
		return notification.ErrNotFound
	}
	m, err := readMail(old)
	if err != nil {
		return err
	}
	if m.State != notification.Pending {
		return notification.ErrNotPending
	}
	return notification.ErrLeased
}

// MarkSent implements [notification.Ledger.MarkSent]. It is repeated after any error, because a missing mark costs the
// customer one more mail.
func (s *PendingMails) MarkSent(ctx context.Context, mailID, messageID string, now time.Time) error {
	notLost := " AND NOT contains(lost_messages, :message)"
	err := s.mark(ctx, mailID, messageID, notification.Sent, notLost, addressAttribute, now)
	if old, failed := conditionFailed(err); failed && isPending(old) {
		err = s.mark(ctx, mailID, messageID, notification.Failed, "", "", now)
	}
	if _, failed := conditionFailed(err); failed {
		return nil
	}
	return err
}

// mark settles a pending mail with the message id of its sending, and repeats that until ctx ends or a condition fails.
func (s *PendingMails) mark(
	ctx context.Context, mailID, messageID string, as notification.State, condition, remove string, now time.Time,
) error {
	anyError := func(err error) bool {
		_, failed := conditionFailed(err)
		return !failed
	}
	return retryOnConflict(ctx, anyError, func() error {
		return finishMail(ctx, s.Client, s.Mails, mailID, "#state = :pending"+condition, attributes{
			":pending": text(string(notification.Pending)), ":state": text(string(as)), ":now": instant(now),
			":message": text(messageID),
		}, ", message_id = :message", remove)
	})
}

// MarkUndelivered implements [notification.Ledger.MarkUndelivered]. The address of a mail that failed is kept, so that
// the mail can be requeued.
func (s *PendingMails) MarkUndelivered(
	ctx context.Context, mailID, leaseID string, as notification.State, now time.Time,
) error {
	also := ""
	if as == notification.Dropped {
		also = addressAttribute
	}
	err := retryOnConflict(ctx, isContention, func() error {
		return finishMail(ctx, s.Client, s.Mails, mailID, "#state = :pending AND lease_id = :lease", attributes{
			":pending": text(string(notification.Pending)), ":state": text(string(as)), ":now": instant(now),
			":lease": text(leaseID),
		}, "", also)
	})
	if _, failed := conditionFailed(err); failed {
		return nil
	}
	return err
}

// addressAttribute is where an account mail has the address that it is for.
const addressAttribute = ", email"

// Release implements [notification.Ledger.Release].
func (s *PendingMails) Release(ctx context.Context, mailID, leaseID string, unanswered int) error {
	update, values := "REMOVE lease_id, lease_until", attributes{":lease": text(leaseID)}
	if unanswered > 0 {
		update, values[":unanswered"] = "SET unanswered = :unanswered "+update, number(int64(unanswered))
	}
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                 &s.Mails,
			Key:                       mailKey(mailID),
			ConditionExpression:       aws.String("lease_id = :lease"),
			UpdateExpression:          &update,
			ExpressionAttributeValues: values,
		})
		return err
	})
	if _, failed := conditionFailed(err); failed {
		return nil
	}
	if err != nil {
		return failed("releasing a mail", err)
	}
	return nil
}
