package dynamostore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/contention"
	"shop/internal/product"
)

// errMoved says that units were moved between the counters of a split stock while it was being changed.
var errMoved = errors.New("units were moved between counters")

// restockSplit is restock for a split stock: it gives the difference to the counters with the fewest units, or takes it
// from those with the most, if every counter is as it was read.
func (s *InventoryStore) restockSplit(
	ctx context.Context, m product.Movement, counters int64, records []types.TransactWriteItem,
) error {
	table := productTable{s.Client, s.Products, s.Currency}
	all, err := table.readWhole(ctx, map[string]int64{m.ProductID: counters})
	if err != nil {
		return err
	}
	stock := all[m.ProductID]
	if sum := stock.sum(); sum != m.Before {
		// An attempt of this change that came late may be why.
		return s.unlessRecorded(ctx, m, records, &product.StockChangedError{Quantity: sum})
	}
	now, err := readLevel(stock.sale)
	if err != nil || now.counters == 1 {
		return errors.Join(err, errMoved)
	}
	actions := s.counters(m, stock.counters, now)
	return writeCounters(ctx, s.Client, len(actions), append(actions, records...), counterMoved)
}

// counterMoved is the error for a counter that is not as it was read.
func counterMoved(attributes) error { return errMoved }

// adjustSplit is Adjust for a split stock, by a movement that is not exact. The first attempt gives units to several
// counters; in a rush these are never free at once, so further attempts give to counter 0 alone. Units are taken as by
// a sale. If the stock is not split any more, it returns errMoved and sets seen.
func (s *InventoryStore) adjustSplit(
	ctx context.Context, m product.Movement, open *bool, seen *level, began time.Time,
) (product.Movement, error) {
	policy, wide := contention.Once, true
	for ; time.Since(began) < contention.Adjusting.Limit; policy, wide = contention.Adjusting.Since(began), false {
		all, err := productTable{s.Client, s.Products, s.Currency}.readWhole(ctx,
			map[string]int64{m.ProductID: seen.counters})
		if err != nil {
			return m, err
		}
		stock := all[m.ProductID]
		if *seen, err = readLevel(stock.sale); err != nil || seen.counters == 1 {
			return m, errors.Join(err, errMoved)
		}
		records := s.actions(m)[1:]
		if sum := stock.sum(); !(level{stock: sum}).bears(m.Delta()) {
			return m, s.unlessRecorded(ctx, m, records, &product.StockChangedError{Quantity: sum})
		}
		actions := s.give(m, stock.counters, wide)
		err = writeCountersBy(ctx, s.Client, policy, open, len(actions), append(actions, records...), counterMoved)
		if !errors.Is(err, errMoved) && !(wide && errors.Is(err, errUnsettled)) {
			return m, err
		}
	}
	return m, product.ErrContended
}

// give returns the actions that add the movement's units to counters of a split stock, or take them: wide adds to
// several counters, else all go to counter 0. The sale item is always written, because it has the time of the change.
func (s *InventoryStore) give(m product.Movement, counters []int64, wide bool) []types.TransactWriteItem {
	units := m.Delta()
	given := make([]int64, len(counters))
	switch {
	case units < 0:
		for _, n := range shares(-units, int64(len(counters)), counters) {
			given[n.counter] = -n.units
		}
	case wide:
		for i, after := range spread(counters, whole{counters: counters}.sum()+units) {
			given[i] = after - counters[i]
		}
	default:
		given[0] = units
	}
	actions := []types.TransactWriteItem{s.giveSale(m, given[0], int64(len(counters)))}
	for i, n := range given {
		if i > 0 && n != 0 {
			actions = append(actions, types.TransactWriteItem{Update: &types.Update{
				TableName: &s.Products, Key: counterKey(m.ProductID, i),
				ConditionExpression:       aws.String("stock >= :least"),
				UpdateExpression:          aws.String("SET stock = stock + :units"),
				ExpressionAttributeValues: attributes{":units": number(n), ":least": number(max(-n, 0))},
			}})
		}
	}
	return actions
}

// giveSale adds units to counter 0, and the rest of the movement's units to stock_elsewhere.
func (s *InventoryStore) giveSale(m product.Movement, units, counters int64) types.TransactWriteItem {
	sets := "SET stock = stock + :units, stock_elsewhere = stock_elsewhere + :others, updated_at = :now"
	values := attributes{
		":units": number(units), ":others": number(m.Delta() - units), ":now": instant(m.MovedAt),
		":least": number(max(-units, 0)), ":counters": number(counters),
	}
	if m.Delta() > 0 {
		sets, values[":shelf"] = sets+", shelf = :shelf", text(inStockShelf)
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &s.Products, Key: productKey(m.ProductID, salePart),
		ConditionExpression: aws.String("stock >= :least AND counters = :counters"),
		UpdateExpression:    &sets, ExpressionAttributeValues: values,
	}}
}

// unlessRecorded returns err, or that the movement is recorded already.
func (s *InventoryStore) unlessRecorded(
	ctx context.Context, m product.Movement, records []types.TransactWriteItem, err error,
) error {
	last := records[len(records)-1].Put
	out, readErr := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Movements, ConsistentRead: aws.Bool(true),
		Key: attributes{"product_id": text(m.ProductID), "moved_key": last.Item["moved_key"]},
	})
	switch {
	case readErr != nil:
		return failed("reading a movement", readErr)
	case len(out.Item) > 0:
		return &alreadyRecordedError{out.Item}
	}
	return err
}

// counters returns the actions that set the counters of a split stock.
func (s *InventoryStore) counters(m product.Movement, before []int64, now level) []types.TransactWriteItem {
	after := spread(before, m.After)
	sale := s.stock(m, m.After <= now.threshold)
	values := sale.Update.ExpressionAttributeValues
	values[":before"], values[":after"] = number(before[0]), number(after[0])
	values[":elsewhere"], values[":counters"] = number(m.After-after[0]), number(now.counters)
	sale.Update.ConditionExpression = aws.String("stock = :before AND counters = :counters AND " +
		sameThreshold(now.threshold, values))
	sale.Update.UpdateExpression = aws.String(strings.Replace(*sale.Update.UpdateExpression,
		"SET ", "SET stock_elsewhere = :elsewhere, ", 1))
	actions := []types.TransactWriteItem{sale}
	for i := range after[1:] {
		actions = append(actions, types.TransactWriteItem{Update: &types.Update{
			TableName: &s.Products, Key: counterKey(m.ProductID, i+1),
			ConditionExpression:       aws.String("stock = :before"),
			UpdateExpression:          aws.String("SET stock = :after"),
			ExpressionAttributeValues: attributes{":before": number(before[i+1]), ":after": number(after[i+1])},
		}})
	}
	return actions
}
