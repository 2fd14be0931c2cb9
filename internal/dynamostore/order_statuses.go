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

	"shop/internal/access"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/user"
)

// OrderStatuses implements [order.StatusStore].
type OrderStatuses struct {
	Client    *dynamodb.Client
	Orders    string
	Products  string
	Movements string // the StockMovements table
	Mails     string
}

// Owned implements [order.StatusStore.Owned].
func (s *OrderStatuses) Owned(ctx context.Context, customer user.Caller, orderID string) (order.Order, error) {
	o, err := s.Stored(ctx, orderID)
	if err != nil {
		return order.Order{}, err
	}
	if !access.MaySee(customer, o.UserID, user.RoleCustomer) {
		return order.Order{}, fmt.Errorf("%w: %w", order.ErrNotFound, access.ErrNotTheirs)
	}
	return o, nil
}

// Stored implements [order.StatusStore.Stored].
func (s *OrderStatuses) Stored(ctx context.Context, orderID string) (order.Order, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.Orders, Key: orderKey(orderID), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return order.Order{}, failed("reading an order", err)
	}
	return readOrder(out.Item)
}

// stocks are levels by product. One that is missing does not exist.
type stocks map[string]level

// Change implements [order.StatusStore.Change] in one transaction, whose condition on the order's status lets it be
// carried out once. The units go back by one of two updates for each product, chosen by the stock that was seen, as
// checkout takes them. When a stock is on the other side of the low mark by then, or the mark
// is another one, the transaction is another one, of
// the stock that the failed condition told.
func (s *OrderStatuses) Change(ctx context.Context, o order.Order, c order.Change, tracking string) error {
	lines := o.Returned(c)
	seen, err := s.seen(ctx, lines)
	if err != nil {
		return err
	}
	for began := time.Now(); ; {
		reasons, err := s.write(ctx, s.actions(o, c, tracking, seen))
		if err == nil || len(reasons) == 0 {
			return err
		}
		if old, unmet := failedCondition(reasons[0]); unmet {
			return statusNow(old, c, err)
		}
		if err := seen.met(lines, reasons, err); err != nil {
			return err
		}
		if time.Since(began) > patience {
			return fmt.Errorf("%w: %w", order.ErrBusy, err)
		}
	}
}

// seen reads the stocks that are to have units back, if any are.
func (s *OrderStatuses) seen(ctx context.Context, lines []order.Line) (stocks, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	keys := make([]attributes, len(lines))
	for i, line := range lines {
		keys[i] = productKey(line.ProductID, salePart)
	}
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Products: {Keys: keys, ConsistentRead: aws.Bool(true)},
	})
	if err != nil {
		return nil, err
	}
	seen := stocks{}
	for _, item := range items[s.Products] {
		now, err := readLevel(item)
		if err != nil {
			return nil, err
		}
		seen[productIDOf(item)] = now
	}
	return seen, nil
}

// write makes one transaction of the actions. With the error it returns the reasons, where DynamoDB gave one for each
// action and not all of them are contention.
func (s *OrderStatuses) write(
	ctx context.Context, actions []types.TransactWriteItem,
) ([]types.CancellationReason, error) {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: actions, ClientRequestToken: aws.String(uuid.NewString())}
	err := retryOnConflictFor(ctx, patience, isContention, func() error {
		_, err := s.Client.TransactWriteItems(ctx, in)
		return err
	})
	var canceled *types.TransactionCanceledException
	switch {
	case err == nil:
		return nil, nil
	case errors.Is(err, errUnsettled):
	case errors.As(err, &canceled) && len(canceled.CancellationReasons) == len(actions):
		return canceled.CancellationReasons, err
	}
	if unsettled(err) {
		return nil, fmt.Errorf("%w: %w", order.ErrBusy, err)
	}
	return nil, failed("changing an order's status", err)
}

// actions are the order's, then two for each line that comes back and whose product is there, and the mail's, if there
// is one.
func (s *OrderStatuses) actions(o order.Order, c order.Change, tracking string, seen stocks) []types.TransactWriteItem {
	actions := []types.TransactWriteItem{{Update: s.step(o, c, tracking)}}
	for _, line := range o.Returned(c) {
		if stock, exists := seen[line.ProductID]; exists {
			m := product.NewReturn(line.ProductID, o.ID, line.Quantity, c.By, c.At)
			actions = append(actions,
				types.TransactWriteItem{Update: s.giveBack(line, stock)}, put(s.Movements, movementItem(m)))
		}
	}
	if mail, told := notification.NewStatusMail(o.ID, c.To, o.Email, c.At); told {
		actions = append(actions, put(s.Mails, mailItem(mail)))
	}
	return actions
}

// step changes the order, if it has the address still that its mail is for: a customer who is gone gets none.
func (s *OrderStatuses) step(o order.Order, c order.Change, tracking string) *types.Update {
	update := "SET #status = :to, changes = list_append(if_not_exists(changes, :none), :change)"
	values := attributes{
		":to": text(c.To.String()), ":none": &types.AttributeValueMemberL{},
		":email":  text(o.Email),
		":change": &types.AttributeValueMemberL{Value: []types.AttributeValue{changeItem(c)}},
	}
	condition := "email = :email AND attribute_not_exists(#status)"
	if c.From != order.Placed {
		condition, values[":from"] = "email = :email AND #status = :from", text(c.From.String())
	}
	if tracking != "" {
		update, values[":tracking"] = update+", tracking = :tracking", text(tracking)
	}
	if c.From.IsSale() && !c.To.IsSale() && !o.Synthetic {
		update, values[":waiting"] = update+", correction = :waiting", text(correctionMark)
	}
	switch order.Cancelling {
	case c.To:
		update, values[":unfinished"] = update+", unfinished = :unfinished", text(cancellingMark)
	case c.From:
		update += " REMOVE unfinished"
	}
	return &types.Update{
		TableName: &s.Orders, Key: orderKey(o.ID), ConditionExpression: &condition, UpdateExpression: &update,
		ExpressionAttributeNames: map[string]string{"#status": "status"}, ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// giveBack adds the line's units. A stock that is low all the same keeps its mark; one that is low no more loses it,
// which writes the index of what is low only where there was one. The condition holds the threshold, too.
func (s *OrderStatuses) giveBack(line order.Line, seen level) *types.Update {
	if seen.counters > 1 {
		return s.giveBackSplit(line)
	}
	values := attributes{
		":units": number(line.Quantity), ":mark": number(seen.threshold - line.Quantity),
		":shelf": text(inStockShelf),
	}
	side, mark := "stock <= :mark", ""
	if seen.stock+line.Quantity > seen.threshold {
		side, mark = "stock > :mark", " REMOVE low_stock"
	}
	return &types.Update{
		TableName: &s.Products, Key: productKey(line.ProductID, salePart),
		ConditionExpression: aws.String(
			side + " AND " + sameThreshold(seen.threshold, values) + notSplit),
		UpdateExpression:                    aws.String("SET stock = stock + :units, shelf = :shelf" + mark),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// giveBackSplit adds the line's units to counter 0 of a split stock. Whether it is low is seen when it is summed.
func (s *OrderStatuses) giveBackSplit(line order.Line) *types.Update {
	return &types.Update{
		TableName: &s.Products, Key: productKey(line.ProductID, salePart),
		ConditionExpression: aws.String("attribute_exists(counters)"),
		UpdateExpression:    aws.String("SET stock = stock + :units, shelf = :shelf"),
		ExpressionAttributeValues: attributes{
			":units": number(line.Quantity), ":shelf": text(inStockShelf),
		},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// statusNow returns the error for an order that is not as the change expected: of another status, or without its
// address by now.
func statusNow(old attributes, c order.Change, cause error) error {
	o, err := readOrder(old)
	if err != nil {
		return err
	}
	if o.Status == c.From {
		return fmt.Errorf("%w: %w", order.ErrBusy, cause)
	}
	return &order.StatusChangedError{Present: o.Status}
}

// met takes note of the stocks at which conditions failed. It returns cause when there is none.
func (seen stocks) met(lines []order.Line, reasons []types.CancellationReason, cause error) error {
	action, found := 1, false
	for _, line := range lines {
		if _, exists := seen[line.ProductID]; !exists {
			continue
		}
		old, unmet := failedCondition(reasons[action])
		action += 2
		if !unmet {
			continue
		}
		found = true
		if len(old) == 0 {
			delete(seen, line.ProductID)
			continue
		}
		now, err := readLevel(old)
		if err != nil {
			return err
		}
		seen[line.ProductID] = now
	}
	if !found {
		return failed("changing an order's status", cause)
	}
	return nil
}
