package dynamostore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// transact does all actions or none, in spite of contention. With the error it returns at which of the actions a condition
// failed, in their order. An answer that was lost does no harm: the SDK repeats with the same client request token.
func transact(ctx context.Context, client *dynamodb.Client, doing string, actions ...types.TransactWriteItem) (unmet []bool, err error) {
	unmet = make([]bool, len(actions))
	err = contend(ctx, isContention, func() error {
		_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
		return err
	})
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
