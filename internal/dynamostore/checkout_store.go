package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

func (s *CheckoutStore) table() productTable { return productTable{s.Client, s.Products, s.Currency} }

func (s *CheckoutStore) product(r *reader) order.Product {
	p := order.Product{
		Name: r.text("name"), Price: money.Money{Amount: r.number("price"), Currency: s.Currency},
		Stock: r.number("stock"), Active: r.boolean("active"), MaxPerOrder: maxPerOrder(r),
		LowStockThreshold: lowStockThreshold(r),
	}
	if counters := countersOf(r); counters > 1 {
		p.Split = counters
	}
	return p
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
// meanwhile; its own counters of split stocks; and its own ClientRequestToken, as it must where parameters differ. When
// an attempt may have been carried out, though no answer said so, the next one is the same: then DynamoDB answers it as
// that one.
func (s *CheckoutStore) Place(
	ctx context.Context, o order.Order, seen order.Products, now func() time.Time,
) (order.Order, error) {
	seen, err := s.gather(ctx, o, seen)
	if err != nil {
		return order.Order{}, err
	}
	var open bool
	var in *dynamodb.TransactWriteItemsInput
	var sold []string
	err = repeat(ctx, contention.Checkout, mayStillPlace, func() error {
		if !open {
			o.PlacedAt = now()
			in = &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(uuid.NewString())}
			in.TransactItems, sold = s.actions(o, seen)
		}
		_, err := s.Client.TransactWriteItems(ctx, in, noting(&open))
		return err
	})
	if err != nil {
		return order.Order{}, s.unplaced(ctx, o, sold, seen, err)
	}
	return o, nil
}

// gather moves units of split stocks to counter 0 where an order takes them from so many counters that its transaction
// has no room for all. It returns the products as they are then.
func (s *CheckoutStore) gather(ctx context.Context, o order.Order, seen order.Products) (order.Products, error) {
	for {
		line, most, actions := order.Line{}, 0, goodsActions
		for _, l := range o.Lines {
			n := len(sharesOf(l, seen[l.ProductID]))
			if actions += n; n > most {
				line, most = l, n
			}
		}
		if actions <= maxActions || most < 2 {
			return seen, nil
		}
		gathered, err := s.gatherLine(ctx, line, seen[line.ProductID])
		if err != nil {
			return nil, err
		}
		seen = maps.Clone(seen)
		seen[line.ProductID] = gathered
	}
}

func (s *CheckoutStore) gatherLine(ctx context.Context, line order.Line, p order.Product) (order.Product, error) {
	counters := slices.Clone(p.Counters)
	moved := slices.DeleteFunc(sharesOf(line, p), func(n share) bool { return n.counter == 0 })
	for _, n := range moved {
		counters[n.counter], counters[0] = counters[n.counter]-n.units, counters[0]+n.units
	}
	done, err := s.table().toCounter0(ctx, line.ProductID, moved)
	switch {
	case err != nil && unsettled(err):
		return order.Product{}, fmt.Errorf("%w: %w", order.ErrBusy, err)
	case err != nil:
		return order.Product{}, err
	case !done:
		return order.Product{}, s.met(ctx, map[string]int64{line.ProductID: p.Split}, nil)
	}
	p.Counters = counters
	return p, nil
}

// unplaced returns why o was not placed. Sold has the product of each action after those of the order and its mail.
func (s *CheckoutStore) unplaced(
	ctx context.Context, o order.Order, sold []string, seen order.Products, err error,
) error {
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && !errors.Is(err, errUnsettled) {
		return s.rejection(ctx, sold, seen, canceled.CancellationReasons, err)
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

// actions returns the transaction's actions, and the product of each that follows those of the order and its mail.
func (s *CheckoutStore) actions(
	o order.Order, seen order.Products,
) (actions []types.TransactWriteItem, sold []string) {
	actions = []types.TransactWriteItem{
		orderAction: {Put: &types.Put{
			TableName: &s.Orders, Item: orderItem(o),
			ConditionExpression:                 aws.String("attribute_not_exists(order_id)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		mailAction: put(s.Mails, mailItem(notification.NewOrderMail(o.ID, o.Email, o.PlacedAt))),
	}
	for _, line := range o.Lines {
		for _, update := range s.sales(line, seen[line.ProductID]) {
			actions, sold = append(actions, types.TransactWriteItem{Update: update}), append(sold, line.ProductID)
		}
	}
	return actions, sold
}

// sales take the line's units, of a split stock from one counter or several.
func (s *CheckoutStore) sales(line order.Line, seen order.Product) []*types.Update {
	if seen.Split == 0 {
		return []*types.Update{s.sell(line, seen)}
	}
	var all []*types.Update
	for _, from := range sharesOf(line, seen) {
		all = append(all, s.sellFrom(from, line))
	}
	return all
}

// sameTerms is added to a sale's condition: the product is for sale, at the price and in the number of the line.
const sameTerms = " AND price = :price AND active = :true" +
	" AND (attribute_not_exists(max_per_order) OR max_per_order >= :asked)"

func sharesOf(line order.Line, seen order.Product) []share {
	return shares(line.Quantity, seen.Split, seen.Counters)
}

// sellFrom takes units from a counter of a split stock. It writes no mark: whether the stock is low or sold out is only
// known when it is summed.
func (s *CheckoutStore) sellFrom(from share, line order.Line) *types.Update {
	split := ""
	if from.counter == 0 {
		split = " AND attribute_exists(counters)"
	}
	return &types.Update{
		TableName:           &s.Products,
		Key:                 counterKey(line.ProductID, from.counter),
		ConditionExpression: aws.String("stock >= :units" + sameTerms + split),
		UpdateExpression:    aws.String("SET stock = stock - :units"),
		ExpressionAttributeValues: attributes{
			":units": number(from.units), ":asked": number(line.Quantity), ":price": number(line.UnitPrice.Amount),
			":true": boolean(true),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// sell takes the line's units. What is left is low or not, by the stock and the threshold that were seen: in the one
// case it is marked so, which writes the index of what is low when it was not marked before, in the other nothing is.
// The condition holds the side and the threshold, so that the mark is true whatever was sold and saved meanwhile.
func (s *CheckoutStore) sell(line order.Line, seen order.Product) *types.Update {
	values := attributes{
		":units": number(line.Quantity), ":asked": number(line.Quantity), ":price": number(line.UnitPrice.Amount),
		":true": boolean(true), ":lowAt": number(line.Quantity + seen.LowStockThreshold),
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
			sameTerms + notSplit),
		UpdateExpression:                    aws.String("SET stock = stock - :units" + mark),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// rejection reads the reasons, which stand in the order of the actions, and the counters of the split stocks that
// failed.
func (s *CheckoutStore) rejection(
	ctx context.Context, sold []string, seen order.Products, reasons []types.CancellationReason, cause error,
) error {
	if len(reasons) != goodsActions+len(sold) {
		return fmt.Errorf("writing an order: %w", cause)
	}
	if old, failed := failedCondition(reasons[orderAction]); failed {
		existing, err := readAccepted(old)
		if err != nil {
			return err
		}
		return &order.RejectedError{Existing: &existing}
	}
	failed, split := map[string]order.Product{}, map[string]int64{}
	for i, id := range sold {
		old, unmet := failedCondition(reasons[goodsActions+i])
		if !unmet {
			continue
		}
		p, err := s.productNow(old)
		switch {
		case seen[id].Split > 0: // the item is one of its counters, or there is no counter of this number
			split[id] = seen[id].Split
		case err != nil:
			return err
		case p.Split > 0:
			split[id] = p.Split
		default:
			failed[id] = p
		}
	}
	if len(failed)+len(split) == 0 {
		return fmt.Errorf("writing an order: %w", cause)
	}
	return s.met(ctx, split, failed)
}

// met returns the rejection with the products that failed; those with a split stock have the counters of now.
func (s *CheckoutStore) met(ctx context.Context, split map[string]int64, failed map[string]order.Product) error {
	all, err := s.table().readWhole(ctx, split)
	if err != nil {
		return err
	}
	rejected := &order.RejectedError{Failed: map[string]order.Product{}}
	maps.Copy(rejected.Failed, failed)
	for id, w := range all {
		p, err := s.productNow(w.sale)
		if err != nil {
			return err
		}
		if p.Split > 0 {
			p.Stock, p.Counters = w.sum(), w.counters
		}
		rejected.Failed[id] = p
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
