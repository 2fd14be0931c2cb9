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
	parts, err := t.withCounters(ctx, id, items[t.table])
	if err != nil {
		return product.Product{}, err
	}
	return readProduct(parts, t.currency)
}

// withCounters adds its other counters to the items of a product whose stock is split, and its sale item as it is then.
func (t productTable) withCounters(ctx context.Context, id string, items []attributes) ([]attributes, error) {
	counters := int64(1)
	var rest []attributes
	for _, item := range items {
		if r := (reader{item: item}); partOf(item) == salePart {
			counters = countersOf(&r)
		} else {
			rest = append(rest, item)
		}
	}
	if counters == 1 {
		return items, nil
	}
	all, err := t.readWhole(ctx, map[string]int64{id: counters})
	if err != nil {
		return nil, err
	}
	for i, units := range all[id].counters {
		if i > 0 {
			rest = append(rest, newItem(counterKey(id, i), attributes{"stock": number(units)}))
		}
	}
	return append(rest, all[id].sale), nil
}

// pick returns the products with these ids, at most 100, in their order, with what lists show of them. What is not
// there is left out.
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
		p, err := readProduct(asListed(parts[id]), t.currency)
		if errors.Is(err, product.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
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

// list is what a page of products is made by: of the text items that it reads the categories and, on the shelf of what
// is in stock, the images, which else are in the index.
type list struct {
	query      query
	limit      int
	readsTexts bool
	keeps      func(entry attributes, p product.Product) bool // what it does not keep is left out
}

// listing makes a page of items of the index by name, one more than the limit, and reads the products that they lead
// to.
func (t productTable) listing(
	ctx context.Context, l list, entries []attributes,
) (page.Page[product.Product], error) {
	shown := cut(l.query, entries, l.limit, nameKey)
	found, err := t.parts(ctx, l.keys(shown.Items))
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	listed := page.Page[product.Product]{NextCursor: shown.NextCursor}
	for _, entry := range shown.Items {
		items := found[productIDOf(entry)]
		if !l.readsTexts {
			items = append(slices.Clone(items), entry)
		}
		p, err := readProduct(items, t.currency)
		if errors.Is(err, product.ErrNotFound) {
			continue // the index was ahead of the table's copy that was read
		}
		if err != nil {
			return page.Page[product.Product]{}, err
		}
		if l.keeps(entry, p) {
			p.Categories = product.Categories{}
			listed.Items = append(listed.Items, p)
		}
	}
	return listed, nil
}

// keys are those of the items to read beside entries, each once: a search finds a product by several words.
func (l list) keys(entries []attributes) []attributes {
	var keys []attributes
	seen := map[string]bool{}
	for _, entry := range entries {
		id := productIDOf(entry)
		if seen[id] {
			continue
		}
		seen[id] = true
		keys = append(keys, productKey(id, salePart))
		if l.readsTexts {
			keys = append(keys, productKey(id, textPart))
		}
	}
	return keys
}
