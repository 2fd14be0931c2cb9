package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// SplitStocks sums the stocks that are split, so that lists show them and find those that are low or sold out.
type SplitStocks struct {
	Client   *dynamodb.Client
	Products string
}

// maxSplit bounds how many split stocks are summed.
const maxSplit = 10_000

// Sum writes into the sale item of each split stock what its other counters have, and whether it is low or sold out. It
// begins no stock after until, and returns how many items it changed.
func (s *SplitStocks) Sum(ctx context.Context, until time.Time) (noted int, failed error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Products, IndexName: aws.String(byNameIndex),
		KeyConditionExpression:    aws.String("shelf = :split"),
		ExpressionAttributeValues: attributes{":split": text(splitShelf)},
	}, maxSplit)
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		if !time.Now().Before(until) {
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
