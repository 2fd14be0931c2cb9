package dynamostore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"shop/internal/contention"
)

// writeOnce does all actions or none, once: it repeats the transaction while it fails by contention, for patience, and
// the SDK repeats what had no answer. All these attempts carry one ClientRequestToken, so DynamoDB answers a repeat of
// one that it carried out as it answered that one, and changes nothing. DynamoDB knows a token for ten minutes after
// the attempt that was carried out; a function ends long before. The actions must not differ between attempts: DynamoDB
// answers IdempotentParameterMismatchException.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
func writeOnce(
	ctx context.Context, client *dynamodb.Client, actions []types.TransactWriteItem, options ...func(*dynamodb.Options),
) error {
	return writeOnceBy(ctx, client, waiting, actions, options...)
}

// waiting is the policy of a transaction that somebody waits for.
var waiting = contention.Policy{First: firstWait, Most: maxWait, Limit: patience}

// writeOnceBy is writeOnce by another policy.
func writeOnceBy(
	ctx context.Context, client *dynamodb.Client, p contention.Policy, actions []types.TransactWriteItem,
	options ...func(*dynamodb.Options),
) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: actions, ClientRequestToken: aws.String(uuid.NewString())}
	return repeat(ctx, p, isContention, func() error {
		_, err := client.TransactWriteItems(ctx, in, options...)
		return err
	})
}

// transact is writeOnce that with the error returns at which of the actions a condition failed, in their order.
func transact(
	ctx context.Context, client *dynamodb.Client, doing string, actions ...types.TransactWriteItem,
) (unmet []bool, err error) {
	unmet = make([]bool, len(actions))
	err = writeOnce(ctx, client, actions)
	if err == nil {
		return unmet, nil
	}
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && len(canceled.CancellationReasons) == len(actions) {
		for i, reason := range canceled.CancellationReasons {
			_, unmet[i] = failedCondition(reason)
		}
	}
	return unmet, failed(doing, err)
}

// put puts an item whatever stands there.
func put(table string, item attributes) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{TableName: &table, Item: item}}
}

// readTogether reads items as they are at one instant. What is being committed is waited for.
func readTogether(ctx context.Context, client *dynamodb.Client, gets ...types.Get) ([]attributes, error) {
	in := &dynamodb.TransactGetItemsInput{}
	for i := range gets {
		in.TransactItems = append(in.TransactItems, types.TransactGetItem{Get: &gets[i]})
	}
	var out *dynamodb.TransactGetItemsOutput
	err := retryOnConflict(ctx, isContention, func() (err error) {
		out, err = client.TransactGetItems(ctx, in)
		return err
	})
	if err != nil {
		return nil, failed("reading a transaction", err)
	}
	items := make([]attributes, len(gets))
	for i, response := range out.Responses {
		items[i] = response.Item
	}
	return items, nil
}
