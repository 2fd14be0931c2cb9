package dynamostore

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/page"
	"shop/internal/product"
)

// productTable has the reads of products that several adapters share.
type productTable struct {
	client   *dynamodb.Client
	table    string
	currency string
}

// read returns the product as it stands now, active or not. It returns product.ErrNotFound.
func (t productTable) read(ctx context.Context, id string) (product.Product, error) {
	items, err := batchGet(ctx, t.client, map[string]types.KeysAndAttributes{
		t.table: {
			Keys: []attributes{productKey(id, salePart), productKey(id, textPart)}, ConsistentRead: aws.Bool(true),
		},
	})
	if err != nil {
		return product.Product{}, err
	}
	return readProduct(items[t.table], t.currency)
}

// pick returns the products with these ids, at most 100, in their order, without descriptions. What is not there is
// left out.
func (t productTable) pick(ctx context.Context, ids []string) ([]product.Product, error) {
	keys := make([]attributes, 0, 2*len(ids))
	for _, id := range ids {
		keys = append(keys, productKey(id, salePart), productKey(id, textPart))
	}
	parts, err := t.parts(ctx, keys)
	if err != nil {
		return nil, err
	}
	var picked []product.Product
	for _, id := range ids {
		p, err := readProduct(parts[id], t.currency)
		if errors.Is(err, product.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Description, p.Categories = "", product.Categories{}
		picked = append(picked, p)
	}
	return picked, nil
}

// parts reads items by their products, in batches of 100, which is what DynamoDB takes, at once.
func (t productTable) parts(ctx context.Context, keys []attributes) (map[string][]attributes, error) {
	batches := slices.Collect(slices.Chunk(keys, 100))
	found := make([][]attributes, len(batches))
	reads, ctx := errgroup.WithContext(ctx)
	for i, batch := range batches {
		reads.Go(func() error {
			items, err := batchGet(ctx, t.client, map[string]types.KeysAndAttributes{t.table: {Keys: batch}})
			found[i] = items[t.table]
			return err
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, err
	}
	byID := map[string][]attributes{}
	for _, item := range slices.Concat(found...) {
		r := reader{item: item}
		byID[r.text("product_id")] = append(byID[r.text("product_id")], item)
	}
	return byID, nil
}

// shelf reads text items of one shelf in the order of their names, after from.
func (t productTable) shelf(ctx context.Context, shelf, prefix, from string, limit int) ([]attributes, error) {
	low := max(after(from), prefix)
	if from == "" {
		low = max(prefix, lowest)
	}
	high := prefix + highest
	if low > high {
		return nil, nil
	}
	return queryAll(ctx, t.client, dynamodb.QueryInput{
		TableName:                 &t.table,
		IndexName:                 aws.String(byNameIndex),
		KeyConditionExpression:    aws.String("shelf = :shelf AND name_key BETWEEN :low AND :high"),
		ExpressionAttributeValues: attributes{":shelf": text(shelf), ":low": text(low), ":high": text(high)},
	}, limit)
}

// listing makes a page of text items, one more than limit, and reads the sale items beside them.
func (t productTable) listing(
	ctx context.Context, q query, texts []attributes, limit int,
) (page.Page[product.Product], error) {
	shown := cut(q, texts, limit, nameKey)
	sales, err := t.sales(ctx, shown.Items)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	listed := page.Page[product.Product]{NextCursor: shown.NextCursor}
	for _, item := range shown.Items {
		r := reader{item: item}
		p, err := readProduct([]attributes{item, sales[r.text("product_id")]}, t.currency)
		if errors.Is(err, product.ErrNotFound) {
			continue // the index was ahead of the table's copy that was read
		}
		if err != nil {
			return page.Page[product.Product]{}, err
		}
		listed.Items = append(listed.Items, p)
	}
	return listed, nil
}

func (t productTable) sales(ctx context.Context, texts []attributes) (map[string]attributes, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	keys := make([]attributes, len(texts))
	for i, item := range texts {
		keys[i] = attributes{"product_id": item["product_id"], "part": text(salePart)}
	}
	items, err := batchGet(ctx, t.client, map[string]types.KeysAndAttributes{t.table: {Keys: keys}})
	if err != nil {
		return nil, err
	}
	byID := map[string]attributes{}
	for _, item := range items[t.table] {
		r := reader{item: item}
		byID[r.text("product_id")] = item
	}
	return byID, nil
}
