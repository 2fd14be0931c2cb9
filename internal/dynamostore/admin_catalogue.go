package dynamostore

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"shop/internal/page"
	"shop/internal/product"
	"shop/internal/user"
)

// AdminCatalogue shows admins all products.
type AdminCatalogue struct {
	Client   *dynamodb.Client
	Products string
	Currency string
}

func (s *AdminCatalogue) table() productTable { return productTable{s.Client, s.Products, s.Currency} }

// Read returns the product as it stands now, active or not. It returns product.ErrNotFound.
func (s *AdminCatalogue) Read(ctx context.Context, id string) (product.Product, error) {
	return s.table().read(ctx, id)
}

// Inventory returns a page of the products that the filter lets through, without descriptions: by name, or, of those
// whose stock is low, by id. Its cursors are good for this admin and this filter alone.
func (s *AdminCatalogue) Inventory(
	ctx context.Context, admin user.Caller, f product.Filter, r page.Request,
) (page.Page[product.Product], error) {
	q := query{"inventory", admin.UserID, fold(f.Prefix), strconv.FormatBool(f.LowStock)}
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	if f.LowStock {
		return s.low(ctx, q, fold(f.Prefix), from, r.Limit)
	}
	var active, inactive []attributes
	reads, readsCtx := errgroup.WithContext(ctx)
	read := func(to *[]attributes, shelf string) {
		reads.Go(func() (err error) {
			*to, err = s.table().shelf(readsCtx, shelf, fold(f.Prefix), from, r.Limit+1)
			return err
		})
	}
	read(&active, activeShelf)
	read(&inactive, inactiveShelf)
	if err := reads.Wait(); err != nil {
		return page.Page[product.Product]{}, err
	}
	texts := merge([][]attributes{active, inactive}, nameKey, strings.Compare)
	return s.table().listing(ctx, list{query: q, limit: r.Limit, keeps: all}, texts[:min(len(texts), r.Limit+1)])
}

// all keeps every product of a list.
func all(attributes, product.Product) bool { return true }

// low returns a page of the products whose stock is low. It reads no more than a page of the index: what has another
// name, or a stock that is not low any more, which the index does not know yet, is left out, so a page may have less
// than its limit.
func (s *AdminCatalogue) low(
	ctx context.Context, q query, prefix, from string, limit int,
) (page.Page[product.Product], error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName:              &s.Products,
		IndexName:              aws.String(lowStockIndex),
		KeyConditionExpression: aws.String("low_stock = :low AND product_id > :from"),
		// a blank sorts before every id
		ExpressionAttributeValues: attributes{":low": text(lowMark), ":from": text(max(from, " "))},
	}, limit+1)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	shown := cut(q, items, limit, productIDOf)
	ids := make([]string, len(shown.Items))
	for i, item := range shown.Items {
		ids[i] = productIDOf(item)
	}
	found, err := s.table().pick(ctx, ids)
	found = slices.DeleteFunc(found, func(p product.Product) bool {
		return !p.IsLow() || !strings.HasPrefix(fold(p.Name), prefix)
	})
	return page.Page[product.Product]{NextCursor: shown.NextCursor, Items: found}, err
}
