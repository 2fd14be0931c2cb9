// Package dynamostore stores users, products, orders and mails in DynamoDB. It is the only package that knows DynamoDB:
// it returns the domains' errors, not the SDK's.
//
// It has one adapter for each interface of a domain, such as [CheckoutStore]. All fields of an adapter are required;
// most are names of tables. How an item is written and read is in the item's own file, such as order_item.go.
package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"shop/internal/clock"
	"shop/internal/contention"
)

// The waits between attempts.
const (
	firstWait = 20 * time.Millisecond
	maxWait   = 400 * time.Millisecond
)

// errUnsettled says that the outcome of a write is not known, or that contention outlasted the deadline.
var errUnsettled = errors.New("write not settled in time")

// patience is how long a transaction that somebody waits for is repeated while it is contended. It is short because
// what is repeated long is decided late: an attempt that hung before it reached DynamoDB may be carried out after a
// repeat was refused.
const patience = 2 * time.Second

// retryOnConflict repeats call as long as it fails by nothing but contention, until ctx ends: then it returns
// errUnsettled.
func retryOnConflict(ctx context.Context, contended func(error) bool, call func() error) error {
	return retryOnConflictFor(ctx, math.MaxInt64, contended, call)
}

// retryOnConflictFor is retryOnConflict, but makes no attempt later than limit after it began.
func retryOnConflictFor(ctx context.Context, limit time.Duration, contended func(error) bool, call func() error) error {
	return repeat(ctx, contention.Policy{First: firstWait, Most: maxWait, Limit: limit}, contended, call)
}

// repeat makes a call, and again as the policy and the limit of ctx say as long as it fails by nothing but contention:
// after that, or once ctx has ended, it returns errUnsettled.
func repeat(ctx context.Context, p contention.Policy, contended func(error) bool, call func() error) error {
	p = p.Under(ctx)
	began := time.Now()
	for n := 1; ; n++ {
		err := call()
		if err == nil || !contended(err) {
			return err
		}
		wait, again := p.Wait(n, time.Since(began), jitter)
		if !again || clock.Sleep(ctx, wait) != nil {
			return fmt.Errorf("%w: %w", errUnsettled, err)
		}
	}
}

// sleepWithJitter sleeps for a random part of wait and reports whether ctx is still alive afterwards.
func sleepWithJitter(ctx context.Context, wait time.Duration) bool {
	return clock.Sleep(ctx, jitter(wait)) == nil
}

// jitter is a random part of a wait.
func jitter(wait time.Duration) time.Duration { return rand.N(wait) }

// isContention reports whether a call was turned away only because others were at the same item or too many were
// calling. DynamoDB carried nothing out.
func isContention(err error) bool {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		return onlyContention(canceled.CancellationReasons)
	}
	var api smithy.APIError
	return errors.As(err, &api) && contentionCodes[api.ErrorCode()]
}

// contentionCodes are the errors, and the reasons of a cancelled transaction, after which the same call may succeed.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
var contentionCodes = map[string]bool{
	"TransactionConflict":                    true,
	"TransactionConflictException":           true,
	"ThrottlingError":                        true,
	"ThrottlingException":                    true,
	"Throttling":                             true,
	"ProvisionedThroughputExceeded":          true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
}

// onlyContention reports whether every reason that is one is contention.
func onlyContention(reasons []types.CancellationReason) bool {
	found := false
	for _, r := range reasons {
		code := aws.ToString(r.Code)
		if code == "None" || code == "" {
			continue
		}
		if !contentionCodes[code] {
			return false
		}
		found = true
	}
	return found
}

// unsettled reports whether the outcome of a failed write is unknown: time ran out, the answer was lost, or the service
// failed.
func unsettled(err error) bool {
	if errors.Is(err, errUnsettled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	var inProgress *types.TransactionInProgressException
	if errors.As(err, &inProgress) {
		return true
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		return contentionCodes[api.ErrorCode()] || failedInside(err)
	}
	var sending *smithy.OperationError
	return errors.As(err, &sending)
}

// noting has a call note in open whether one of its attempts may have been carried out though it failed: the SDK
// repeats an attempt whose answer was lost, and tells of the last one alone.
func noting(open *bool) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		if retryer, ok := o.Retryer.(aws.RetryerV2); ok {
			o.Retryer = attemptObserver{retryer, open}
		}
	}
}

// attemptObserver is a retryer that observes how each attempt failed.
type attemptObserver struct {
	aws.RetryerV2
	open *bool
}

// IsErrorRetryable is asked after each attempt that failed.
func (w attemptObserver) IsErrorRetryable(err error) bool {
	*w.open = *w.open || mayBeDone(err)
	return w.RetryerV2.IsErrorRetryable(err)
}

// mayBeDone reports whether DynamoDB may have carried out an attempt that failed: its answer was lost, or no refusal.
func mayBeDone(err error) bool {
	var api smithy.APIError
	var inProgress *types.TransactionInProgressException
	return !errors.As(err, &api) || failedInside(err) || errors.As(err, &inProgress)
}

// failedInside reports whether the service answered that it failed. Not every such error has a type that says so.
func failedInside(err error) bool {
	var answer interface{ HTTPStatusCode() int }
	return errors.As(err, &answer) && answer.HTTPStatusCode() >= http.StatusInternalServerError
}

// failure is an error that stops in the adapter. It says of itself whether a repeat may help.
type failure struct {
	error
	temporary bool
}

// Temporary reports whether the same request may succeed later: the service throttled, failed, or did not answer in
// time.
func (f failure) Temporary() bool { return f.temporary }

// Unwrap returns the cause, for the log.
func (f failure) Unwrap() error { return errors.Unwrap(f.error) }

// failed wraps err with what was being done.
func failed(doing string, err error) error {
	return failure{error: fmt.Errorf("%s: %w", doing, err), temporary: unsettled(err)}
}

// conditionFailed reports whether err is a failed condition of a single write, and the item that stands there.
func conditionFailed(err error) (attributes, bool) {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return failed.Item, true
	}
	return nil, false
}

// failedCondition returns the item at which the condition of a transaction's action failed.
func failedCondition(r types.CancellationReason) (attributes, bool) {
	return r.Item, aws.ToString(r.Code) == "ConditionalCheckFailed"
}

// maxWrites is how many items BatchWriteItem takes.
const maxWrites = 25

// batchWrite writes at most maxWrites items of a table, asking again for what DynamoDB leaves undone.
func batchWrite(ctx context.Context, client *dynamodb.Client, table string, writes []types.WriteRequest) error {
	open := map[string][]types.WriteRequest{table: writes}
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: open})
		if err != nil {
			return failed("writing a batch", err)
		}
		if open = out.UnprocessedItems; len(open) == 0 {
			return nil
		}
		if !sleepWithJitter(ctx, wait) {
			return failed("writing a batch", ctx.Err())
		}
	}
}

// batchGet reads the keys of several tables, asking again for what DynamoDB leaves out.
func batchGet(
	ctx context.Context, client *dynamodb.Client, keys map[string]types.KeysAndAttributes,
) (map[string][]attributes, error) {
	found := map[string][]attributes{}
	wait := firstWait
	for {
		out, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: keys})
		if err != nil {
			return nil, failed("reading a batch", err)
		}
		for table, items := range out.Responses {
			found[table] = append(found[table], items...)
		}
		if keys = out.UnprocessedKeys; len(keys) == 0 {
			return found, nil
		}
		if !sleepWithJitter(ctx, wait) {
			return nil, failed("reading a batch", ctx.Err())
		}
		wait = min(2*wait, maxWait)
	}
}

// queryAll reads up to limit items, page by page: a page may be empty though more follow.
func queryAll(ctx context.Context, client *dynamodb.Client, in dynamodb.QueryInput, limit int) ([]attributes, error) {
	var items []attributes
	for len(items) < limit {
		in.Limit = aws.Int32(int32(limit - len(items)))
		out, err := client.Query(ctx, &in)
		if err != nil {
			return nil, failed("querying", err)
		}
		items = append(items, out.Items...)
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			break
		}
	}
	return items, nil
}
