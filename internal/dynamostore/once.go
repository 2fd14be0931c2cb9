package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/user"
)

// keep returns the action that keeps what was done, for the transaction that does it, or none. Its condition fails when
// the request was done already.
func keep(table string, d user.Done) []types.TransactWriteItem {
	if !d.Kept() {
		return nil
	}
	item := doneKey(d.Name)
	item["subject"], item["done_at"], item["expires_at"] = text(d.Subject), instant(d.At), number(d.ExpiresAt().Unix())
	return []types.TransactWriteItem{{Put: &types.Put{
		TableName: &table, Item: item,
		ConditionExpression:       aws.String("attribute_not_exists(session_id) OR expires_at <= :now"),
		ExpressionAttributeValues: attributes{":now": number(d.At.Unix())},
	}}}
}

// findDone returns what was kept under the name, also when it expired, or the zero Done. A plain read may miss what is
// being committed; this one meets the commit as a conflict, and waits.
func findDone(ctx context.Context, client *dynamodb.Client, table, name string) (user.Done, error) {
	var out *dynamodb.TransactGetItemsOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: &table, Key: doneKey(name)}},
		}})
		return err
	})
	if err != nil {
		return user.Done{}, failed("looking for an earlier request", err)
	}
	if len(out.Responses) == 0 || len(out.Responses[0].Item) == 0 {
		return user.Done{}, nil
	}
	r := reader{item: out.Responses[0].Item}
	d := user.Done{Name: name, Subject: r.text("subject"), At: r.instant("done_at")}
	return d, r.err
}

func doneKey(name string) attributes { return sessionKey("done#" + name) }
