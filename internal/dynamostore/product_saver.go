package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/product"
)

// ProductSaver implements [product.Saver].
type ProductSaver struct {
	Client    *dynamodb.Client
	Products  string
	Movements string // the StockMovements table
	Currency  string
}

// Read implements [product.Saver.Read].
func (s *ProductSaver) Read(ctx context.Context, id string) (product.Product, error) {
	return productTable{s.Client, s.Products, s.Currency}.read(ctx, id)
}

// Create implements [product.Saver.Create].
func (s *ProductSaver) Create(ctx context.Context, p product.Product, first *product.Movement) error {
	sale := put(s.Products, saleItem(p))
	sale.Put.ConditionExpression = aws.String("attribute_not_exists(product_id)")
	actions := []types.TransactWriteItem{sale, put(s.Products, textItem(p))}
	actions = append(actions, entryActions(s.Products, product.Product{}, p, nil)...)
	if first != nil {
		actions = append(actions, put(s.Movements, movementItem(*first)))
	}
	return writeProduct(ctx, s.Client, actions, explainExists)
}

// explainExists returns the error for a product that exists already.
func explainExists(attributes) error { return product.ErrContended }

// Update implements [product.Saver.Update]. It leaves alone what only a later version of the store knows: during a
// deployment both versions save products. The mark of a low stock is written each time, by the side of the
// threshold that the stock was seen on, which the condition holds: only where the mark changes is its index written.
func (s *ProductSaver) Update(ctx context.Context, p product.Product) error {
	old, counters, stored, err := s.before(ctx, p)
	if err != nil {
		return err
	}
	actions := s.terms(p, counters)
	rest := updateMembers(s.Products, productKey(p.ID, textPart), textMembers(p))
	// At most 52 actions beside the other counters, unless a version of the store with other entries left many behind.
	// The next save removes those for which there is no room here.
	actions = append(append(actions, rest), entryActions(s.Products, old, p, stored)...)
	return writeCounters(ctx, s.Client, int(counters), actions[:min(len(actions), maxActions)], explainVersionConflict)
}

// terms saves the sale item, and its terms in the other counters of a split stock.
func (s *ProductSaver) terms(p product.Product, counters int64) []types.TransactWriteItem {
	members := saleMembers(p)
	if counters > 1 { // the mark is that of the last sum
		delete(members, "low_stock")
	}
	sale := updateMembers(s.Products, productKey(p.ID, salePart), members)
	values := sale.Update.ExpressionAttributeValues
	values[":seen"] = number(p.Version - 1)
	side := " AND stock > :threshold" + notSplit
	switch {
	case counters > 1:
		side, values[":counters"] = " AND counters = :counters", number(counters)
	case p.IsLow():
		side = " AND stock <= :threshold" + notSplit
	}
	if counters == 1 {
		values[":threshold"] = number(p.LowStockThreshold)
	}
	sale.Update.ConditionExpression = aws.String("version = :seen" + side)
	actions := []types.TransactWriteItem{sale}
	for i := range int(counters) - 1 {
		counter := updateMembers(s.Products, counterKey(p.ID, i+1), termsOf(members))
		counter.Update.ConditionExpression = aws.String("attribute_exists(stock)")
		actions = append(actions, counter)
	}
	return actions
}

// before returns the product of the version before p, over how many counters its stock is split, and the entries that
// it has. The product is read in a transaction, whole and of one version; a query is not, and may see half of a save
// that is being committed. What that save did is known from the product, and what another version of the store left
// from the query. It returns product.ErrContended for a product of another version.
func (s *ProductSaver) before(
	ctx context.Context, p product.Product,
) (old product.Product, counters int64, stored []attributes, err error) {
	stored, err = queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Products, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("product_id = :id AND begins_with(part, :entry)"),
		ExpressionAttributeValues: attributes{":id": text(p.ID), ":entry": text(entryPart)},
	}, maxActions)
	if err != nil {
		return product.Product{}, 0, nil, err
	}
	items, err := readTogether(ctx, s.Client,
		types.Get{TableName: &s.Products, Key: productKey(p.ID, salePart)},
		types.Get{TableName: &s.Products, Key: productKey(p.ID, textPart)})
	if err != nil {
		return product.Product{}, 0, nil, err
	}
	if old, err = readProduct(items, s.Currency); err != nil {
		return product.Product{}, 0, nil, err
	}
	if old.Version != p.Version-1 {
		return product.Product{}, 0, nil, product.ErrContended
	}
	sale := reader{item: items[0]}
	counters = countersOf(&sale)
	return old, counters, stored, sale.err
}

// explainVersionConflict returns the error for a version or a side of the threshold that is not the expected one:
// somebody else saved the product, or changed its stock.
func explainVersionConflict(attributes) error { return product.ErrContended }
