package dynamostore

import (
	"context"
	"slices"
	"strconv"
	"strings"

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
		KeyConditionExpression:    aws.String("product_id = :id AND part >= :sale"), // without its entries
		ExpressionAttributeValues: attributes{":id": text(id), ":sale": text(salePart)},
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

// maxRounds is how many reads of an index one page takes: what a filter leaves out is read, too.
const maxRounds = 5

// Browse returns a page of the active products that the selection lets through, without descriptions. One index serves
// the page, and the rest of the selection leaves out what it finds, so a page may have less than its limit, or nothing,
// though others follow. The order is that of the names, or, of a search, that of the words that are found.
func (s *Catalogue) Browse(
	ctx context.Context, sel product.Selection, r page.Request,
) (page.Page[product.Product], error) {
	q := queryOf(sel)
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[product.Product]{}, err
	}
	shelf, prefix := shelfOf(sel)
	l := list{query: q, keeps: keeping(sel)}
	l.readsTexts = shelf == inStockShelf || shelf == wordShelf && sel.Category != ""
	var all page.Page[product.Product]
	for range maxRounds {
		l.limit = r.Limit - len(all.Items)
		entries, err := s.table().shelf(ctx, shelf, prefix, from, l.limit+1)
		if err != nil {
			return page.Page[product.Product]{}, err
		}
		next, err := s.table().listing(ctx, l, entries)
		if err != nil {
			return page.Page[product.Product]{}, err
		}
		all.Items, all.NextCursor = append(all.Items, next.Items...), next.NextCursor
		if next.NextCursor == "" || len(all.Items) == r.Limit {
			break
		}
		if from, err = q.position(next.NextCursor); err != nil {
			return page.Page[product.Product]{}, err
		}
	}
	return all, nil
}

// queryOf names what the cursors of a selection belong to.
func queryOf(sel product.Selection) query {
	return query{
		"products", fold(sel.Prefix), strings.Join(sel.Search, " "), product.Fold(sel.Category),
		strconv.FormatBool(sel.InStock),
	}
}

// shelfOf returns the shelf of the index that serves a selection, and with what its keys begin.
func shelfOf(sel product.Selection) (shelf, prefix string) {
	switch {
	case len(sel.Search) > 0:
		return wordShelf, wordKey(sel.Search.Lead())
	case sel.Category != "":
		return categoryShelf, product.Fold(sel.Category) + lowest
	case sel.InStock:
		return inStockShelf, ""
	}
	return activeShelf, fold(sel.Prefix)
}

// keeping returns whether the selection has a product that an item of its index leads to. The index may be behind.
func keeping(sel product.Selection) func(entry attributes, p product.Product) bool {
	return func(entry attributes, p product.Product) bool {
		switch {
		case !p.Active, sel.InStock && p.Stock <= 0:
			return false
		case len(sel.Search) == 0:
			return true
		}
		return sel.Search.Matches(p.Name) && findsBy(entry, p.Name, wordKey(sel.Search.Lead())) &&
			(sel.Category == "" || p.Categories.Has(sel.Category))
	}
}

// Categories returns a page of the categories that active products have, by their folded names. It reads one item of
// the index for each.
func (s *Catalogue) Categories(ctx context.Context, r page.Request) (page.Page[string], error) {
	q := query{"categories"}
	from, err := q.position(r.Cursor)
	if err != nil {
		return page.Page[string]{}, err
	}
	var names page.Page[string]
	for {
		found, err := s.table().shelf(ctx, categoryShelf, "", from, 1)
		if err != nil || len(found) == 0 {
			return names, err
		}
		if len(names.Items) == r.Limit {
			names.NextCursor = q.cursor(from)
			return names, nil
		}
		reader := reader{item: found[0]}
		names.Items = append(names.Items, strings.TrimPrefix(reader.text("part"), categoryPart))
		from = entryKey(found[0]) + lowest + highest // after every product of the category
	}
}

// Pick returns the active products with these ids, at most 98, in their order, without descriptions. What is not there
// is left out.
func (s *Catalogue) Pick(ctx context.Context, ids []string) ([]product.Product, error) {
	picked, err := s.table().pick(ctx, ids)
	return slices.DeleteFunc(picked, func(p product.Product) bool { return !p.Active }), err
}
