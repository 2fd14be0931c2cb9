package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
)

// FailedMails finds the mails that failed, and requeues them.
type FailedMails struct {
	Client *dynamodb.Client
	Mails  string
}

// Failed returns the mails of a page of the table that failed at since or later, in no order, and the id after which to
// look for more, which is empty at the end. It reads every mail that was ever stored: a page is 1 MB, of which DynamoDB
// bills half a read unit for every 4 KB, as it does for any eventually consistent read.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
func (s *FailedMails) Failed(
	ctx context.Context, since time.Time, after string,
) (mails []notification.FailedMail, next string, err error) {
	in := &dynamodb.ScanInput{
		TableName:                 &s.Mails,
		FilterExpression:          aws.String("#state = :failed AND settled_at >= :since"),
		ProjectionExpression:      aws.String("mail_id, settled_at"),
		ExpressionAttributeNames:  map[string]string{"#state": "state"},
		ExpressionAttributeValues: attributes{":failed": text(string(notification.Failed)), ":since": instant(since)},
	}
	if after != "" {
		in.ExclusiveStartKey = mailKey(after)
	}
	out, err := s.Client.Scan(ctx, in)
	if err != nil {
		return nil, "", failed("scanning mails", err)
	}
	r := reader{}
	for _, r.item = range out.Items {
		mails = append(mails, notification.FailedMail{ID: r.text("mail_id"), FailedAt: r.instant("settled_at")})
	}
	if r.item = out.LastEvaluatedKey; len(r.item) > 0 {
		next = r.text("mail_id")
	}
	return mails, next, r.err
}

// Requeue puts a mail that failed back into the due index, with the times and the attempt that it is given. It returns
// notification.ErrNotFailed when the mail is not failed. A repeat of the same, because its answer was lost, succeeds.
func (s *FailedMails) Requeue(ctx context.Context, mail notification.Mail) error {
	values := attributes{
		":failed": text(string(notification.Failed)), ":state": text(string(mail.State)),
		":created": instant(mail.CreatedAt), ":attempt": number(int64(mail.Attempt)), ":due": instant(mail.DueAt),
		":shard": number(int64(shard(mail.ID, dueShards))),
	}
	kept := ""
	if !mail.ExpiresAt.IsZero() {
		kept, values[":expires"] = ", expires_at = :expires", number(mail.ExpiresAt.Unix())
	}
	update := &dynamodb.UpdateItemInput{
		TableName:           &s.Mails,
		Key:                 mailKey(mail.ID),
		ConditionExpression: aws.String("#state = :failed"),
		UpdateExpression: aws.String("SET #state = :state, created_at = :created, attempt = :attempt, " +
			"due_shard = :shard, due_at = :due" + kept + " REMOVE settled_at, message_id, unanswered"),
		ExpressionAttributeNames:            map[string]string{"#state": "state"},
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	return s.requeue(ctx, mail, update)
}

func (s *FailedMails) requeue(ctx context.Context, mail notification.Mail, update *dynamodb.UpdateItemInput) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, update)
		return err
	})
	if old, failed := conditionFailed(err); failed {
		if m, err := readMail(old); err == nil && m.CreatedAt.Equal(mail.CreatedAt) {
			return nil
		}
		return notification.ErrNotFailed
	}
	if err != nil {
		return failed("requeuing a mail", err)
	}
	return nil
}
