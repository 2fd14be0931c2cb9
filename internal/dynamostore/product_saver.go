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
	old, stored, err := s.before(ctx, p)
	if err != nil {
		return err
	}
	sale := updateMembers(s.Products, productKey(p.ID, salePart), saleMembers(p))
	side := " AND stock > :threshold"
	if p.IsLow() {
		side = " AND stock <= :threshold"
	}
	sale.Update.ConditionExpression = aws.String("version = :seen" + side)
	sale.Update.ExpressionAttributeValues[":seen"] = number(p.Version - 1)
	sale.Update.ExpressionAttributeValues[":threshold"] = number(p.LowStockThreshold)
	rest := updateMembers(s.Products, productKey(p.ID, textPart), textMembers(p))
	// At most 52 actions, unless a version of the store with other entries left many behind. The next save removes
	// those for which there is no room here.
	actions := append([]types.TransactWriteItem{sale, rest}, entryActions(s.Products, old, p, stored)...)
	return writeProduct(ctx, s.Client, actions[:min(len(actions), maxActions)], explainVersionConflict)
}

// before returns the product of the version before p, and the entries that it has. The product is read in a
// transaction, whole and of one version; a query is not, and may see half of a save that is being committed. What that
// save did is known from the product, and what another version of the store left from the query. It returns
// product.ErrContended for a product of another version.
func (s *ProductSaver) before(ctx context.Context, p product.Product) (product.Product, []attributes, error) {
	stored, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Products, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("product_id = :id AND begins_with(part, :entry)"),
		ExpressionAttributeValues: attributes{":id": text(p.ID), ":entry": text(entryPart)},
	}, maxActions)
	if err != nil {
		return product.Product{}, nil, err
	}
	items, err := readTogether(ctx, s.Client,
		types.Get{TableName: &s.Products, Key: productKey(p.ID, salePart)},
		types.Get{TableName: &s.Products, Key: productKey(p.ID, textPart)})
	if err != nil {
		return product.Product{}, nil, err
	}
	old, err := readProduct(items, s.Currency)
	if err != nil {
		return product.Product{}, nil, err
	}
	if old.Version != p.Version-1 {
		return product.Product{}, nil, product.ErrContended
	}
	return old, stored, nil
}

// explainVersionConflict returns the error for a version or a side of the threshold that is not the expected one:
// somebody else saved the product, or changed its stock.
func explainVersionConflict(attributes) error { return product.ErrContended }
