package dynamostore

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/product"
)

// InventoryExport reads all products and all movements of stocks, a page at a time, in the order of their tables: that
// of their keys' hashes. It stays the same, so that a read that was interrupted can go on where it was.
type InventoryExport struct {
	Client              *dynamodb.Client
	Products, Movements string
	Currency            string
}

// EachProduct calls visit for each product that an admin saved, or whose stock an admin changed, last from from
// (inclusive) to to (exclusive), after the product of a position; an empty one is the start. Zero times are no bounds.
func (s *InventoryExport) EachProduct(
	ctx context.Context, from, to time.Time, position string, visit func(p product.Product, position string) error,
) error {
	in := &dynamodb.ScanInput{
		TableName: &s.Products, FilterExpression: aws.String("part BETWEEN :sale AND :text"), // without entries
		ExpressionAttributeValues: attributes{":sale": text(salePart), ":text": text(textPart)},
	}
	if position != "" {
		in.ExclusiveStartKey = productKey(position, textPart)
	}
	low, high := times(from, to)
	one := func(items []attributes) error {
		p, err := readProduct(items, s.Currency)
		if errors.Is(err, product.ErrNotFound) {
			return nil
		}
		if err != nil || formatTime(p.UpdatedAt) < low || formatTime(p.UpdatedAt) >= high {
			return err
		}
		return visit(p, p.ID)
	}
	var parts []attributes // of one product, whose items follow one another, also over the end of a page
	err := scanInOrder(ctx, s.Client, in, func(item attributes) error {
		if len(parts) == 0 || productIDOf(parts[0]) == productIDOf(item) {
			parts = append(parts, item)
			return nil
		}
		whole := parts
		parts = []attributes{item}
		return one(whole)
	})
	if err != nil || len(parts) == 0 {
		return err
	}
	return one(parts)
}

// EachMovement calls visit for each movement made from from (inclusive) to to (exclusive), after that of a position; an
// empty one is the start. Those of a product follow one another, the oldest first. Zero times are no bounds.
func (s *InventoryExport) EachMovement(
	ctx context.Context, from, to time.Time, position string, visit func(m product.Movement, position string) error,
) error {
	low, high := times(from, to)
	in := &dynamodb.ScanInput{
		TableName: &s.Movements, FilterExpression: aws.String("moved_key BETWEEN :low AND :high"),
		ExpressionAttributeValues: attributes{":low": text(low), ":high": text(min(high, afterTimes))},
	}
	if id, key, there := strings.Cut(position, "#"); there {
		in.ExclusiveStartKey = attributes{"product_id": text(id), "moved_key": text(key)}
	}
	return scanInOrder(ctx, s.Client, in, func(item attributes) error {
		m, err := readMovement(item)
		if err != nil {
			return err
		}
		return visit(m, m.ProductID+"#"+movedKey(item))
	})
}

// scanInOrder reads a table, one page after the other.
func scanInOrder(
	ctx context.Context, client *dynamodb.Client, in *dynamodb.ScanInput, visit func(attributes) error,
) error {
	for pages := dynamodb.NewScanPaginator(client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return failed("scanning "+*in.TableName, err)
		}
		for _, item := range page.Items {
			if err := visit(item); err != nil {
				return err
			}
		}
	}
	return nil
}
