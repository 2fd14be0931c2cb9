package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// putRecord returns the action that stores the record of a request, for the transaction that does what the request asks
// for, or none where the request has no key. Its condition fails when the request was done already.
func putRecord(table string, d user.IdempotencyRecord) []types.TransactWriteItem {
	if !d.HasKey() {
		return nil
	}
	item := recordKey(d.Name)
	item["subject"], item["done_at"], item["expires_at"] = text(d.Subject), instant(d.At), number(d.ExpiresAt().Unix())
	return []types.TransactWriteItem{{Put: &types.Put{
		TableName: &table, Item: item,
		ConditionExpression:       aws.String("attribute_not_exists(session_id) OR expires_at <= :now"),
		ExpressionAttributeValues: attributes{":now": number(d.At.Unix())},
	}}}
}

// findRecord returns the record with this name, also an expired one, or the zero record. A plain read may miss what is
// being committed; this one meets the commit as a conflict, and waits.
func findRecord(ctx context.Context, client *dynamodb.Client, table, name string) (user.IdempotencyRecord, error) {
	var out *dynamodb.TransactGetItemsOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: &table, Key: recordKey(name)}},
		}})
		return err
	})
	if err != nil {
		return user.IdempotencyRecord{}, failed("looking for an earlier request", err)
	}
	if len(out.Responses) == 0 || len(out.Responses[0].Item) == 0 {
		return user.IdempotencyRecord{}, nil
	}
	r := reader{item: out.Responses[0].Item}
	d := user.IdempotencyRecord{Name: name, Subject: r.text("subject"), At: r.instant("done_at")}
	return d, r.err
}

func recordKey(name string) attributes { return sessionKey("done#" + name) }
