package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"shop/internal/contention"
	"shop/internal/money"
	"shop/internal/notification"
	"shop/internal/order"
)

// Where the actions stand in the transaction that places an order. The products follow, in the order of the lines.
const (
	orderAction = iota
	mailAction
	goodsActions
)

// CheckoutStore implements [order.Store].
type CheckoutStore struct {
	Client   *dynamodb.Client
	Orders   string
	Products string
	Mails    string
	Currency string
}

// ReadProducts implements [order.Store.ReadProducts].
func (s *CheckoutStore) ReadProducts(ctx context.Context, productIDs []string) (order.Products, error) {
	keys := make([]attributes, len(productIDs))
	for i, id := range productIDs {
		keys[i] = productKey(id, salePart)
	}
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Products: {Keys: keys, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return nil, err
	}
	products := order.Products{}
	for _, item := range items[s.Products] {
		r := reader{item: item}
		products[r.text("product_id")] = s.product(&r)
		if r.err != nil {
			return nil, r.err
		}
	}
	return products, nil
}

func (s *CheckoutStore) product(r *reader) order.Product {
	return order.Product{
		Name: r.text("name"), Price: money.Money{Amount: r.number("price"), Currency: s.Currency},
		Stock: r.number("stock"), Active: r.boolean("active"), MaxPerOrder: maxPerOrder(r),
		LowStockThreshold: lowStockThreshold(r),
	}
}

// Accepted implements [order.Store.Accepted]. A plain read may miss an order that is being committed; this one meets
// the commit as a conflict, and waits.
func (s *CheckoutStore) Accepted(ctx context.Context, orderID string) (order.Order, error) {
	var out *dynamodb.TransactGetItemsOutput
	err := repeat(ctx, contention.Checkout, isContention, func() (err error) {
		out, err = s.Client.TransactGetItems(ctx,
			&dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
				{Get: &types.Get{TableName: &s.Orders, Key: orderKey(orderID)}},
			}})
		return err
	})
	if err != nil && unsettled(err) {
		return order.Order{}, fmt.Errorf("%w: %w", order.ErrBusy, err)
	}
	if err != nil {
		return order.Order{}, failed("reading an order", err)
	}
	if len(out.Responses) == 0 || len(out.Responses[0].Item) == 0 {
		return order.Order{}, order.ErrNotFound
	}
	return readAccepted(out.Responses[0].Item)
}

// Place implements [order.Store.Place] in one transaction.
//
// Each attempt takes its own time, from now, so that an order that waited for others is not placed before what was read
// meanwhile; and its own ClientRequestToken, as it must where parameters differ. When an attempt may have been carried
// out, though no answer said so, the next one is the same: then DynamoDB answers it as that one.
func (s *CheckoutStore) Place(
	ctx context.Context, o order.Order, seen order.Products, now func() time.Time,
) (order.Order, error) {
	var open bool
	var in *dynamodb.TransactWriteItemsInput
	err := repeat(ctx, contention.Checkout, mayStillPlace, func() error {
		if !open {
			o.PlacedAt = now()
			in = &dynamodb.TransactWriteItemsInput{
				TransactItems: s.actions(o, seen), ClientRequestToken: aws.String(uuid.NewString()),
			}
		}
		_, err := s.Client.TransactWriteItems(ctx, in, noting(&open))
		return err
	})
	if err != nil {
		return order.Order{}, s.unplaced(o, err)
	}
	return o, nil
}

// unplaced returns why o was not placed.
func (s *CheckoutStore) unplaced(o order.Order, err error) error {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && !errors.Is(err, errUnsettled) {
		return s.rejection(o, canceled.CancellationReasons, err)
	}
	if unsettled(err) {
		return fmt.Errorf("%w: %w", order.ErrBusy, err)
	}
	return failed("writing an order", err)
}

// mayStillPlace reports whether the same transaction may succeed, or find its order, when it is repeated: nothing but
// contention failed, or the order itself is contended, whatever the products say, because it may be our first attempt
// that is being committed.
func mayStillPlace(err error) bool {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && len(canceled.CancellationReasons) > orderAction {
		if contentionCodes[aws.ToString(canceled.CancellationReasons[orderAction].Code)] {
			return true
		}
	}
	return isContention(err)
}

func (s *CheckoutStore) actions(o order.Order, seen order.Products) []types.TransactWriteItem {
	actions := []types.TransactWriteItem{
		orderAction: {Put: &types.Put{
			TableName: &s.Orders, Item: orderItem(o),
			ConditionExpression:                 aws.String("attribute_not_exists(order_id)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		mailAction: put(s.Mails, mailItem(notification.NewOrderMail(o.ID, o.Email, o.PlacedAt))),
	}
	for _, line := range o.Lines {
		actions = append(actions, types.TransactWriteItem{Update: s.sell(line, seen[line.ProductID])})
	}
	return actions
}

// sell takes the line's units. What is left is low or not, by the stock and the threshold that were seen: in the one
// case it is marked so, which writes the index of what is low when it was not marked before, in the other nothing is.
// The condition holds the side and the threshold, so that the mark is true whatever was sold and saved meanwhile.
func (s *CheckoutStore) sell(line order.Line, seen order.Product) *types.Update {
	values := attributes{
		":units": number(line.Quantity), ":price": number(line.UnitPrice.Amount), ":true": boolean(true),
		":lowAt": number(line.Quantity + seen.LowStockThreshold),
	}
	side, mark := "stock > :lowAt", ""
	switch {
	case seen.Stock == line.Quantity:
		side, mark, values[":low"] = "stock = :units", ", low_stock = :low REMOVE shelf", text(lowMark)
		delete(values, ":lowAt")
	case seen.IsLowAfter(line.Quantity):
		side, mark, values[":low"] = "stock > :units AND stock <= :lowAt", ", low_stock = :low", text(lowMark)
	}
	return &types.Update{
		TableName: &s.Products,
		Key:       productKey(line.ProductID, salePart),
		ConditionExpression: aws.String(side + " AND " + sameThreshold(seen.LowStockThreshold, values) +
			" AND price = :price AND active = :true" +
			" AND (attribute_not_exists(max_per_order) OR max_per_order >= :units)"),
		UpdateExpression:                    aws.String("SET stock = stock - :units" + mark),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// rejection reads the reasons, which stand in the order of the actions.
func (s *CheckoutStore) rejection(o order.Order, reasons []types.CancellationReason, cause error) error {
	if len(reasons) != goodsActions+len(o.Lines) {
		return fmt.Errorf("writing an order: %w", cause)
	}
	if old, failed := failedCondition(reasons[orderAction]); failed {
		existing, err := readAccepted(old)
		if err != nil {
			return err
		}
		return &order.RejectedError{Existing: &existing}
	}
	rejected := &order.RejectedError{Failed: map[string]order.Product{}}
	for i, line := range o.Lines {
		old, failed := failedCondition(reasons[goodsActions+i])
		if !failed {
			continue
		}
		p, err := s.productNow(old)
		if err != nil {
			return err
		}
		rejected.Failed[line.ProductID] = p
	}
	if len(rejected.Failed) == 0 {
		return fmt.Errorf("writing an order: %w", cause)
	}
	return rejected
}

func (s *CheckoutStore) productNow(old attributes) (order.Product, error) {
	if len(old) == 0 {
		return order.Product{}, nil
	}
	r := reader{item: old}
	p := s.product(&r)
	return p, r.err
}
