package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/dynamostore"
	"shop/internal/order"
	"shop/internal/page"
	"shop/internal/password"
	"shop/internal/user"
)

const (
	shards    = 8  // of the history
	batchSize = 25 // what a BatchWriteItem takes
)

// history compares a late page, the 1,000th, of the order history with page 1, on DynamoDB Local, of which a read takes no longer the more
// is stored.
func history(ctx context.Context, s *store, e effort) (rows []row, err error) {
	client := dynamodb.NewFromConfig(configuration(s.dynamodb, anybody))
	tables, err := s.copyTables(ctx, client, "OrdersTable", "UsersTable", "ProductsTable", "MailsTable")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, tables.remove()) }()
	archive := &archive{tables: tables, orders: dynamostore.OrderHistory{
		Client: client, Orders: tables.name("OrdersTable"),
	}}
	if err := archive.fill(ctx, e.historical()); err != nil {
		return nil, err
	}
	first, last, err := archive.compare(ctx, e)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("page %d of the history of %d orders against page 1, median of %d", e.lastPage, e.historical(), len(first))
	return []row{atMost(what, milliseconds(median(last)), milliseconds(median(first)), 1.1, "%.1f ms")}, nil
}

// anybody may use DynamoDB Local.
var anybody = aws.Credentials{AccessKeyID: "bench", SecretAccessKey: "bench"}

// archive is a long history.
type archive struct {
	tables *tables
	orders dynamostore.OrderHistory
}

var admin = user.User{
	ID: "usr_019cafb8-d247-752e-9651-0c5ca6a3a451", Email: "bench-admin@example.com", Name: "Bench Admin", PasswordHash: password.Stored("none"),
	Role: user.RoleAdmin, CreatedAt: lamp.CreatedAt,
}

// fill writes the admin and the orders. The store places one; the others are copies of its item under other keys, so that
// they have the shape that the store gives an order.
func (a *archive) fill(ctx context.Context, count int) error {
	users := dynamostore.SignUpStore{
		Client: a.tables.client, Users: a.tables.name("UsersTable"), AuthState: a.tables.name("AuthStateTable"),
	}
	products := productSaver(a.tables)
	sample := newOrder("bench-customer@example.com")
	if err := errors.Join(users.Create(ctx, admin, user.Done{}), products.Create(ctx, lamp, nil)); err != nil {
		return err
	}
	if _, err := checkoutStore(a.tables).Place(ctx, sample, inStock, time.Now); err != nil {
		return err
	}
	stored, err := a.tables.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &a.orders.Orders, Key: item{"order_id": &types.AttributeValueMemberS{Value: sample.ID}},
	})
	if err != nil {
		return fmt.Errorf("reading an order: %w", err)
	}
	for n := 1; n < count; n += batchSize {
		if err := a.write(ctx, copies(stored.Item, n, min(n+batchSize, count))); err != nil {
			return fmt.Errorf("writing orders: %w", err)
		}
	}
	return nil
}

type item = map[string]types.AttributeValue

// copies makes the orders from (inclusive) to (exclusive) of the history, each placed a second before the one before, in the
// shards in turn.
func copies(of item, from, to int) []types.WriteRequest {
	var puts []types.WriteRequest
	for n := from; n < to; n++ {
		id := order.ID("bench", strconv.Itoa(n))
		placed := lamp.CreatedAt.Add(-time.Duration(n) * time.Second).Format("2006-01-02T15:04:05.000Z")
		put := maps.Clone(of)
		put["order_id"] = &types.AttributeValueMemberS{Value: id}
		put["placed_key"] = &types.AttributeValueMemberS{Value: placed + "#" + id}
		put["shard"] = &types.AttributeValueMemberN{Value: strconv.Itoa(n % shards)}
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: put}})
	}
	return puts
}

// write repeats what DynamoDB leaves out.
func (a *archive) write(ctx context.Context, puts []types.WriteRequest) error {
	for left := map[string][]types.WriteRequest{a.orders.Orders: puts}; len(left) > 0; {
		out, err := a.tables.client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
		if err != nil {
			return err
		}
		left = out.UnprocessedItems
	}
	return nil
}

// compare reads both pages in turn, and whichever was first is second in the next round.
func (a *archive) compare(ctx context.Context, e effort) (first, last []time.Duration, err error) {
	cursor, err := a.cursor(ctx, e.lastPage)
	if err != nil {
		return nil, nil, err
	}
	pages := []struct {
		cursor string
		times  *[]time.Duration
	}{{"", &first}, {cursor, &last}}
	end := time.Now().Add(e.duration)
	for n := 0; n < 2*e.warmUp || time.Now().Before(end); n++ {
		turn := pages[n%2]
		took, err := a.read(ctx, turn.cursor)
		if err != nil {
			return nil, nil, err
		}
		*turn.times = append(*turn.times, took)
		if n%2 == 1 {
			pages[0], pages[1] = pages[1], pages[0]
		}
	}
	return first[e.warmUp/2:], last[e.warmUp/2:], nil
}

// read returns the time that a whole page took.
func (a *archive) read(ctx context.Context, cursor string) (time.Duration, error) {
	start := time.Now()
	got, err := a.orders.History(ctx, a.admin(), order.Filter{}, page.Request{Limit: page.DefaultLimit, Cursor: cursor})
	took := time.Since(start)
	if err == nil && len(got.Items) != page.DefaultLimit {
		err = fmt.Errorf("a page of %d orders has %d", page.DefaultLimit, len(got.Items))
	}
	return took, err
}

// cursor goes to the last page. A cursor is of any page size, so it goes by the largest pages.
func (a *archive) cursor(ctx context.Context, lastPage int) (string, error) {
	cursor := ""
	for left := (lastPage - 1) * page.DefaultLimit; left > 0; left -= page.MaxLimit {
		got, err := a.orders.History(ctx, a.admin(), order.Filter{}, page.Request{Limit: min(left, page.MaxLimit), Cursor: cursor})
		if err != nil {
			return "", err
		}
		if cursor = got.NextCursor; cursor == "" {
			return "", errors.New("the history ends before its last page")
		}
	}
	return cursor, nil
}

func (a *archive) admin() user.Caller {
	return user.Caller{UserID: admin.ID, Email: admin.Email, Admin: true}
}
