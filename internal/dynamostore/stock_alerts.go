package dynamostore

import (
	"context"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/product"
)

// awaitedPage is how many requests are read to see which products are awaited.
const awaitedPage = 1000

// requestKept is for how long a request is kept whose mail was made and that nobody removes: as long as the mail can be
// sent again.
const requestKept = 7 * 24 * time.Hour

// StockAlerts implements [product.StockAlerts].
type StockAlerts struct {
	Client      *dynamodb.Client
	StockAlerts string // the table
	Products    string
	Mails       string
	ShopAddress string // normalised; empty: the shop is told nothing
	NewID       func() string
}

// products has no currency: nothing here shows a price.
func (s *StockAlerts) products() productTable {
	return productTable{client: s.Client, table: s.Products}
}

// Read implements [product.Reader.Read].
func (s *StockAlerts) Read(ctx context.Context, id string) (product.Product, error) {
	return s.products().read(ctx, id)
}

// Pick implements [product.StockAlerts.Pick].
func (s *StockAlerts) Pick(ctx context.Context, ids []string) ([]product.Product, error) {
	return s.products().pick(ctx, ids)
}

// Awaited implements [product.StockAlerts.Awaited]. It passes over the rest of a product's requests where a page ends.
func (s *StockAlerts) Awaited(ctx context.Context) ([]string, error) {
	var ids []string
	for from := " "; ; from = waitingKey(ids[len(ids)-1], highest) {
		items, err := s.waiting(ctx, from, highest, awaitedPage)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			if id := productIDOf(item); len(ids) == 0 || ids[len(ids)-1] != id {
				ids = append(ids, id)
			}
		}
		if len(items) < awaitedPage {
			return ids, nil
		}
	}
}

// Waiting implements [product.StockAlerts.Waiting]. The index may know a moment late of what changes.
func (s *StockAlerts) Waiting(ctx context.Context, productID, last string, limit int) ([]string, error) {
	items, err := s.waiting(ctx, after(waitingKey(productID, last)), waitingKey(productID, highest), limit)
	if err != nil {
		return nil, err
	}
	users := make([]string, len(items))
	r := reader{}
	for i := range items {
		r.item = items[i]
		users[i] = r.text("recipient")
	}
	return users, r.err
}

func (s *StockAlerts) waiting(ctx context.Context, low, high string, limit int) ([]attributes, error) {
	return queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.StockAlerts, IndexName: aws.String(waitingIndex),
		KeyConditionExpression: aws.String("waiting = :waiting AND waiting_key BETWEEN :low AND :high"),
		ExpressionAttributeValues: attributes{
			":waiting": text(waitingMark), ":low": text(low), ":high": text(high),
		},
	}, limit)
}

// MailCustomer implements [product.StockAlerts.MailCustomer].
func (s *StockAlerts) MailCustomer(ctx context.Context, userID, productID string, now time.Time) (bool, error) {
	mail := notification.NewBackInStockMail(s.NewID(), userID, productID, now)
	unmet, err := transact(ctx, s.Client, "making a mail that a product is back", types.TransactWriteItem{
		Update: &types.Update{
			TableName: &s.StockAlerts, Key: alertKey(userID, productID),
			ConditionExpression: aws.String("attribute_exists(waiting_key)"),
			UpdateExpression:    aws.String("SET mail_id = :mail, expires_at = :end REMOVE waiting, waiting_key"),
			ExpressionAttributeValues: attributes{
				":mail": text(mail.ID), ":end": number(now.Add(requestKept).Unix()),
			},
		},
	}, put(s.Mails, mailItem(mail)))
	if unmet[0] {
		return false, nil
	}
	return err == nil, err
}

// Low implements [product.StockAlerts.Low].
func (s *StockAlerts) Low(ctx context.Context) ([]string, error) {
	items, err := queryAll(ctx, s.Client, dynamodb.QueryInput{
		TableName: &s.Products, IndexName: aws.String(lowStockIndex),
		KeyConditionExpression:    aws.String("low_stock = :low"),
		ExpressionAttributeValues: attributes{":low": text(lowMark)},
	}, math.MaxInt32)
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = productIDOf(item)
	}
	return ids, err
}

// Told implements [product.StockAlerts.Told].
func (s *StockAlerts) Told(ctx context.Context) (map[string]product.Told, error) {
	items, err := alertsOf(ctx, s.Client, s.StockAlerts, shopRecipient)
	told := map[string]product.Told{}
	r := reader{}
	for _, r.item = range items {
		of := product.Told{Status: product.StockStatus(r.text("told")), Mailed: map[product.StockStatus]time.Time{}}
		for status, attribute := range mailedAt {
			if r.has(attribute) {
				of.Mailed[status] = r.instant(attribute)
			}
		}
		told[r.text("product_id")] = of
	}
	if err == nil {
		err = r.err
	}
	return told, err
}

// Note implements [product.StockAlerts.Note].
func (s *StockAlerts) Note(
	ctx context.Context, productID string, told, is product.StockStatus, fell bool, now time.Time,
) (bool, error) {
	actions := []types.TransactWriteItem{s.noted(productID, told, is, fell, now)}
	if fell {
		kind := notification.StockLow
		if is == product.OutOfStock {
			kind = notification.SoldOut
		}
		mail := notification.NewShopMail(kind, s.NewID(), s.ShopAddress, productID, now)
		actions = append(actions, put(s.Mails, mailItem(mail)))
	}
	unmet, err := transact(ctx, s.Client, "noting what the shop is told of a stock", actions...)
	if unmet[0] {
		return false, nil
	}
	return err == nil, err
}

// mailedAt are the attributes that say when a mail told the shop of a status.
var mailedAt = map[product.StockStatus]string{product.LowStock: "low_at", product.OutOfStock: "out_at"}

// noted writes what the shop knows, if it still knows what was seen. The item of a stock that is neither low nor none
// is kept as long as no mail may repeat what another told.
func (s *StockAlerts) noted(
	productID string, told, is product.StockStatus, fell bool, now time.Time,
) types.TransactWriteItem {
	condition, update := "told = :seen", "SET told = :is"
	values := attributes{":seen": text(string(told)), ":is": text(string(is))}
	if told == product.InStock {
		condition += " OR attribute_not_exists(recipient)"
	}
	if fell {
		update, values[":now"] = update+", "+mailedAt[is]+" = :now", instant(now)
	}
	if is == product.InStock {
		update, values[":end"] = update+", expires_at = :end", number(now.Add(product.ToldAgainAfter).Unix())
	} else {
		update += " REMOVE expires_at"
	}
	return types.TransactWriteItem{Update: &types.Update{
		TableName: &s.StockAlerts, Key: alertKey(shopRecipient, productID), ConditionExpression: &condition,
		UpdateExpression: &update, ExpressionAttributeValues: values,
	}}
}
