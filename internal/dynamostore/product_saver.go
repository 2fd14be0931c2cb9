package dynamostore

import (
	"context"
	"strings"

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

// Update implements [product.Saver.Update].
func (s *ProductSaver) Update(ctx context.Context, p product.Product) error {
	u := update{values: attributes{":seen": number(p.Version - 1)}}
	u.set("name", text(p.Name))
	u.set("price", number(p.Price.Amount))
	u.set("active", boolean(p.Active))
	u.set("version", number(p.Version))
	u.set("updated_at", instant(p.UpdatedAt))
	u.setUnless(p.MaxPerOrder == 0, "max_per_order", number(p.MaxPerOrder))
	sale := types.TransactWriteItem{Update: &types.Update{
		TableName:                 &s.Products,
		Key:                       productKey(p.ID, salePart),
		ConditionExpression:       aws.String("version = :seen"),
		UpdateExpression:          aws.String(u.expression()),
		ExpressionAttributeNames:  u.names,
		ExpressionAttributeValues: u.values,
	}}
	actions := []types.TransactWriteItem{sale, put(s.Products, textItem(p))}
	return writeProduct(ctx, s.Client, actions, explainVersionConflict)
}

// update is an update of an item, attribute by attribute.
type update struct {
	sets, removes []string
	names         map[string]string
	values        attributes
}

// set gives the attribute a value.
func (u *update) set(name string, value types.AttributeValue) {
	u.name(name)
	u.sets, u.values[":"+name] = append(u.sets, "#"+name+" = :"+name), value
}

// setUnless removes an attribute that is absent, and sets any other.
func (u *update) setUnless(absent bool, name string, value types.AttributeValue) {
	if !absent {
		u.set(name, value)
		return
	}
	u.name(name)
	u.removes = append(u.removes, "#"+name)
}

// name stands for an attribute's name, which may be a reserved word.
func (u *update) name(name string) {
	if u.names == nil {
		u.names = map[string]string{}
	}
	u.names["#"+name] = name
}

func (u *update) expression() string {
	e := "SET " + strings.Join(u.sets, ", ")
	if len(u.removes) > 0 {
		e += " REMOVE " + strings.Join(u.removes, ", ")
	}
	return e
}

// explainVersionConflict returns the error for a version that is not the expected one: somebody else saved the product.
func explainVersionConflict(attributes) error { return product.ErrContended }
