package dynamostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/invariants"
	"shop/internal/notification"
	"shop/internal/order"
	"shop/internal/product"
)

// InvariantTables implements [invariants.Tables]. It writes nothing.
type InvariantTables struct {
	Client                             *dynamodb.Client
	Products, Movements, Orders, Mails string // the tables
	StockAlerts, Users, Deletions      string
}

// EachProduct implements [invariants.Tables.EachProduct]. A split stock is read again with its counters.
func (s *InvariantTables) EachProduct(ctx context.Context, visit func(invariants.Product)) error {
	in := dynamodb.ScanInput{
		TableName: &s.Products, FilterExpression: aws.String("begins_with(part, :sale)"),
		ExpressionAttributeValues: attributes{":sale": text(salePart)},
	}
	return scan(ctx, s.Client, in, func(ctx context.Context, items []attributes, from time.Time) (func(), error) {
		products, err := s.products(ctx, items, from)
		return func() {
			for _, p := range products {
				visit(p)
			}
		}, err
	})
}

// products returns those of a page's sale items. What has counters is read with all of them.
func (s *InvariantTables) products(
	ctx context.Context, items []attributes, from time.Time,
) (products []invariants.Product, err error) {
	sales, split := map[string]attributes{}, map[string]bool{}
	for _, item := range items {
		r := reader{item: item}
		id, isSale := productIDOf(item), partOf(item) == salePart
		if isSale {
			sales[id] = item
		}
		split[id] = split[id] || !isSale || r.has("counters")
	}
	for id, isSplit := range split {
		p, there := auditedProduct(sales[id], from, time.Now()), true
		if isSplit {
			if p, there, err = s.Product(ctx, id); err != nil {
				return nil, err
			}
		}
		switch {
		case !there:
			products = append(products, invariants.Product{ID: id, Err: errCountersAlone})
		case sales[id] != nil: // else it is in an earlier page
			products = append(products, p)
		}
	}
	return products, nil
}

// errCountersAlone says that a product has counters and no sale item.
var errCountersAlone = errors.New("its counters are there, and its sale item is not")

func auditedProduct(item attributes, from, to time.Time) invariants.Product {
	r := reader{item: item}
	p := invariants.Product{
		ID: r.text("product_id"), Stock: r.number("stock"), Threshold: lowStockThreshold(&r),
		Marked: r.has("low_stock"), From: from, To: to,
	}
	p.Err = r.err
	return p
}

// withCounters adds the other counters of a split stock. Its mark may be as old as the last sum, so it is not compared.
func withCounters(p invariants.Product, sale attributes, others []attributes) invariants.Product {
	r := reader{item: sale}
	wanted, elsewhere := countersOf(&r), int64(0)
	for i, item := range others {
		there := item != nil
		if there != (i+1 < int(wanted)) {
			p.Counters = fmt.Sprintf("it has %d counters, and number %d is there: %v", wanted, i+1, there)
		}
		if !there {
			continue
		}
		c := reader{item: item}
		units := c.number("stock")
		if elsewhere += units; units < 0 {
			p.Counters = fmt.Sprintf("number %d of its counters has %d units", i+1, units)
		}
		if !maps.EqualFunc(termsOf(item), termsOf(sale), sameValue) {
			p.Counters = fmt.Sprintf("number %d of its counters has other terms", i+1)
		}
		p.Err = errors.Join(p.Err, c.err)
	}
	p.Stock += elsewhere
	if summed := elsewhereOf(&r); wanted > 1 && summed < elsewhere {
		p.Counters = fmt.Sprintf("its other counters have %d units, more than the sum of %d", elsewhere, summed)
	}
	if wanted > 1 {
		p.Marked = p.Stock <= p.Threshold
	}
	p.Err = errors.Join(p.Err, r.err)
	return p
}

func sameValue(a, b types.AttributeValue) bool { return reflect.DeepEqual(a, b) }

// EachMovement implements [invariants.Tables.EachMovement].
func (s *InvariantTables) EachMovement(ctx context.Context, visit func(invariants.Movement)) error {
	in := dynamodb.ScanInput{TableName: &s.Movements}
	return scan(ctx, s.Client, in, func(_ context.Context, items []attributes, _ time.Time) (func(), error) {
		return func() { visitMovements(items, visit) }, nil
	})
}

// visitMovements leaves out the copies of keyed movements.
func visitMovements(items []attributes, visit func(invariants.Movement)) {
	for _, item := range items {
		r := reader{item: item}
		m := invariants.Movement{ProductID: r.text("product_id"), At: r.instantOf("moved_key")}
		if strings.HasPrefix(movedKey(item), keyedPrefix) {
			continue
		}
		m.Returned = r.has("order_id") // units that came back with a cancelled order
		if r.has("units") {
			m.Delta = r.number("units")
		} else {
			m.Delta = r.number("after") - r.number("before")
		}
		m.Err = r.err
		visit(m)
	}
}

// EachOrder implements [invariants.Tables.EachOrder].
func (s *InvariantTables) EachOrder(ctx context.Context, exact bool, visit func(invariants.Order)) error {
	in := dynamodb.ScanInput{TableName: &s.Orders, ConsistentRead: &exact}
	return scan(ctx, s.Client, in, func(ctx context.Context, items []attributes, _ time.Time) (func(), error) {
		orders := make([]invariants.Order, len(items))
		var keys []attributes
		for i, item := range items {
			orders[i] = auditedOrder(item)
			keys = append(keys, mailKey(notification.OrderMailID(orders[i].ID)))
		}
		there, err := s.there(ctx, s.Mails, "mail_id", keys)
		return func() {
			for _, o := range orders {
				o.Mailed = o.Imported || there[notification.OrderMailID(o.ID)]
				visit(o)
			}
		}, err
	})
}

func auditedOrder(item attributes) invariants.Order {
	o, err := readOrder(item)
	r := reader{item: item}
	listed := r.text("placed_key") == placedKey(o)
	if o.Synthetic { // its customer's list alone has it
		listed = listed && !r.has("shard")
	} else {
		listed = listed && r.number("shard") == int64(shard(o.ID, feedShards))
	}
	found := r.has("unfinished") == (o.Status == order.Cancelling)
	return invariants.Order{Order: o, Listed: listed, Found: found, Err: err}
}

// EachMail implements [invariants.Tables.EachMail].
func (s *InvariantTables) EachMail(ctx context.Context, visit func(invariants.Mail)) error {
	return scan(ctx, s.Client, dynamodb.ScanInput{TableName: &s.Mails}, func(ctx context.Context, items []attributes,
		_ time.Time) (func(), error) {
		mails := make([]invariants.Mail, len(items))
		var keys []attributes
		for i, item := range items {
			mails[i] = auditedMail(item)
			if id, _, ofOrder := mails[i].About(); ofOrder {
				keys = append(keys, orderKey(id))
			}
		}
		orders, err := s.ordersOf(ctx, keys)
		return func() {
			for _, m := range mails {
				visit(beside(m, orders))
			}
		}, err
	})
}

// beside returns the mail with what the orders say of the one that it is about.
func beside(m invariants.Mail, orders map[string]order.Order) invariants.Mail {
	id, told, ofOrder := m.About()
	o, there := orders[id]
	m.Ordered, m.Reached = !ofOrder || there, !ofOrder || o.Reached(told)
	return m
}

// ordersOf returns the changes of orders' statuses, and nothing else, as a read that may be some seconds old has them.
// Two mails may be about one order.
func (s *InvariantTables) ordersOf(ctx context.Context, keys []attributes) (map[string]order.Order, error) {
	found := map[string]order.Order{}
	for part := range slices.Chunk(distinct(keys), maxBatch) {
		items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{s.Orders: {
			Keys: part, ProjectionExpression: aws.String("order_id, changes"),
		}})
		if err != nil {
			return nil, err
		}
		for _, item := range items[s.Orders] {
			r := reader{item: item}
			found[r.text("order_id")] = order.Order{Changes: r.changes()}
		}
	}
	return found, nil
}

// distinct leaves out keys of orders that were there before. BatchGetItem takes none twice.
func distinct(keys []attributes) []attributes {
	seen := map[string]bool{}
	return slices.DeleteFunc(keys, func(key attributes) bool {
		r := reader{item: key}
		id := r.text("order_id")
		again := seen[id]
		seen[id] = true
		return again
	})
}

func auditedMail(item attributes) invariants.Mail {
	m, err := readMail(item)
	r := reader{item: item}
	due := r.has("due_at") && r.has("due_shard")
	if due {
		n := r.number("due_shard")
		due = n >= 0 && n < dueShards
	}
	return invariants.Mail{Mail: m, Due: due, Err: err}
}

// there tells which of the keys are items of the table, as a read that may be some seconds old has it.
func (s *InvariantTables) there(ctx context.Context, table, key string, keys []attributes) (map[string]bool, error) {
	found := map[string]bool{}
	for part := range slices.Chunk(keys, maxBatch) {
		items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
			table: {Keys: part, ProjectionExpression: &key},
		})
		if err != nil {
			return nil, err
		}
		for _, item := range items[table] {
			r := reader{item: item}
			found[r.text(key)] = true
		}
	}
	return found, nil
}

// Product implements [invariants.Tables.Product].
func (s *InvariantTables) Product(ctx context.Context, id string) (invariants.Product, bool, error) {
	from := time.Now()
	gets := []types.Get{{TableName: &s.Products, Key: productKey(id, salePart)}}
	for i := 1; i < product.MaxCounters; i++ {
		gets = append(gets, types.Get{TableName: &s.Products, Key: counterKey(id, i)})
	}
	items, err := readTogether(ctx, s.Client, gets...)
	if err != nil || len(items[0]) == 0 {
		return invariants.Product{}, false, err
	}
	return withCounters(auditedProduct(items[0], from, time.Now()), items[0], items[1:]), true, nil
}

// MovementsOf implements [invariants.Tables.MovementsOf].
func (s *InvariantTables) MovementsOf(ctx context.Context, id string, visit func(invariants.Movement)) error {
	pages := dynamodb.NewQueryPaginator(s.Client, &dynamodb.QueryInput{
		TableName: &s.Movements, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("product_id = :id AND moved_key < :times"),
		ExpressionAttributeValues: attributes{":id": text(id), ":times": text(afterTimes)},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed("reading movements", err)
		}
		visitMovements(page.Items, visit)
	}
	return nil
}

// OrderAndMail implements [invariants.Tables.OrderAndMail].
func (s *InvariantTables) OrderAndMail(ctx context.Context, mailID string) (*invariants.Order, *invariants.Mail,
	error) {
	gets := []types.Get{{TableName: &s.Mails, Key: mailKey(mailID)}}
	orderID, told, ofOrder := notification.Mail{ID: mailID}.About()
	if ofOrder {
		gets = append(gets, types.Get{TableName: &s.Orders, Key: orderKey(orderID)})
	}
	items, err := readTogether(ctx, s.Client, gets...)
	if err != nil {
		return nil, nil, err
	}
	var o *invariants.Order
	var m *invariants.Mail
	orders := map[string]order.Order{}
	if ofOrder && len(items[1]) > 0 {
		found := auditedOrder(items[1])
		found.Mailed = found.Imported || len(items[0]) > 0
		o, orders[orderID] = &found, found.Order
	}
	if len(items[0]) > 0 {
		found := beside(auditedMail(items[0]), orders)
		m = &found
	}
	if told != order.Placed {
		o = nil // whether it has its confirmation was not read
	}
	return o, m, nil
}
