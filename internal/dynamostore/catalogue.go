package dynamostore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/page"
	"shop/internal/product"
)

// Catalogue shows customers the active products.
type Catalogue struct {
	Client   *dynamodb.Client
	Products string
	Currency string
}

func (s *Catalogue) table() productTable { return productTable{s.Client, s.Products, s.Currency} }

// View returns a product as customers see it, or product.ErrNotFound for one that is not active, too.
func (s *Catalogue) View(ctx context.Context, id string) (product.Product, error) {
	out, err := s.Client.Query(ctx, &dynamodb.QueryInput{
		TableName:                 &s.Products,
		KeyConditionExpression:    aws.String("product_id = :id"),
		ExpressionAttributeValues: attributes{":id": text(id)},
	})
	if err != nil {
		return product.Product{}, failed("reading a product", err)
	}
	p, err := readProduct(out.Items, s.Currency)
	if err == nil && !p.Active {
		return product.Product{}, product.ErrNotFound
	}
	return p, err
}

// Browse returns a page of the active products whose name starts with prefix, by name, without descriptions.
func (s *Catalogue) Browse(ctx context.Context, prefix string, r page.Request) (page.Page[product.Product], error) {
	q := query{"products", fold(prefix)}
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	texts, err := s.table().shelf(ctx, activeShelf, fold(prefix), from, r.Limit+1)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	listed, err := s.table().listing(ctx, q, texts, r.Limit)
	listed.Items = slices.DeleteFunc(listed.Items, func(p product.Product) bool { return !p.Active })
	return listed, err
}

// Pick returns the active products with these ids, at most 98, in their order, without descriptions. What is not there
// is left out.
func (s *Catalogue) Pick(ctx context.Context, ids []string) ([]product.Product, error) {
	picked, err := s.table().pick(ctx, ids)
	return slices.DeleteFunc(picked, func(p product.Product) bool { return !p.Active }), err
}
