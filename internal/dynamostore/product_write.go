package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/contention"
	"shop/internal/product"
)

// writeProduct writes actions, all or nothing. When the condition of the first fails it returns what explain says of
// the item that stands there; *alreadyRecordedError when that of another does: it is the record of a movement.
func writeProduct(
	ctx context.Context, client *dynamodb.Client, actions []types.TransactWriteItem, explain func(old attributes) error,
) error {
	return writeCounters(ctx, client, 1, actions, explain)
}

// writeCounters is writeProduct for several items of a product, whose actions come first.
func writeCounters(
	ctx context.Context, client *dynamodb.Client, counters int, actions []types.TransactWriteItem,
	explain func(old attributes) error,
) error {
	var open bool
	return writeCountersBy(ctx, client, waiting, &open, counters, actions, explain)
}

// writeProductBy is writeProduct by another policy. It sets open if an attempt may have been carried out; an earlier
// call may have set it.
func writeProductBy(
	ctx context.Context, client *dynamodb.Client, p contention.Policy, open *bool, actions []types.TransactWriteItem,
	explain func(old attributes) error,
) error {
	return writeCountersBy(ctx, client, p, open, 1, actions, explain)
}

// writeCountersBy is writeProductBy for several items of a product, whose actions come first.
func writeCountersBy(
	ctx context.Context, client *dynamodb.Client, p contention.Policy, open *bool, counters int,
	actions []types.TransactWriteItem, explain func(old attributes) error,
) error {
	err := writeOnceBy(ctx, client, p, actions, noting(open))
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && len(canceled.CancellationReasons) >= counters {
		ofProduct, ofRecords := canceled.CancellationReasons[:counters], canceled.CancellationReasons[counters:]
		for _, reason := range slices.Backward(ofRecords) { // the copy of a keyed movement first
			if recorded, met := failedCondition(reason); met {
				return &alreadyRecordedError{recorded}
			}
		}
		for _, reason := range ofProduct {
			if old, failed := failedCondition(reason); failed {
				return explain(old)
			}
		}
	}
	switch {
	case err == nil:
		return nil
	case unsettled(err) && (*open || !errors.Is(err, errUnsettled)):
		return fmt.Errorf("%w: %w", product.ErrUnsettled, err)
	}
	return failed("writing a product", err)
}

// alreadyRecordedError says that a movement was recorded before, by an attempt of the same call or an earlier one.
type alreadyRecordedError struct{ recorded attributes }

// Error says the same for every movement.
func (e *alreadyRecordedError) Error() string { return "the movement is recorded already" }
