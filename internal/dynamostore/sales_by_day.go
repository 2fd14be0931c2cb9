package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"shop/internal/order"
)

const (
	// correctionsIndex has the orders that were cancelled and may still be counted: those with the mark.
	correctionsIndex = "sales_corrections"
	correctionMark   = "waiting"
	// loadAttempts is how often the products of a period are looked for while it goes on changing.
	loadAttempts = 5
)

// SalesByDay implements [order.SalesStore].
//
// A period is one item with its totals, and pages of its products whose keys begin with the item's version. A write
// puts pages under a new version first, and then the item in a transaction, which makes them valid: so a reader sees a
// period as it was or as it is. The pages of earlier versions are removed afterwards.
type SalesByDay struct {
	Client     *dynamodb.Client
	SalesByDay string
	Orders     string
}

// Counted implements [order.SalesStore.Counted].
func (s *SalesByDay) Counted(ctx context.Context) (order.Counted, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.SalesByDay, Key: countedKey(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return order.Counted{}, failed("reading how far orders are counted", err)
	}
	return readCountedUntil(out.Item)
}

// Reset implements [order.SalesStore.Reset].
func (s *SalesByDay) Reset(
	ctx context.Context, was order.Counted, zone string, from time.Time,
) (order.Counted, error) {
	next := order.Counted{Epoch: was.Epoch + 1, Zone: zone, Until: from}
	return next, s.moved(writeOnce(ctx, s.Client, []types.TransactWriteItem{s.putCounted(was, next)}))
}

func (s *SalesByDay) putCounted(was, next order.Counted) types.TransactWriteItem {
	item := countedKey()
	item["epoch"], item["zone"], item["until"] = number(next.Epoch), text(next.Zone), instant(next.Until)
	put := &types.Put{
		TableName: &s.SalesByDay, Item: item, ConditionExpression: aws.String("attribute_not_exists(epoch)"),
	}
	if was.Epoch > 0 {
		put.ConditionExpression = aws.String("epoch = :epoch AND #until = :until")
		put.ExpressionAttributeNames = map[string]string{"#until": "until"}
		put.ExpressionAttributeValues = attributes{":epoch": number(was.Epoch), ":until": instant(was.Until)}
	}
	return types.TransactWriteItem{Put: put}
}

// Days implements [order.SalesStore.Days].
func (s *SalesByDay) Days(ctx context.Context, c order.Counted, first, last time.Time) ([]order.Period, error) {
	return s.heads(ctx, c, false, first.Format(time.DateOnly), last.Format(time.DateOnly))
}

// Months implements [order.SalesStore.Months].
func (s *SalesByDay) Months(ctx context.Context, c order.Counted, first, last time.Time) ([]order.Period, error) {
	return s.heads(ctx, c, true, first.Format(monthFormat), last.Format(monthFormat))
}

func (s *SalesByDay) heads(
	ctx context.Context, c order.Counted, month bool, low, high string,
) ([]order.Period, error) {
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.SalesByDay, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("period = :period AND part BETWEEN :low AND :high"),
		ExpressionAttributeValues: attributes{
			":period": text(headPartition(c, month)), ":low": text(low), ":high": text(high),
		},
	})
	var found []order.Period
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failed("reading sales", err)
		}
		for _, item := range out.Items {
			p, err := readHead(item, month)
			if err != nil {
				return nil, err
			}
			found = append(found, p)
		}
	}
	return found, nil
}

// Load implements [order.SalesStore.Load].
func (s *SalesByDay) Load(ctx context.Context, c order.Counted, p *order.Period) error {
	for range loadAttempts {
		found, err := s.load(ctx, c, p)
		if err != nil || found == p.Pages {
			return err
		}
		name := periodName(*p) // it was written meanwhile
		heads, err := s.heads(ctx, c, p.IsMonth, name, name)
		if err != nil {
			return err
		}
		if len(heads) == 0 {
			return fmt.Errorf("the sales of %s are gone", name)
		}
		*p = heads[0]
	}
	return failed("reading sales that go on changing", errUnsettled)
}

// load returns how many pages of the version are there.
func (s *SalesByDay) load(ctx context.Context, c order.Counted, p *order.Period) (int, error) {
	clear(p.Products)
	found := 0
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.SalesByDay, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("period = :period AND begins_with(part, :version)"),
		ExpressionAttributeValues: attributes{
			":period": text(pagePartition(c, *p)), ":version": text(p.Version + "#"),
		},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return 0, failed("reading the products of sales", err)
		}
		for _, item := range out.Items {
			r := reader{item: item}
			if err := readProducts(p.Sales, r.text("products")); err != nil || r.err != nil {
				return 0, errors.Join(r.err, err)
			}
			found++
		}
	}
	return found, nil
}

// Save implements [order.SalesStore.Save].
func (s *SalesByDay) Save(ctx context.Context, step order.SalesStep) error {
	next := step.Counted
	next.Until = step.Until
	actions := []types.TransactWriteItem{s.putCounted(step.Counted, next)}
	versions := make([]string, len(step.Periods))
	for i, p := range step.Periods {
		head, version, err := s.write(ctx, step.Counted, p)
		if err != nil {
			return err
		}
		actions, versions[i] = append(actions, head), version
	}
	for _, id := range step.Corrected {
		actions = append(actions, s.corrected(id, step.Exactly))
	}
	err := s.moved(writeOnce(ctx, s.Client, actions))
	if err != nil && !errors.Is(err, order.ErrSalesMoved) {
		return err // what was written of it is removed by the next one who writes the period
	}
	refused := err != nil
	for i, p := range step.Periods {
		over := func(version string) bool { return (version == versions[i]) == refused }
		err = errors.Join(err, s.remove(ctx, pagePartition(step.Counted, p), versions[i], over))
	}
	return err
}

// write puts the pages of the period under a new version, and returns the action that makes them valid. A version is a
// number, one more than the one before, and a mark of whoever wrote it.
func (s *SalesByDay) write(
	ctx context.Context, c order.Counted, p order.Period,
) (types.TransactWriteItem, string, error) {
	version := fmt.Sprintf("%012d-%s", versionNumber(p.Version)+1, uuid.NewString()[:8])
	pages, err := productPages(p.Sales, pageBytes)
	if err != nil {
		return types.TransactWriteItem{}, "", err
	}
	for i, page := range pages {
		item := salesKey(pagePartition(c, p), fmt.Sprintf("%s#%06d", version, i))
		item["products"] = text(page)
		if _, err := s.Client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.SalesByDay, Item: item}); err != nil {
			return types.TransactWriteItem{}, "", failed("writing the products of sales", err)
		}
	}
	put := &types.Put{
		TableName: &s.SalesByDay, Item: headItem(c, p, version, len(pages)),
		ConditionExpression: aws.String("attribute_not_exists(version)"),
	}
	if p.Version != "" {
		put.ConditionExpression = aws.String("version = :version")
		put.ExpressionAttributeValues = attributes{":version": text(p.Version)}
	}
	return types.TransactWriteItem{Put: put}, version, nil
}

func versionNumber(version string) int64 {
	digits, _, _ := strings.Cut(version, "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// corrected removes the order's mark. With exactly it fails if there is none.
func (s *SalesByDay) corrected(orderID string, exactly bool) types.TransactWriteItem {
	condition := "attribute_exists(order_id)"
	if exactly {
		condition = "attribute_exists(correction)"
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &s.Orders, Key: orderKey(orderID), ConditionExpression: &condition,
		UpdateExpression: aws.String("REMOVE correction"),
	}}
}

// moved returns the error of a transaction, a failed condition as order.ErrSalesMoved.
func (s *SalesByDay) moved(err error) error {
	if err == nil {
		return nil
	}
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) {
		for _, reason := range canceled.CancellationReasons {
			if _, unmet := failedCondition(reason); unmet {
				return fmt.Errorf("%w: %w", order.ErrSalesMoved, err)
			}
		}
	}
	return failed("writing sales", err)
}

// remove removes the pages of the versions that are over, of those that are not later than version. After a step those
// are the earlier ones, and those of who wrote at the same time and was refused; after one that was refused its own.
func (s *SalesByDay) remove(ctx context.Context, partition, version string, over func(version string) bool) error {
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.SalesByDay, KeyConditionExpression: aws.String("period = :period AND part < :next"),
		ProjectionExpression: aws.String("period, part"),
		ExpressionAttributeValues: attributes{
			":period": text(partition), ":next": text(fmt.Sprintf("%012d", versionNumber(version)+1)),
		},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return failed("looking for pages of sales that are over", err)
		}
		for _, item := range out.Items {
			r := reader{item: item}
			if of, _, _ := strings.Cut(r.text("part"), "#"); !over(of) {
				continue
			}
			page := &dynamodb.DeleteItemInput{TableName: &s.SalesByDay, Key: item}
			if _, err := s.Client.DeleteItem(ctx, page); err != nil {
				return failed("removing a page of sales that is over", err)
			}
		}
	}
	return nil
}

// Waiting implements [order.SalesStore.Waiting].
func (s *SalesByDay) Waiting(ctx context.Context, until time.Time, limit int) ([]order.Order, error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Orders, IndexName: aws.String(correctionsIndex),
		KeyConditionExpression:    aws.String("correction = :mark AND placed_key < :until"),
		ExpressionAttributeValues: attributes{":mark": text(correctionMark), ":until": text(bound(until))},
	}, limit)
	if err != nil {
		return nil, err
	}
	orders := make([]order.Order, len(items))
	for i, item := range items {
		if orders[i], err = readOrder(item); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// IsWaiting implements [order.SalesStore.IsWaiting].
func (s *SalesByDay) IsWaiting(ctx context.Context, orderIDs []string) (map[string]bool, error) {
	waiting := map[string]bool{}
	for ids := range slices.Chunk(orderIDs, maxBatch) {
		keys := make([]attributes, len(ids))
		for i, id := range ids {
			keys[i] = orderKey(id)
		}
		found, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{s.Orders: {
			Keys: keys, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("order_id, correction"),
		}})
		if err != nil {
			return nil, err
		}
		for _, item := range found[s.Orders] {
			r := reader{item: item}
			waiting[r.text("order_id")] = r.has("correction")
		}
	}
	return waiting, nil
}
