package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/uuid"

	"shop/internal/access"
	"shop/internal/money"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/product"
	"shop/internal/user"
)

// Where the actions stand in the transaction that places an order. The goods follow, in the order of the lines.
const (
	orderAction = iota
	mailAction
	goodsActions
)

// Orders keeps the orders.
type Orders struct {
	Client   *dynamodb.Client
	Table    string
	Products string
	Mails    string
	Users    string
	// Suppressed is the table of the addresses that are mailed no more.
	Suppressed string
	Currency   string
}

// Goods reads the products as they are now.
func (s *Orders) Goods(ctx context.Context, productIDs []string) (order.Goods, error) {
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
	goods := order.Goods{}
	for _, item := range items[s.Products] {
		r := reader{item: item}
		goods[r.text("product_id")] = s.good(&r)
		if r.err != nil {
			return nil, r.err
		}
	}
	return goods, nil
}

func (s *Orders) good(r *reader) order.Good {
	return order.Good{
		Name: r.text("name"), Price: money.Money{Amount: r.number("price"), Currency: s.Currency}, Stock: r.number("stock"),
		Active: r.boolean("active"), MaxPerOrder: maxPerOrder(r),
	}
}

// Accepted returns the order with this id, one that is just being committed too, or order.ErrNotFound. A plain read may
// miss an order that is being committed; this one meets the commit as a conflict, and waits.
func (s *Orders) Accepted(ctx context.Context, orderID string) (order.Order, error) {
	var out *dynamodb.TransactGetItemsOutput
	err := retryOnConflictFor(ctx, patience, isContention, func() (err error) {
		out, err = s.Client.TransactGetItems(ctx, &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
			{Get: &types.Get{TableName: &s.Table, Key: orderKey(orderID)}},
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
func (s *Orders) Place(ctx context.Context, o order.Order, seen order.Goods, now func() time.Time) (order.Order, error) {
	var open bool
	var in *dynamodb.TransactWriteItemsInput
	err := retryOnConflictFor(ctx, patience, mayStillPlace, func() error {
		if !open {
			o.PlacedAt = now()
			in = &dynamodb.TransactWriteItemsInput{TransactItems: s.actions(o, seen), ClientRequestToken: aws.String(uuid.NewString())}
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
func (s *Orders) unplaced(o order.Order, err error) error {
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

func (s *Orders) actions(o order.Order, seen order.Goods) []types.TransactWriteItem {
	actions := []types.TransactWriteItem{
		orderAction: {Put: &types.Put{
			TableName: &s.Table, Item: orderItem(o),
			ConditionExpression:                 aws.String("attribute_not_exists(order_id)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}},
		mailAction: {Put: &types.Put{TableName: &s.Mails, Item: mailItem(notification.NewOrderMail(o.ID, o.Email, o.PlacedAt))}},
	}
	for _, line := range o.Lines {
		actions = append(actions, types.TransactWriteItem{Update: s.sell(line, seen[line.ProductID].Stock)})
	}
	return actions
}

// sell takes the line's units. What is left is low or not, by the stock that was seen: in the one case it is marked so,
// which writes the index of what is low when it was not marked before, in the other nothing is. The condition holds the
// side, so that the mark is true whatever was sold meanwhile.
func (s *Orders) sell(line order.Line, seen int64) *types.Update {
	values := attributes{
		":units": number(line.Quantity), ":price": number(line.UnitPrice.Amount), ":true": boolean(true), ":lowAt": number(line.Quantity + product.LowAt),
	}
	side, mark := "stock > :lowAt", ""
	if product.IsLow(seen - line.Quantity) {
		side, mark = "stock BETWEEN :units AND :lowAt", ", low_stock = :low"
		values[":low"] = text(lowMark)
	}
	return &types.Update{
		TableName: &s.Products,
		Key:       productKey(line.ProductID, salePart),
		ConditionExpression: aws.String(side + " AND price = :price AND active = :true" +
			" AND (attribute_not_exists(max_per_order) OR max_per_order >= :units)"),
		UpdateExpression:                    aws.String("SET stock = stock - :units" + mark),
		ExpressionAttributeValues:           values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
}

// rejection reads the reasons, which stand in the order of the actions.
func (s *Orders) rejection(o order.Order, reasons []types.CancellationReason, cause error) error {
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
	rejected := &order.RejectedError{Failed: map[string]order.Good{}}
	for i, line := range o.Lines {
		old, failed := failedCondition(reasons[goodsActions+i])
		if !failed {
			continue
		}
		good, err := s.goodNow(old)
		if err != nil {
			return err
		}
		rejected.Failed[line.ProductID] = good
	}
	if len(rejected.Failed) == 0 {
		return fmt.Errorf("writing an order: %w", cause)
	}
	return rejected
}

func (s *Orders) goodNow(old attributes) (order.Good, error) {
	if len(old) == 0 {
		return order.Good{}, nil
	}
	r := reader{item: old}
	good := s.good(&r)
	return good, r.err
}

// ForMail returns the order as it is stored now. It returns order.ErrNotFound, notification.ErrNoRecipient when the
// order has no address any more, and notification.ErrSuppressed when its address is mailed no more. With the address's
// hash it is one call; with an empty one, as mails of earlier versions and of customers who are gone have, the order is
// read first for its address.
func (s *Orders) ForMail(ctx context.Context, orderID, addressHash string) (order.Order, error) {
	keys := map[string]types.KeysAndAttributes{s.Table: {Keys: []attributes{orderKey(orderID)}, ConsistentRead: aws.Bool(true)}}
	if addressHash != "" {
		keys[s.Suppressed] = types.KeysAndAttributes{Keys: []attributes{suppressedKey(addressHash)}, ConsistentRead: aws.Bool(true)}
	}
	items, err := batchGet(ctx, s.Client, keys)
	if err != nil {
		return order.Order{}, err
	}
	o, err := readAccepted(first(items[s.Table]))
	if err != nil {
		return order.Order{}, err
	}
	if o.Email == "" {
		return order.Order{}, notification.ErrNoRecipient
	}
	if addressHash == "" {
		return s.ForMail(ctx, orderID, user.AddressHash(o.Email))
	}
	if len(items[s.Suppressed]) > 0 {
		return order.Order{}, notification.ErrSuppressed
	}
	return o, nil
}

// View returns an order that the caller may see, and how far its mail got: the caller's own, or any for who is an admin
// now. It returns order.ErrNotFound for all others.
func (s *Orders) View(ctx context.Context, caller user.Caller, orderID string) (order.Order, order.EmailStatus, error) {
	keys := map[string]types.KeysAndAttributes{
		s.Table: {Keys: []attributes{orderKey(orderID)}, ConsistentRead: aws.Bool(true)},
		s.Mails: {Keys: []attributes{mailKey(notification.OrderMailID(orderID))}, ConsistentRead: aws.Bool(true)},
	}
	if caller.Admin {
		keys[s.Users] = types.KeysAndAttributes{Keys: []attributes{userKey(caller.Email)}, ConsistentRead: aws.Bool(true)}
	}
	items, err := batchGet(ctx, s.Client, keys)
	if err != nil {
		return order.Order{}, "", err
	}
	o, err := readOrder(first(items[s.Table]))
	if err != nil {
		return order.Order{}, "", err
	}
	if adminNow := requireAdmin(first(items[s.Users]), caller) == nil; !access.MaySee(caller, o.UserID, adminNow) {
		return order.Order{}, "", fmt.Errorf("%w: %w", order.ErrNotFound, access.ErrNotTheirs)
	}
	status, err := emailStatus(first(items[s.Mails]))
	return o, status, err
}

func orderKey(id string) attributes { return attributes{"order_id": text(id)} }

func orderItem(o order.Order) attributes {
	lines := make([]types.AttributeValue, len(o.Lines))
	for i, line := range o.Lines {
		lines[i] = &types.AttributeValueMemberM{Value: attributes{
			"product_id": text(line.ProductID), "name": text(line.Name), "price": number(line.UnitPrice.Amount),
			"quantity": number(line.Quantity),
		}}
	}
	return attributes{
		"order_id": text(o.ID), "user_id": text(o.UserID), "email": text(o.Email),
		"lines":  &types.AttributeValueMemberL{Value: lines},
		"amount": number(o.Total.Amount), "currency": text(o.Total.Currency),
		"placed_key": text(placedKey(o)), "shard": number(int64(shard(o.ID, feedShards))), "request": blob(o.Request[:]),
	}
}

func placedKey(o order.Order) string { return formatTime(o.PlacedAt) + "#" + o.ID }

// shard spreads ids over n partitions of an index.
func shard(id string, n uint32) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32() % n
}

// readOrder reads what the indexes have of an order, too: all but the request. It returns order.ErrNotFound for no
// item.
func readOrder(item attributes) (order.Order, error) {
	if len(item) == 0 {
		return order.Order{}, order.ErrNotFound
	}
	r := reader{item: item}
	o := order.Order{
		ID: r.text("order_id"), UserID: r.text("user_id"), Email: r.text("email"), PlacedAt: r.instantOf("placed_key"),
		Total: money.Money{Amount: r.number("amount"), Currency: r.text("currency")},
	}
	for _, v := range r.list("lines") {
		o.Lines = append(o.Lines, r.line(v, o.Total.Currency))
	}
	return o, r.err
}

func (r *reader) line(v types.AttributeValue, currency string) order.Line {
	m, ok := v.(*types.AttributeValueMemberM)
	if !ok {
		r.fail("lines", "a list of maps")
		return order.Line{}
	}
	in := reader{item: m.Value}
	line := order.Line{
		ProductID: in.text("product_id"), Name: in.text("name"), Quantity: in.number("quantity"),
		UnitPrice: money.Money{Amount: in.number("price"), Currency: currency},
	}
	if r.err == nil {
		r.err = in.err
	}
	return line
}

// readAccepted reads the whole order, with the request that placed it.
func readAccepted(item attributes) (order.Order, error) {
	o, err := readOrder(item)
	if err != nil {
		return o, err
	}
	r := reader{item: item}
	if copy(o.Request[:], r.blob("request")) != len(o.Request) {
		r.fail("request", "a SHA-256")
	}
	return o, r.err
}

// emailStatus reads a mail's state as customers are told it. A mail that is missing beside its order is pending: a
// BatchGetItem is not isolated from the transaction that writes both, and may read Mails before its commit and Orders
// after it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
func emailStatus(mail attributes) (order.EmailStatus, error) {
	if len(mail) == 0 {
		return order.EmailPending, nil
	}
	r := reader{item: mail}
	switch state := notification.State(r.text("state")); {
	case r.err != nil:
		return "", r.err
	case state == notification.Sent:
		return order.EmailSent, nil
	case state == notification.Failed, state == notification.Dropped:
		return order.EmailFailed, nil
	}
	return order.EmailPending, nil
}
