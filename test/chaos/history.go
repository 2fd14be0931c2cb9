package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// history is all that is known of a round: what was asked and answered, what passed the proxy, and what is stored at
// the end.
type history struct {
	round    *round
	requests [][]attempt
	calls    []call
	stored   map[string]storedOrder  // by order id: all orders of the round's buyers since it began
	mails    map[string]string       // state of the mail, by order id
	stock    map[string]int64        // by product id, on all counters
	counters map[string][]int64      // by product id, the units on each
	split    map[string]int64        // by product id, how many counters the product says it has
	goods    map[string]savedProduct // by product id
	relays   []relayRun              // of the relay
	moves    map[string][]movement   // by product id
	returned map[string][]returned   // by product id
	told     map[string]string       // state of the mails that tell of a status, by their ids
	back     map[string]string       // state of the mails that tell that a product is back, by their ids
	mine     map[string]int          // how often each order stands in its customer's list
	feed     map[string]int          // how often each order stands in the admin's history
	statuses map[string]string       // email_status that its customer is told, by order id
	dead     int                     // dead letters
	met      int                     // calls that met a transaction under way
	drainErr error                   // why not all that was pending could be done
}

// storedOrder is an order as the table has it.
type storedOrder struct {
	userID, email string
	lines         []line
	total         int64
	placed        time.Time
	status        string
	changes       []statusChange
}

// savedProduct is what an admin saved of a product, as the table has it, and how often it was saved.
type savedProduct struct {
	price   int64
	active  bool
	version int64
}

// movement is a change of stock as the table has it.
type movement struct {
	before, after int64
	reason        string
}

// record reads what is stored after the round.
func (r *round) record(ctx context.Context, drainErr error) (*history, error) {
	h := &history{
		round: r, requests: r.requests(), stored: map[string]storedOrder{}, mails: map[string]string{},
		stock: map[string]int64{}, counters: map[string][]int64{}, split: map[string]int64{},
		goods: map[string]savedProduct{},
		moves: map[string][]movement{}, mine: map[string]int{}, feed: map[string]int{}, statuses: map[string]string{},
		returned: map[string][]returned{}, told: map[string]string{}, back: map[string]string{},
		drainErr: drainErr,
	}
	for _, read := range []func(context.Context) error{
		h.readOrders, h.readMails, h.readStatusMails, h.readGoods, h.readLists, h.readErasure, h.readUnknownMails,
		h.readDeadLetters,
	} {
		if err := read(ctx); err != nil {
			return nil, fmt.Errorf("reading what is stored: %w", err)
		}
	}
	h.calls, h.relays = r.env.calls.take()
	h.met = r.env.overlap.take()
	if err := h.readWaits(ctx); err != nil {
		return nil, fmt.Errorf("reading what is stored: %w", err)
	}
	return h, nil
}

// readOrders reads the orders of the round's buyers by the index, so that one that no answer told of is found, too, and
// then each from the table.
func (h *history) readOrders(ctx context.Context) error {
	e := h.round.env
	for _, buyer := range h.round.buyers {
		pages := dynamodb.NewQueryPaginator(e.dynamo, &dynamodb.QueryInput{
			TableName: aws.String(e.outputs["OrdersTable"]), IndexName: aws.String("by_customer"),
			KeyConditionExpression: aws.String("user_id = :user AND placed_key >= :begin"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":user":  &types.AttributeValueMemberS{Value: buyer.UserID},
				":begin": &types.AttributeValueMemberS{Value: h.round.begin.UTC().Format(timeFormat)},
			},
		})
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for _, it := range out.Items {
				h.stored[text(it["order_id"])] = storedOrder{}
			}
		}
	}
	for id := range h.known() {
		it, err := e.item(ctx, "OrdersTable", "order_id", id)
		if err != nil {
			return err
		}
		if it != nil {
			h.stored[id] = readStored(it)
		}
	}
	return nil
}

// known returns the ids of all orders that are stored, or that were asked for.
func (h *history) known() map[string]bool {
	ids := map[string]bool{}
	for id := range h.stored {
		ids[id] = true
	}
	for _, group := range h.requests {
		ids[h.orderID(group[0])] = true
	}
	return ids
}

func (h *history) orderID(a attempt) string { return orderOf(h.round.buyers[a.buyer].UserID, a.key) }

func readStored(it map[string]types.AttributeValue) storedOrder {
	o := storedOrder{
		userID: text(it["user_id"]), email: text(it["email"]), total: number(it["amount"]),
		status: cmp.Or(text(it["status"]), "placed"), changes: readStatusChanges(it["changes"]),
	}
	placedKey, _, _ := strings.Cut(text(it["placed_key"]), "#")
	o.placed, _ = time.Parse(timeFormat, placedKey)
	lines, _ := it["lines"].(*types.AttributeValueMemberL)
	if lines == nil {
		return o
	}
	for _, v := range lines.Value {
		l, _ := v.(*types.AttributeValueMemberM)
		if l == nil {
			continue
		}
		price, quantity := number(l.Value["price"]), number(l.Value["quantity"])
		o.lines = append(o.lines, line{
			ProductID: text(l.Value["product_id"]), Name: text(l.Value["name"]), UnitPrice: pounds(price),
			Quantity: quantity, LineTotal: pounds(price * quantity),
		})
	}
	return o
}

func (h *history) readMails(ctx context.Context) error {
	for id := range h.stored {
		it, err := h.round.env.item(ctx, "MailsTable", "mail_id", "order-placed#"+id)
		if err != nil {
			return err
		}
		if it != nil {
			h.mails[id] = text(it["state"])
		}
	}
	return nil
}

// item reads one item consistently; nil if there is none.
func (e *env) item(ctx context.Context, table, key, value string) (map[string]types.AttributeValue, error) {
	out, err := e.dynamo.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(e.outputs[table]), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{key: &types.AttributeValueMemberS{Value: value}},
	})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

func (h *history) readGoods(ctx context.Context) error {
	e := h.round.env
	for i := range h.round.plan.Goods {
		id := h.round.productID(i)
		out, err := e.dynamo.Query(ctx, &dynamodb.QueryInput{
			TableName: aws.String(e.outputs["ProductsTable"]), ConsistentRead: aws.Bool(true),
			KeyConditionExpression: aws.String("product_id = :id AND begins_with(part, :sale)"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":id": &types.AttributeValueMemberS{Value: id}, ":sale": &types.AttributeValueMemberS{Value: "sale"},
			},
		})
		if err != nil {
			return err
		}
		if len(out.Items) == 0 { // the sale item is the first, before the other counters of a split stock
			return fmt.Errorf("no product %s", id)
		}
		sale := out.Items[0]
		for _, counter := range out.Items {
			h.stock[id] += number(counter["stock"])
			h.counters[id] = append(h.counters[id], number(counter["stock"]))
		}
		h.split[id] = max(1, number(sale["counters"]))
		active, _ := sale["active"].(*types.AttributeValueMemberBOOL)
		h.goods[id] = savedProduct{number(sale["price"]), active != nil && active.Value, number(sale["version"])}
		if err := h.readMoves(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (h *history) readMoves(ctx context.Context, id string) error {
	pages := dynamodb.NewQueryPaginator(h.round.env.dynamo, &dynamodb.QueryInput{
		TableName:                 aws.String(h.round.env.outputs["StockMovementsTable"]),
		KeyConditionExpression:    aws.String("product_id = :id"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":id": &types.AttributeValueMemberS{Value: id}},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, it := range out.Items {
			if it["recorded_key"] != nil {
				continue // what leads from an Idempotency-Key to its movement
			}
			if it["order_id"] != nil {
				h.returned[id] = append(h.returned[id], returned{text(it["order_id"]), number(it["units"])})
				continue
			}
			m := movement{number(it["before"]), number(it["after"]), text(it["reason"])}
			if it["units"] != nil { // the stock is not known, but the difference
				m.before, m.after = max(0, -number(it["units"])), max(0, number(it["units"]))
			}
			h.moves[id] = append(h.moves[id], m)
		}
	}
	return nil
}

// readLists reads, over HTTP, what customers and an admin are shown.
func (h *history) readLists(ctx context.Context) error {
	r := h.round
	for _, buyer := range r.buyers {
		own, err := r.env.client.list(ctx, "/orders", buyer.token, url.Values{})
		if err != nil {
			return err
		}
		for _, o := range own {
			if _, of := h.stored[o.OrderID]; of {
				h.mine[o.OrderID]++
			}
		}
	}
	all, err := r.env.client.list(ctx, "/admin/orders", r.admin.token,
		url.Values{"from": {r.begin.UTC().Format(time.RFC3339Nano)}})
	if err != nil {
		return err
	}
	for _, o := range all {
		h.feed[o.OrderID]++
	}
	return h.readStatuses(ctx)
}

// readStatuses asks, for the first orders of each customer, how far the mail got.
func (h *history) readStatuses(ctx context.Context) error {
	const enough = 5
	asked := map[int]int{}
	for _, group := range h.requests {
		a := group[0]
		id := h.orderID(a)
		if _, placed := h.stored[id]; !placed || asked[a.buyer] >= enough {
			continue
		}
		asked[a.buyer]++
		v, err := h.round.readOrder(ctx, a)
		if err != nil {
			return err
		}
		h.statuses[id] = v.EmailStatus
	}
	return nil
}

// readDeadLetters counts the dead letters.
func (h *history) readDeadLetters(ctx context.Context) (err error) {
	h.dead, err = h.round.env.messages(ctx, "MailDeadLetterQueueUrl")
	return err
}

// messages counts what is in a queue, being handled or not.
func (e *env) messages(ctx context.Context, output string) (int, error) {
	out, err := e.queue.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl:       aws.String(e.outputs[output]),
		AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameAll},
	})
	if err != nil {
		return 0, fmt.Errorf("counting messages: %w", err)
	}
	n := 0
	for _, name := range []sqstypes.QueueAttributeName{
		sqstypes.QueueAttributeNameApproximateNumberOfMessages,
		sqstypes.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	} {
		var count int
		if _, err := fmt.Sscan(out.Attributes[string(name)], &count); err != nil {
			return 0, fmt.Errorf("counting messages: %w", err)
		}
		n += count
	}
	return n, nil
}
