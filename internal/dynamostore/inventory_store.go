package dynamostore

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/contention"
	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
)

// InventoryStore implements [product.StockMover], and lists the changes of stocks.
type InventoryStore struct {
	Client    *dynamodb.Client
	Products  string
	Movements string // the StockMovements table
	Currency  string
}

// Read implements [product.StockMover.Read].
func (s *InventoryStore) Read(ctx context.Context, id string) (product.Product, error) {
	return productTable{s.Client, s.Products, s.Currency}.read(ctx, id)
}

// Move implements [product.StockMover.Move]. The record has a condition, too: the stock may be m.Before again when a
// call comes after one that was carried out.
func (s *InventoryStore) Move(ctx context.Context, m product.Movement) (product.Movement, error) {
	return s.recorded(ctx, m, s.restock(ctx, m, s.actions(m)))
}

// actions returns the actions that record a movement. The first is left empty for the change of the stock.
func (s *InventoryStore) actions(m product.Movement) []types.TransactWriteItem {
	record := types.TransactWriteItem{Put: &types.Put{
		TableName: &s.Movements, Item: movementItem(m),
		ConditionExpression:                 aws.String("attribute_not_exists(moved_key)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
	actions := []types.TransactWriteItem{{}, record}
	if m.Keyed {
		actions = append(actions, s.once(m))
	}
	return actions
}

// recorded returns what became of the movement by a write that ended with err.
func (s *InventoryStore) recorded(ctx context.Context, m product.Movement, err error) (product.Movement, error) {
	var met *alreadyRecordedError
	switch {
	case errors.As(err, &met):
		return readMovement(met.recorded)
	case err == nil:
		return m, nil
	case errors.Is(err, product.ErrUnsettled):
		if recorded, found := s.moved(ctx, m); found {
			return recorded, nil
		}
	}
	return product.Movement{}, err
}

// once is a copy of a keyed movement under its ID alone, so that no other time gives it another one.
func (s *InventoryStore) once(m product.Movement) types.TransactWriteItem {
	item := movementItem(m)
	item["recorded_key"], item["moved_key"] = item["moved_key"], text(keyedPrefix+m.ID)
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &s.Movements, Item: item, ConditionExpression: aws.String("attribute_not_exists(moved_key)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// Recorded implements [product.StockMover.Recorded].
func (s *InventoryStore) Recorded(ctx context.Context, productID, id string) (product.Movement, error) {
	return s.movement(ctx, text(productID), text(keyedPrefix+id))
}

func (s *InventoryStore) movement(ctx context.Context, productID, key types.AttributeValue) (product.Movement, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Movements, Key: attributes{"product_id": productID, "moved_key": key},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return product.Movement{}, failed("reading a movement", err)
	}
	if len(out.Item) == 0 {
		return product.Movement{}, product.ErrNotFound
	}
	return readMovement(out.Item)
}

// restock writes the actions of the movement, the first of which is the stock's. The threshold was not read, so whether
// the stock is low by then is taken from the default first. If the condition tells of another threshold, by which it is
// otherwise, the actions are tried again.
func (s *InventoryStore) restock(ctx context.Context, m product.Movement, actions []types.TransactWriteItem) error {
	isLow := m.After <= product.DefaultLowStockThreshold
	for range restockAttempts {
		actions[0] = s.stock(m, isLow)
		var now level
		err := writeProduct(ctx, s.Client, actions, func(old attributes) (err error) {
			now, err = stockNow(old)
			return err
		})
		var changed *product.StockChangedError
		if errors.As(err, &changed) && now.counters > 1 {
			err = s.restockSplit(ctx, m, now.counters, actions[1:])
			if errors.Is(err, errMoved) {
				continue
			}
			return err
		}
		if !errors.As(err, &changed) || now.stock != m.Before {
			return err
		}
		isLow = m.After <= now.threshold
	}
	return product.ErrContended
}

// Adjust implements [product.StockMover.Adjust]. The first attempt holds the stock that was seen, so that the movement
// has it. While many buy the product no such attempt is quick enough, so further attempts hold only what the marks
// depend on: on which side of the threshold the stock ends, and whether units are left. All attempts have the same ID
// and time, so only one is recorded.
func (s *InventoryStore) Adjust(ctx context.Context, m product.Movement, threshold int64) (product.Movement, error) {
	var open bool
	seen, policy := level{m.Before, threshold, 1}, contention.Once
	for began := time.Now(); ; policy = contention.Adjusting.Since(began) {
		err := s.shift(ctx, policy, &open, m, &seen)
		var changed *product.StockChangedError
		switch {
		case m.IsExact() && errors.Is(err, errUnsettled):
		case seen.counters > 1 && errors.As(err, &changed):
			moved, err := s.adjustSplit(ctx, m.Relative(), &open, &seen, began)
			if !errors.Is(err, errMoved) {
				return s.recorded(ctx, moved, err)
			}
		case !errors.As(err, &changed) || !seen.bears(m.Delta()):
			return s.recorded(ctx, m, err)
		case time.Since(began) > contention.Adjusting.Limit:
			return product.Movement{}, product.ErrContended
		}
		m = m.Relative()
	}
}

// bears reports whether a stock may change by so many units.
func (l level) bears(units int64) bool {
	return l.stock+units >= 0 && l.stock+units <= product.MaxStock
}

// shift changes the stock and records the movement. If the stock's condition fails, it sets seen to the present level.
func (s *InventoryStore) shift(
	ctx context.Context, p contention.Policy, open *bool, m product.Movement, seen *level,
) error {
	actions := s.actions(m)
	actions[0] = types.TransactWriteItem{Update: s.add(m, *seen)}
	return writeProductBy(ctx, s.Client, p, open, actions, func(old attributes) (err error) {
		*seen, err = stockNow(old)
		return err
	})
}

// add changes the stock by the movement's units. Its condition requires that the stock then is low or not, and empty or
// not, just as from the level that was seen. So the marks are right whatever the stock was.
func (s *InventoryStore) add(m product.Movement, seen level) *types.Update {
	units := m.Delta()
	values := attributes{
		":units": number(units), ":now": instant(m.MovedAt), ":most": number(product.MaxStock - units),
		":needed": number(-units), ":lowAt": number(seen.threshold - units),
	}
	condition := sameThreshold(seen.threshold, values) + " AND stock <= :most" + notSplit
	if m.IsExact() {
		condition, values[":before"] = condition+" AND stock = :before", number(m.Before)
	}
	sets, removes := "SET stock = stock + :units, updated_at = :now", ""
	if seen.stock+units > seen.threshold {
		condition, removes = condition+" AND stock > :lowAt", " REMOVE low_stock"
	} else {
		condition, sets, values[":low"] = condition+" AND stock <= :lowAt", sets+", low_stock = :low", text(lowMark)
	}
	if seen.stock+units > 0 {
		condition, sets = condition+" AND stock > :needed", sets+", shelf = :shelf"
		values[":shelf"] = text(inStockShelf)
	} else { // it is low, too
		condition, removes = condition+" AND stock = :needed", " REMOVE shelf"
	}
	return &types.Update{
		TableName: &s.Products, Key: productKey(m.ProductID, salePart), ConditionExpression: &condition,
		UpdateExpression: aws.String(sets + removes), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// restockAttempts is how often the threshold of a product may change while its stock is being changed.
const restockAttempts = 8

// stock sets the stock, which is low then, or is not.
func (s *InventoryStore) stock(m product.Movement, isLow bool) types.TransactWriteItem {
	values := attributes{":before": number(m.Before), ":after": number(m.After), ":now": instant(m.MovedAt)}
	var sets, removes string
	mark := func(holds bool, name, value string) {
		if holds {
			sets, values[":"+name] = sets+", "+name+" = :"+name, text(value)
		} else {
			removes += ", " + name
		}
	}
	mark(isLow, "low_stock", lowMark)
	mark(m.After > 0, "shelf", inStockShelf)
	if removes != "" {
		removes = " REMOVE " + removes[2:]
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName:                           &s.Products,
		Key:                                 productKey(m.ProductID, salePart),
		ConditionExpression:                 aws.String("stock = :before AND " + onSide(m.After, isLow) + notSplit),
		UpdateExpression:                    aws.String("SET stock = :after, updated_at = :now" + sets + removes),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

// moved returns the movement as it was recorded, and the stock changed with it, if it was, though no answer said so.
func (s *InventoryStore) moved(ctx context.Context, m product.Movement) (product.Movement, bool) {
	item := movementItem(m)
	key := item["moved_key"]
	if m.Keyed {
		key = text(keyedPrefix + m.ID)
	}
	recorded, err := s.movement(ctx, item["product_id"], key)
	return recorded, err == nil
}

// stockNow returns the stock at which a movement's condition failed, and the error for it.
func stockNow(old attributes) (level, error) {
	if old == nil {
		return level{}, product.ErrNotFound
	}
	now, err := readLevel(old)
	if err != nil {
		return level{}, err
	}
	return now, &product.StockChangedError{Quantity: now.stock}
}

// Changes returns a page of a product's movements, newest first. Its cursors are good for this admin alone. It returns
// product.ErrNotFound.
func (s *InventoryStore) Changes(
	ctx context.Context, admin user.Caller, id string, r page.Request,
) (page.Page[product.Movement], error) {
	q := query{"movements", admin.UserID, id}
	position, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Movement]{}, err
	}
	if _, err := s.Read(ctx, id); err != nil {
		return page.Page[product.Movement]{}, err
	}
	high := afterTimes
	if position != "" {
		high = before(position)
	}
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:                 &s.Movements,
		KeyConditionExpression:    aws.String("product_id = :id AND moved_key <= :high"),
		ExpressionAttributeValues: attributes{":id": text(id), ":high": text(high)},
		ScanIndexForward:          aws.Bool(false),
		ConsistentRead:            aws.Bool(true),
	}, r.Limit+1)
	if err != nil {
		return page.Page[product.Movement]{}, err
	}
	return convert(cut(q, items, r.Limit, movedKey), readMovement)
}
