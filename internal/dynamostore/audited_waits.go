package dynamostore

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"shop/internal/invariants"
	"shop/internal/notification"
)

// waitsAtOnce is how many requests of a page are read at once, in each of the segments.
const waitsAtOnce = 4

// EachWait implements [invariants.Tables.EachWait]. What the shop was told is no request.
func (s *InvariantTables) EachWait(ctx context.Context, visit func(invariants.Wait)) error {
	in := dynamodb.ScanInput{
		TableName: &s.StockAlerts, FilterExpression: aws.String("recipient <> :shop"),
		ExpressionAttributeValues: attributes{":shop": text(shopRecipient)},
	}
	return scan(ctx, s.Client, in, func(ctx context.Context, items []attributes, _ time.Time) (func(), error) {
		found := make([]*invariants.Wait, len(items))
		reads, ctx := errgroup.WithContext(ctx)
		reads.SetLimit(waitsAtOnce)
		for i, item := range items {
			reads.Go(func() (err error) {
				found[i], err = s.wait(ctx, item)
				return err
			})
		}
		err := reads.Wait()
		return func() {
			for _, w := range found {
				if w != nil {
					visit(*w)
				}
			}
		}, err
	})
}

// wait returns the request that an item was, with what stands beside it now, or nil if it is gone or its time is over.
func (s *InvariantTables) wait(ctx context.Context, seen attributes) (*invariants.Wait, error) {
	for {
		r := reader{item: seen}
		userID, email, productID := r.text("recipient"), r.text("email"), r.text("product_id")
		w := &invariants.Wait{ID: waitingKey(productID, userID), ProductID: productID}
		if w.Err = r.err; w.Err != nil {
			return w, nil
		}
		gets := []types.Get{
			{TableName: &s.StockAlerts, Key: alertKey(userID, productID)},
			{TableName: &s.Users, Key: userKey(email), ProjectionExpression: aws.String("user_id")},
			{TableName: &s.Deletions, Key: attributes{"user_id": text(userID)}},
			{TableName: &s.Products, Key: productKey(productID, salePart)},
		}
		if w.Told = r.has("mail_id"); w.Told {
			gets = append(gets, types.Get{TableName: &s.Mails, Key: mailKey(r.text("mail_id"))})
		}
		items, err := readTogether(ctx, s.Client, gets...)
		if err != nil || len(items[0]) == 0 || isOver(items[0], time.Now()) {
			return nil, err
		}
		if sameValue(items[0]["mail_id"], seen["mail_id"]) && sameValue(items[0]["email"], seen["email"]) {
			return w, s.judge(ctx, w, items)
		}
		seen = items[0]
	}
}

// judge compares a request with its account, the deletion of that, its product and its mail, of one instant.
func (s *InvariantTables) judge(ctx context.Context, w *invariants.Wait, items []attributes) error {
	request, account, sale := reader{item: items[0]}, reader{item: items[1]}, items[3]
	userID := request.text("recipient")
	w.Account = account.has("user_id") && account.text("user_id") == userID || len(items[2]) > 0
	w.Product = len(sale) > 0
	w.Listed = request.has("waiting") && request.has("waiting_key") && request.text("waiting") == waitingMark &&
		request.text("waiting_key") == w.ID
	if w.Told && len(items[4]) > 0 {
		mail := reader{item: items[4]}
		w.Mailed, w.Err = mail.text("state") != string(notification.Dropped), mail.err
	}
	if w.Err == nil {
		w.Err = request.err
	}
	if w.Told || !w.Product || w.Err != nil {
		return nil
	}
	var err error
	w.InStockSince, err = s.inStockSince(ctx, w.ProductID, sale)
	return err
}

// inStockSince returns since when the product was neither saved nor its stock changed other than by sales, if it is in
// stock: as sales only take units, it was in stock all that time. Else it returns the zero time.
func (s *InvariantTables) inStockSince(ctx context.Context, id string, sale attributes) (time.Time, error) {
	r := reader{item: sale}
	if r.has("counters") {
		p, there, err := s.Product(ctx, id)
		if err != nil || !there || p.Stock <= 0 {
			return time.Time{}, err
		}
	} else if r.number("stock") <= 0 {
		return time.Time{}, nil
	}
	since := r.instant("updated_at")
	if r.err != nil || !r.boolean("active") { // what cannot be read of the product is reported as the product's
		return time.Time{}, nil
	}
	moved, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Movements, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("product_id = :id AND moved_key < :times"),
		ExpressionAttributeValues: attributes{":id": text(id), ":times": text(afterTimes)},
	}, 1)
	if err != nil || len(moved) == 0 {
		return since, err
	}
	last := reader{item: moved[0]}
	if at := last.instantOf("moved_key"); last.err == nil && at.After(since) {
		since = at
	}
	return since, nil
}
