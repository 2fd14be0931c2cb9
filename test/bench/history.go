package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// history compares a late page, the 1,000th, of the order history with page 1, on DynamoDB Local, of which a read takes
// no longer the more is stored.
func history(ctx context.Context, s *store, e effort) (rows []row, err error) {
	archive, err := s.archive(ctx, dynamodb.NewFromConfig(configuration(s.dynamodb, anybody)), e.historical())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, archive.tables.remove()) }()
	first, last, err := archive.compare(ctx, e)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("page %d of the history of %d orders against page 1, median of %d",
		e.lastPage, e.historical(), len(first))
	return []row{atMost(what, milliseconds(median(last)), milliseconds(median(first)), 1.1, "%.1f ms").
		withSamples(last, first, 0.5)}, nil
}

// anybody may use DynamoDB Local.
var anybody = aws.Credentials{AccessKeyID: "bench", SecretAccessKey: "bench"}

// archive is a long history.
type archive struct {
	tables *tables
	orders dynamostore.OrderHistory
}

var admin = user.User{
	ID: "usr_019cafb8-d247-752e-9651-0c5ca6a3a451", Email: "bench-admin@example.com", Name: "Bench Admin",
	PasswordHash: password.Stored("none"), Role: user.RoleAdmin, CreatedAt: lamp.CreatedAt,
}

// archive makes a history of so many orders.
func (s *store) archive(ctx context.Context, client *dynamodb.Client, count int) (*archive, error) {
	tables, err := s.copyTables(ctx, client, "OrdersTable", "UsersTable", "ProductsTable", "MailsTable")
	if err != nil {
		return nil, err
	}
	made := &archive{tables: tables, orders: dynamostore.OrderHistory{
		Client: client, Orders: tables.name("OrdersTable"),
	}}
	if err := made.fill(ctx, count); err != nil {
		return nil, errors.Join(err, tables.remove())
	}
	return made, nil
}

// fill writes the admin and the orders. The store places one; the others are copies of its item under other keys, so
// that they have the shape that the store gives an order.
func (a *archive) fill(ctx context.Context, count int) error {
	users := dynamostore.SignUpStore{
		Client: a.tables.client, Users: a.tables.name("UsersTable"), AuthState: a.tables.name("AuthStateTable"),
	}
	products := productSaver(a.tables)
	sample := newOrder("bench-customer@example.com")
	if err := errors.Join(
		users.Create(ctx, admin, user.IdempotencyRecord{}), products.Create(ctx, lamp, nil),
	); err != nil {
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
	return write(ctx, a.tables.client, a.orders.Orders, copies(stored.Item, 1, count))
}

type item = map[string]types.AttributeValue

// copies makes the orders from (inclusive) to (exclusive) of the history, each placed a second before the one before,
// in the shards in turn.
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

// write puts all of it, batch by batch, and repeats what DynamoDB leaves out.
func write(ctx context.Context, client *dynamodb.Client, table string, puts []types.WriteRequest) error {
	for batch := range slices.Chunk(puts, batchSize) {
		for left := map[string][]types.WriteRequest{table: batch}; len(left) > 0; {
			out, err := client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: left})
			if err != nil {
				return fmt.Errorf("writing to %s: %w", table, err)
			}
			left = out.UnprocessedItems
		}
	}
	return nil
}

// compare reads both pages in turn.
func (a *archive) compare(ctx context.Context, e effort) (first, last []time.Duration, err error) {
	cursor, err := a.cursor(ctx, e.lastPage)
	if err != nil {
		return nil, nil, err
	}
	read := func(cursor string) func() (time.Duration, error) {
		return func() (time.Duration, error) { return a.read(ctx, cursor) }
	}
	return inTurn(e, read(""), read(cursor))
}

// inTurn measures two things in turn, and whichever was first is second in the next round.
func inTurn(e effort, one, other func() (time.Duration, error)) (ofOne, ofOther []time.Duration, err error) {
	sides := []struct {
		measure func() (time.Duration, error)
		times   *[]time.Duration
	}{{one, &ofOne}, {other, &ofOther}}
	end := time.Now().Add(e.duration)
	for n := 0; n < 2*e.warmUp || time.Now().Before(end); n++ {
		took, err := sides[n%2].measure()
		if err != nil {
			return nil, nil, err
		}
		*sides[n%2].times = append(*sides[n%2].times, took)
		if n%2 == 1 {
			slices.Reverse(sides)
		}
	}
	return ofOne[e.warmUp/2:], ofOther[e.warmUp/2:], nil
}

// read returns the time that a whole page took.
func (a *archive) read(ctx context.Context, cursor string) (time.Duration, error) {
	start := time.Now()
	got, err := a.orders.History(ctx, a.admin(), order.Filter{}, page.Request{Limit: page.DefaultLimit, Cursor: cursor})
	took := time.Since(start)
	if err == nil {
		err = whole(len(got.Items))
	}
	return took, err
}

// cursor goes to the last page. A cursor is of any page size, so it goes by the largest pages.
func (a *archive) cursor(ctx context.Context, lastPage int) (string, error) {
	cursor := ""
	for left := (lastPage - 1) * page.DefaultLimit; left > 0; left -= page.MaxLimit {
		got, err := a.orders.History(ctx, a.admin(), order.Filter{},
			page.Request{Limit: min(left, page.MaxLimit), Cursor: cursor})
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
	return user.Caller{UserID: admin.ID, Email: admin.Email, Role: user.RoleAdmin}
}
