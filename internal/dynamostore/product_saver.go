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

const updateProduct = "SET #name = :name, price = :price, active = :active, version = :next, updated_at = :now"

// Update implements [product.Saver.Update].
func (s *ProductSaver) Update(ctx context.Context, p product.Product) error {
	update, values := updateProduct, attributes{
		":seen": number(p.Version - 1), ":next": number(p.Version), ":name": text(p.Name),
		":price": number(p.Price.Amount), ":active": boolean(p.Active), ":now": instant(p.UpdatedAt),
	}
	if p.MaxPerOrder == 0 {
		update += " REMOVE max_per_order"
	} else {
		update, values[":max"] = update+", max_per_order = :max", number(p.MaxPerOrder)
	}
	sale := types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.Products,
		Key:                       productKey(p.ID, salePart),
		ConditionExpression:       aws.String("version = :seen"),
		UpdateExpression:          aws.String(update),
		ExpressionAttributeNames:  map[string]string{"#name": "name"},
		ExpressionAttributeValues: values,
	}}
	actions := []types.TransactWriteItem{sale, put(s.Products, textItem(p))}
	return writeProduct(ctx, s.Client, actions, explainVersionConflict)
}

// explainVersionConflict returns the error for a version that is not the expected one: somebody else saved the product.
func explainVersionConflict(attributes) error { return product.ErrContended }
