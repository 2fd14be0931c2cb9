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
	if first != nil {
		actions = append(actions, put(s.Movements, movementItem(*first)))
	}
	return writeProduct(ctx, s.Client, actions, explainExists)
}

// explainExists returns the error for a product that exists already.
func explainExists(attributes) error { return product.ErrContended }

// Update implements [product.Saver.Update]. It leaves alone what only a later version of the store knows: during a
// deployment both versions save products.
func (s *ProductSaver) Update(ctx context.Context, p product.Product) error {
	sale := updateMembers(s.Products, productKey(p.ID, salePart), saleMembers(p))
	sale.Update.ConditionExpression = aws.String("version = :seen")
	sale.Update.ExpressionAttributeValues[":seen"] = number(p.Version - 1)
	rest := updateMembers(s.Products, productKey(p.ID, textPart), textMembers(p))
	return writeProduct(ctx, s.Client, []types.TransactWriteItem{sale, rest}, explainVersionConflict)
}

// explainVersionConflict returns the error for a version that is not the expected one: somebody else saved the product.
func explainVersionConflict(attributes) error { return product.ErrContended }
