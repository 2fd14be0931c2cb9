package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/dynamostore"
	"shop/internal/page"
	"shop/internal/product"
)

// How much a small local store has: some more than a page of the catalogue, and than a page from each shard of the
// history.
const (
	fewProducts = 30
	fewOrders   = 2 * shards * page.DefaultLimit
)

// local compares a page that the local store's emulator reads from many products and orders with one that it reads from
// few.
func local(ctx context.Context, s *store, e effort) ([]row, error) {
	goods, err := s.grown(ctx, e, "products", fewProducts, e.goods, s.catalogue)
	if err != nil {
		return nil, err
	}
	orders, err := s.grown(ctx, e, "orders", fewOrders, e.historical(), s.localHistory)
	return append(goods, orders...), err
}

// filled makes tables with so many things and returns how a page of them is read.
type filled func(ctx context.Context, count int) (*tables, func() (time.Duration, error), error)

func (s *store) grown(ctx context.Context, e effort, what string, few, many int, make filled) (rows []row, err error) {
	small, readSmall, err := make(ctx, few)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, small.remove()) }()
	large, readLarge, err := make(ctx, many)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, large.remove()) }()
	ofFew, ofMany, err := inTurn(e, readSmall, readLarge)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("local store: a page of %d %s against one of %d, median of %d", many, what, few, len(ofMany))
	return []row{atMost(name, milliseconds(median(ofMany)), milliseconds(median(ofFew)), 1.25, "%.1f ms").
		withSamples(ofMany, ofFew, 0.5)}, nil
}

func (s *store) catalogue(ctx context.Context, count int) (*tables, func() (time.Duration, error), error) {
	tables, err := s.copyTables(ctx, dynamodb.NewFromConfig(s.aws), "ProductsTable")
	if err != nil {
		return nil, nil, err
	}
	if err := stock(ctx, tables, count); err != nil {
		return nil, nil, errors.Join(err, tables.remove())
	}
	products := &dynamostore.Catalogue{
		Client: tables.client, Products: tables.name("ProductsTable"), Currency: currency,
	}
	return tables, func() (time.Duration, error) { return browse(ctx, products) }, nil
}

// stock creates a product, and writes the others as copies of its items under other keys.
func stock(ctx context.Context, tables *tables, count int) error {
	if err := productSaver(tables).Create(ctx, lamp, nil); err != nil {
		return err
	}
	table := tables.name("ProductsTable")
	stored, err := tables.client.Scan(ctx, &dynamodb.ScanInput{TableName: &table})
	if err != nil {
		return fmt.Errorf("reading a product: %w", err)
	}
	var puts []types.WriteRequest
	for n := 1; n < count; n++ {
		puts = append(puts, renamed(stored.Items, "lamp-"+strconv.Itoa(n))...)
	}
	return write(ctx, tables.client, table, puts)
}

// renamed are the items of a product for another one.
func renamed(items []item, id string) []types.WriteRequest {
	var puts []types.WriteRequest
	for _, of := range items {
		put := maps.Clone(of)
		put["product_id"] = &types.AttributeValueMemberS{Value: id}
		if _, ok := put["name_key"]; ok {
			put["name_key"] = &types.AttributeValueMemberS{Value: "brass desk lamp\x01" + id}
		}
		puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: put}})
	}
	return puts
}

// browse returns the time that a page of the catalogue took.
func browse(ctx context.Context, products *dynamostore.Catalogue) (time.Duration, error) {
	start := time.Now()
	got, err := products.Browse(ctx, product.Selection{}, page.Request{Limit: page.DefaultLimit})
	took := time.Since(start)
	if err == nil {
		err = whole(len(got.Items))
	}
	return took, err
}

func whole(items int) error {
	if items != page.DefaultLimit {
		return fmt.Errorf("a page of %d has %d", page.DefaultLimit, items)
	}
	return nil
}

func (s *store) localHistory(ctx context.Context, count int) (*tables, func() (time.Duration, error), error) {
	archive, err := s.archive(ctx, dynamodb.NewFromConfig(s.aws), count)
	if err != nil {
		return nil, nil, err
	}
	return archive.tables, func() (time.Duration, error) { return archive.read(ctx, "") }, nil
}
