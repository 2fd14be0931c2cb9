package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/notification"
)

// dueShards is over how many partitions the index of pending mails is spread.
const dueShards = 16

const dueIndex = "due"

// Mails keeps the mails that the store sends: the outbox. The index due holds those that are still pending, because only they
// have its attributes; it holds all that the relay needs, none of which a claim changes.
type Mails struct {
	Client *dynamodb.Client
	Table  string
	Now    func() time.Time
}

// Claim implements [notification.Ledger.Claim]. A repeat of the same claim, because its answer was lost, succeeds.
func (s *Mails) Claim(ctx context.Context, mailID, leaseID string, until time.Time) (notification.Mail, error) {
	var out *dynamodb.UpdateItemOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.Table,
			Key:       mailKey(mailID),
			ConditionExpression: aws.String("attribute_exists(mail_id) AND #state = :pending AND " +
				"(attribute_not_exists(lease_id) OR lease_until < :now OR lease_id = :lease)"),
			UpdateExpression:         aws.String("SET lease_id = :lease, lease_until = :until"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)), ":now": instant(s.Now()), ":lease": text(leaseID), ":until": instant(until),
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

// MarkSent implements [notification.Ledger.MarkSent]. It is repeated whatever the error, because each mark that is missing costs
// the customer one more mail.
func (s *Mails) MarkSent(ctx context.Context, mailID, messageID string, now time.Time) error {
	err := s.mark(ctx, mailID, messageID, notification.Sent, " AND NOT contains(lost_messages, :message)", addressAttribute, now)
	if old, failed := conditionFailed(err); failed && isPending(old) {
		err = s.mark(ctx, mailID, messageID, notification.Failed, "", "", now)
	}
	if _, failed := conditionFailed(err); failed {
		return nil
	}
	return err
}

// mark settles a pending mail with the message id of its sending, and repeats that until ctx ends or a condition fails.
func (s *Mails) mark(
	ctx context.Context, mailID, messageID string, as notification.State, condition, remove string, now time.Time,
) error {
	anyError := func(err error) bool {
		_, failed := conditionFailed(err)
		return !failed
	}
	return retryOnConflict(ctx, anyError, func() error {
		return s.finish(ctx, mailID, "#state = :pending"+condition, attributes{
			":pending": text(string(notification.Pending)), ":state": text(string(as)), ":now": instant(now), ":message": text(messageID),
		}, ", message_id = :message", remove)
	})
}

// MarkUndelivered implements [notification.Ledger.MarkUndelivered]. The address of a mail that failed is kept, so that the mail can
// be requeued.
func (s *Mails) MarkUndelivered(ctx context.Context, mailID, leaseID string, as notification.State, now time.Time) error {
	also := ""
	if as == notification.Dropped {
		also = addressAttribute
	}
	err := retryOnConflict(ctx, isContention, func() error {
		return s.finish(ctx, mailID, "#state = :pending AND lease_id = :lease", attributes{
			":pending": text(string(notification.Pending)), ":state": text(string(as)), ":now": instant(now), ":lease": text(leaseID),
		}, "", also)
	})
	if _, failed := conditionFailed(err); failed {
		return nil
	}
	return err
}

// MarkLost fails a mail that was marked sent with the message id. Where the mail is pending, the report may be faster than
// the mark: then the id is put into lost_messages, a set, for MarkSent to find. The set has the ids of earlier
// sendings, too, which no later one has: their reports change nothing. Nor does MarkLost do anything to a mail that
// failed already, or that has no record.
func (s *Mails) MarkLost(ctx context.Context, mailID, messageID string, now time.Time) error {
	for {
		old, err := s.failSent(ctx, mailID, messageID, now)
		if err != nil || !isPending(old) {
			return err
		}
		if noted, err := s.noteLost(ctx, mailID, messageID); noted || err != nil {
			return err
		}
		// It was marked between the two.
	}
}

// failSent fails a mail that was sent with the message id. It returns the mail that stands there if that is another
// one.
func (s *Mails) failSent(ctx context.Context, mailID, messageID string, now time.Time) (attributes, error) {
	err := retryOnConflict(ctx, isContention, func() error {
		return s.finish(ctx, mailID, "#state = :sent AND message_id = :lost", attributes{
			":sent": text(string(notification.Sent)), ":state": text(string(notification.Failed)), ":now": instant(now),
			":lost": text(messageID),
		}, "", "")
	})
	if old, failed := conditionFailed(err); failed {
		return old, nil
	}
	return nil, err
}

// noteLost notes in a pending mail that the sending with the message id was lost. It returns false when the mail is not
// pending.
func (s *Mails) noteLost(ctx context.Context, mailID, messageID string) (bool, error) {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                &s.Table,
			Key:                      mailKey(mailID),
			ConditionExpression:      aws.String("#state = :pending"),
			UpdateExpression:         aws.String("ADD lost_messages :lost"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)), ":lost": &types.AttributeValueMemberSS{Value: []string{messageID}},
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

// isPending reports whether an item is a mail that is pending.
func isPending(item attributes) bool {
	state, ok := item["state"].(*types.AttributeValueMemberS)
	return ok && state.Value == string(notification.Pending)
}

// addressAttribute is where an account mail has the address that it is for.
const addressAttribute = ", email"

// finish takes the mail out of the due index for good. What set and remove name begins with a comma.
func (s *Mails) finish(ctx context.Context, mailID, condition string, values attributes, set, remove string) error {
	_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:           &s.Table,
		Key:                 mailKey(mailID),
		ConditionExpression: &condition,
		UpdateExpression: aws.String("SET #state = :state, settled_at = :now" + set +
			" REMOVE due_shard, due_at, lease_id, lease_until" + remove),
		ExpressionAttributeNames:            map[string]string{"#state": "state"},
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	if err != nil {
		return failed("settling a mail", err)
	}
	return nil
}

// Release implements [notification.Ledger.Release].
func (s *Mails) Release(ctx context.Context, mailID, leaseID string, unanswered int) error {
	update, values := "REMOVE lease_id, lease_until", attributes{":lease": text(leaseID)}
	if unanswered > 0 {
		update, values[":unanswered"] = "SET unanswered = :unanswered "+update, number(int64(unanswered))
	}
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                 &s.Table,
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

// Due implements [notification.Due.Due]. A mail that cannot be read does not hold up the others: it is left out, and the error
// names it.
func (s *Mails) Due(ctx context.Context, now time.Time, max int) ([]notification.Mail, error) {
	lists := make([][]attributes, dueShards)
	reads, readsCtx := errgroup.WithContext(ctx)
	for i := range lists {
		reads.Go(func() (err error) { lists[i], err = s.due(readsCtx, i, now, max); return err })
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	var due []notification.Mail
	var unread error
	for _, item := range merge(lists, dueAt, strings.Compare) {
		if len(due) == max {
			break
		}
		mail, err := readMail(item)
		if err != nil {
			unread = errors.Join(unread, fmt.Errorf("mail %s: %w", mail.ID, err))
			continue
		}
		due = append(due, mail)
	}
	return due, unread
}

func (s *Mails) due(ctx context.Context, shard int, now time.Time, max int) ([]attributes, error) {
	return queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Table,
		IndexName:                 aws.String(dueIndex),
		KeyConditionExpression:    aws.String("due_shard = :shard AND due_at <= :now"),
		ExpressionAttributeValues: attributes{":shard": number(int64(shard)), ":now": instant(now)},
	}, max)
}

// Reschedule implements [notification.Due.Reschedule]. A repeat of the same, because its answer was lost, succeeds.
func (s *Mails) Reschedule(ctx context.Context, before, next notification.Mail) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                &s.Table,
			Key:                      mailKey(before.ID),
			ConditionExpression:      aws.String("#state = :pending AND due_at = :before AND attempt = :attempt"),
			UpdateExpression:         aws.String("SET due_at = :next, attempt = :attempts"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)), ":before": instant(before.DueAt), ":attempt": number(int64(before.Attempt)),
				":next": instant(next.DueAt), ":attempts": number(int64(next.Attempt)),
			},
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	})
	if old, failed := conditionFailed(err); failed {
		if m, err := readMail(old); err == nil && m.Attempt == next.Attempt && m.DueAt.Equal(next.DueAt) {
			return nil
		}
		return notification.ErrLeased
	}
	if err != nil {
		return failed("rescheduling a mail", err)
	}
	return nil
}

// Failed returns the mails of a page of the table that failed at since or later, in no order, and the id after which to look
// for more, which is empty at the end. It reads every mail that was ever stored: a page is 1 MB, of which DynamoDB bills half a
// read unit for every 4 KB, as it does for any eventually consistent read.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
func (s *Mails) Failed(ctx context.Context, since time.Time, after string) (mails []notification.FailedMail, next string, err error) {
	in := &dynamodb.ScanInput{
		TableName:                 &s.Table,
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
func (s *Mails) Requeue(ctx context.Context, mail notification.Mail) error {
	values := attributes{
		":failed": text(string(notification.Failed)), ":state": text(string(mail.State)), ":created": instant(mail.CreatedAt),
		":attempt": number(int64(mail.Attempt)), ":shard": number(int64(shard(mail.ID, dueShards))), ":due": instant(mail.DueAt),
	}
	kept := ""
	if !mail.ExpiresAt.IsZero() {
		kept, values[":expires"] = ", expires_at = :expires", number(mail.ExpiresAt.Unix())
	}
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:           &s.Table,
			Key:                 mailKey(mail.ID),
			ConditionExpression: aws.String("#state = :failed"),
			UpdateExpression: aws.String("SET #state = :state, created_at = :created, attempt = :attempt, due_shard = :shard, " +
				"due_at = :due" + kept + " REMOVE settled_at, message_id, unanswered"),
			ExpressionAttributeNames:            map[string]string{"#state": "state"},
			ExpressionAttributeValues:           values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
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

func dueAt(item attributes) string {
	r := reader{item: item}
	return r.text("due_at")
}

func mailKey(id string) attributes { return attributes{"mail_id": text(id)} }

func mailItem(m notification.Mail) attributes {
	item := attributes{
		"mail_id": text(m.ID), "state": text(string(m.State)), "created_at": instant(m.CreatedAt), "attempt": number(int64(m.Attempt)),
		"due_shard": number(int64(shard(m.ID, dueShards))), "due_at": instant(m.DueAt), "address_hash": text(m.AddressHash),
	}
	if m.OfAccount() {
		item["email"], item["expires_at"] = text(m.Address), number(m.ExpiresAt.Unix())
	}
	return item
}

func readMail(item attributes) (notification.Mail, error) {
	r := reader{item: item}
	m := notification.Mail{
		ID: r.text("mail_id"), State: notification.State(r.text("state")), CreatedAt: r.instant("created_at"), Attempt: int(r.number("attempt")),
	}
	if r.has("due_at") {
		m.DueAt = r.instant("due_at")
	}
	if r.has("address_hash") {
		m.AddressHash = r.text("address_hash")
	}
	if r.has("unanswered") {
		m.Unanswered = int(r.number("unanswered"))
	}
	if r.has("email") {
		m.Address = r.text("email")
	}
	if r.has("expires_at") {
		m.ExpiresAt = time.Unix(r.number("expires_at"), 0).UTC()
	}
	return m, r.err
}
