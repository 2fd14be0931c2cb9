package dynamostore

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"shop/internal/notification"
	"shop/internal/product"
	"shop/internal/user"
)

// StockMails implements [notification.Stocks].
type StockMails struct {
	Client      *dynamodb.Client
	StockAlerts string // the table
	Products    string
	Users       string
	Suppressed  string // the SuppressedAddresses table
}

// ForMail implements [notification.Stocks.ForMail].
func (s *StockMails) ForMail(ctx context.Context, mail notification.Mail) (product.Product, string, error) {
	p, err := productTable{client: s.Client, table: s.Products}.read(ctx, mail.ProductID) // no mail has a price
	if errors.Is(err, product.ErrNotFound) {
		return p, "", notification.ErrNoRecipient
	}
	if err != nil {
		return p, "", err
	}
	if mail.UserID == "" {
		return p, mail.Address, s.forShop(ctx, mail, p)
	}
	address, err := s.forCustomer(ctx, mail, p)
	return p, address, err
}

// forShop returns an error if the shop is not to be told any more, because the stock has risen. If a product was sold
// out and is low now, the mail says so.
func (s *StockMails) forShop(ctx context.Context, mail notification.Mail, p product.Product) error {
	kind, _ := notification.CutMailID(mail.ID)
	isSo := p.StockStatus() == product.LowStock || p.IsLow() && kind == string(notification.SoldOut)
	if !p.Active || !isSo || mail.Address == "" {
		return notification.ErrNoRecipient
	}
	hash := user.AddressHash(mail.Address)
	items, err := batchGet(ctx, s.Client, map[string]types.KeysAndAttributes{
		s.Suppressed: {Keys: []attributes{suppressedKey(hash)}, ConsistentRead: aws.Bool(true)},
	})
	if len(items[s.Suppressed]) > 0 {
		return notification.ErrSuppressed
	}
	return err
}

// forCustomer returns the address of a request that is still this mail's, if its account is there.
func (s *StockMails) forCustomer(ctx context.Context, mail notification.Mail, p product.Product) (string, error) {
	out, err := s.Client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.StockAlerts, Key: alertKey(mail.UserID, mail.ProductID), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return "", failed("reading a request", err)
	}
	r := reader{item: out.Item}
	if !r.has("mail_id") || r.text("mail_id") != mail.ID {
		return "", notification.ErrNoRecipient
	}
	if !p.Available() {
		return "", s.waitAgain(ctx, mail)
	}
	address := r.text("email")
	if r.err != nil {
		return "", r.err
	}
	recipients := AccountRecipients{Client: s.Client, Users: s.Users, Suppressed: s.Suppressed}
	u, err := recipients.ForMail(ctx, address)
	if err == nil && u.ID != mail.UserID {
		return "", notification.ErrNoRecipient
	}
	return address, err
}

// waitAgain has the mail's request wait once more, because the stock is gone again. It returns
// notification.ErrNoRecipient if it does, or is another mail's.
func (s *StockMails) waitAgain(ctx context.Context, mail notification.Mail) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.StockAlerts, Key: alertKey(mail.UserID, mail.ProductID),
			ConditionExpression: aws.String("mail_id = :mail"),
			UpdateExpression:    aws.String("SET waiting = :waiting, waiting_key = :key REMOVE mail_id, expires_at"),
			ExpressionAttributeValues: attributes{
				":mail": text(mail.ID), ":waiting": text(waitingMark),
				":key": text(waitingKey(mail.ProductID, mail.UserID)),
			},
		})
		return err
	})
	if _, unmet := conditionFailed(err); err != nil && !unmet {
		return failed("having a request wait again", err)
	}
	return notification.ErrNoRecipient
}

// Fulfil implements [notification.Stocks.Fulfil].
func (s *StockMails) Fulfil(ctx context.Context, mail notification.Mail) error {
	err := retryOnConflict(ctx, isContention, func() error {
		_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.StockAlerts, Key: alertKey(mail.UserID, mail.ProductID),
			ConditionExpression:       aws.String("mail_id = :mail"),
			ExpressionAttributeValues: attributes{":mail": text(mail.ID)},
		})
		return err
	})
	if _, unmet := conditionFailed(err); err != nil && !unmet {
		return failed("removing a request", err)
	}
	return nil
}
