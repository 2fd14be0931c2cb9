package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// UndeliveredMails implements [notification.UndeliveredLedger]: reports of bounces change mails by it.
type UndeliveredMails struct {
	Client *dynamodb.Client
	Mails  string
}

// MarkBounced implements [notification.UndeliveredLedger.MarkBounced]. Where the mail is pending, the id is put into
// lost_messages, a set, for MarkSent to find. The set has the ids of earlier sendings, too, which no later one has.
func (s *UndeliveredMails) MarkBounced(ctx context.Context, mailID, messageID string, now time.Time) error {
	for {
		old, err := s.failSent(ctx, mailID, messageID, now)
		if err != nil || !isPending(old) {
			return err
		}
		if noted, err := s.noteBounce(ctx, mailID, messageID); noted || err != nil {
			return err
		}
		// It was marked between the two.
	}
}

// failSent fails a mail that was sent with the message id. It returns the mail that stands there if that is another
// one.
func (s *UndeliveredMails) failSent(ctx context.Context, mailID, messageID string, now time.Time) (attributes, error) {
	err := retryOnConflict(ctx, isContention, func() error {
		return finishMail(ctx, s.Client, s.Mails, mailID, "#state = :sent AND message_id = :lost", attributes{
			":sent": text(string(notification.Sent)), ":state": text(string(notification.Failed)), ":now": instant(now),
			":lost": text(messageID),
		}, "", "")
	})
	if old, failed := conditionFailed(err); failed {
		return old, nil
	}
	return nil, err
}

// noteBounce notes in a pending mail that the sending with the message id was lost. It returns false when the mail is
// not pending.
func (s *UndeliveredMails) noteBounce(ctx context.Context, mailID, messageID string) (bool, error) {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                &s.Mails,
			Key:                      mailKey(mailID),
			ConditionExpression:      aws.String("#state = :pending"),
			UpdateExpression:         aws.String("ADD lost_messages :lost"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)),
				":lost":    &types.AttributeValueMemberSS{Value: []string{messageID}},
			},
		})
		return err
	})
	if _, failed := conditionFailed(err); failed {
		return false, nil
	}
	if err != nil {
		return false, failed("noting a lost mail", err)
	}
	return true, nil
}
