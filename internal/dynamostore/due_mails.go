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

// DueMails implements [notification.Due]: it has the mails that the relay goes by.
type DueMails struct {
	Client *dynamodb.Client
	Mails  string
}

// Due implements [notification.Due.Due]. A mail that cannot be read does not hold up the others: it is left out, and
// the error names it.
func (s *DueMails) Due(ctx context.Context, now time.Time, max int) ([]notification.Mail, error) {
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

func (s *DueMails) due(ctx context.Context, shard int, now time.Time, max int) ([]attributes, error) {
	return queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Mails,
		IndexName:                 aws.String(dueIndex),
		KeyConditionExpression:    aws.String("due_shard = :shard AND due_at <= :now"),
		ExpressionAttributeValues: attributes{":shard": number(int64(shard)), ":now": instant(now)},
	}, max)
}

func dueAt(item attributes) string {
	r := reader{item: item}
	return r.text("due_at")
}

// Reschedule implements [notification.Due.Reschedule]. A repeat of the same, because its answer was lost, succeeds.
func (s *DueMails) Reschedule(ctx context.Context, before, next notification.Mail) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName:                &s.Mails,
			Key:                      mailKey(before.ID),
			ConditionExpression:      aws.String("#state = :pending AND due_at = :before AND attempt = :attempt"),
			UpdateExpression:         aws.String("SET due_at = :next, attempt = :attempts"),
			ExpressionAttributeNames: map[string]string{"#state": "state"},
			ExpressionAttributeValues: attributes{
				":pending": text(string(notification.Pending)), ":before": instant(before.DueAt),
				":attempt": number(int64(before.Attempt)),
				":next":    instant(next.DueAt), ":attempts": number(int64(next.Attempt)),
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
