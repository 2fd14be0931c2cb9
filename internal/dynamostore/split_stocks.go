package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// SplitStocks sums the stocks that are split, so that lists show them and find those that are low or sold out.
type SplitStocks struct {
	Client   *dynamodb.Client
	Products string
	Now      func() time.Time
}

// Sum writes into the sale item of each split stock what its other counters have, and whether it is low or sold out. It
// begins no stock after until, and returns how many items it changed. Where a run has no time for all, the next begins
// elsewhere.
func (s *SplitStocks) Sum(ctx context.Context, until time.Time) (noted int, failed error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Products, IndexName: aws.String(byNameIndex),
		KeyConditionExpression:    aws.String("shelf = :split"),
		ExpressionAttributeValues: attributes{":split": text(splitShelf)},
	}, math.MaxInt32)
	if err != nil {
		return 0, err
	}
	first := startOf(s.Now(), len(items))
	for _, item := range slices.Concat(items[first:], items[:first]) {
		if !s.Now().Before(until) {
			break
		}
		done, err := s.sum(ctx, productIDOf(item))
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("summing the stock of %s: %w", productIDOf(item), err))
		}
		if done {
			noted++
		}
	}
	return noted, failed
}

// startOf returns where a run begins in a circle of n. Each minute is a golden section (0.618, here of 2^64) of the
// circle further than the one before. Starts of that kind lie evenly, however many they are, so if a run gets through
// one m-th of the circle, 2m runs leave nothing out. It needs no memory of where the run before ended.
func startOf(now time.Time, n int) int {
	const golden = 0x9E3779B97F4A7C15
	start, _ := bits.Mul64(uint64(now.Unix()/60)*golden, uint64(n))
	return int(start)
}

// sum writes the sum of one stock, if it changes anything and no units were moved meanwhile. After a move the next run
// sums it, in a minute.
func (s *SplitStocks) sum(ctx context.Context, id string) (bool, error) {
	all, err := productTable{client: s.Client, table: s.Products}.readWhole(ctx, map[string]int64{id: 1})
	if err != nil || len(all[id].counters) < 2 {
		return false, err
	}
	update, err := s.noting(id, all[id])
	if err != nil || update == nil {
		return false, err
	}
	err = retryOnConflictFor(ctx, patience, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, update)
		return err
	})
	if _, unmet := conditionFailed(err); unmet {
		return false, nil
	}
	if err != nil {
		return false, failed("noting a sum", err)
	}
	return true, nil
}

// noting returns the update that writes a sum, or nil if the sale item has it already. The condition fails after any
// move of units or change by an admin, because these write what it compares; and, if no units are left, after any that
// came back.
func (s *SplitStocks) noting(id string, stock whole) (*dynamodb.UpdateItemInput, error) {
	r := reader{item: stock.sale}
	sum, own, summed := stock.sum(), stock.counters[0], elsewhereOf(&r)
	low, some := sum <= lowStockThreshold(&r), sum > 0
	values := attributes{
		":elsewhere": number(sum - own), ":summed": number(summed), ":counters": number(countersOf(&r)),
		":updated": text(r.text("updated_at")),
	}
	if r.err != nil || summed == sum-own && r.has("low_stock") == low && r.has("shelf") == some {
		return nil, r.err
	}
	condition := "stock_elsewhere = :summed AND counters = :counters AND updated_at = :updated"
	sets, removes := "SET stock_elsewhere = :elsewhere", ""
	if low {
		sets, values[":low"] = sets+", low_stock = :low", text(lowMark)
	} else {
		removes += ", low_stock"
	}
	if some {
		sets, values[":shelf"] = sets+", shelf = :shelf", text(inStockShelf)
	} else {
		condition, removes, values[":own"] = condition+" AND stock = :own", removes+", shelf", number(own)
	}
	if removes != "" {
		removes = " REMOVE " + removes[2:]
	}
	return &dynamodb.UpdateItemInput{
		TableName: &s.Products, Key: productKey(id, salePart), ConditionExpression: &condition,
		UpdateExpression: aws.String(sets + removes), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureNone,
	}, nil
}
