package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/notification"
)

// MailBacklog counts the mails that are pending.
type MailBacklog struct {
	Client *dynamodb.Client
	Mails  string // the table
}

// Count counts the pending mails, and those that were due before overdue. It reads one page of each shard of the index,
// 1 MB, which has some thousand mails.
func (s *MailBacklog) Count(ctx context.Context, overdue time.Time) (notification.Backlog, error) {
	var all notification.Backlog
	for i := range dueShards {
		out, err := s.Client.Query(ctx, &dynamodb.QueryInput{
			TableName: &s.Mails, IndexName: aws.String(dueIndex),
			KeyConditionExpression:    aws.String("due_shard = :shard"),
			ExpressionAttributeValues: attributes{":shard": number(int64(i))},
		})
		if err != nil {
			return all, failed("counting pending mails", err)
		}
		r := reader{}
		for _, r.item = range out.Items {
			all.Pending++
			if r.instant("due_at").Before(overdue) {
				all.Overdue++
			}
			if created := r.instant("created_at"); all.Oldest.IsZero() || created.Before(all.Oldest) {
				all.Oldest = created
			}
		}
		if r.err != nil {
			return all, r.err
		}
		all.AtLeast = all.AtLeast || len(out.LastEvaluatedKey) > 0
	}
	return all, nil
}
