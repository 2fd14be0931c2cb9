package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	sestypes "github.com/aws/aws-sdk-go-v2/service/ses/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/uuid"

	"shop/internal/dynamostore"
	"shop/internal/money"
	"shop/internal/order"
	"shop/internal/product"
)

const currency = "GBP"

// lamp is what every order of the benchmark is of. The bare checkout knows its price.
var lamp = product.Product{
	ID: "brass-desk-lamp", Name: "Brass desk lamp",
	Description: "A heavy foot, a long arm, and a shade that stays where it is put.",
	Price:       money.Money{Amount: 6400, Currency: currency}, Active: true, Stock: product.MaxStock, Version: 1,
	CreatedAt: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC), UpdatedAt: time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC),
}

// inStock is what a checkout sees of it.
var inStock = order.Products{lamp.ID: {Stock: lamp.Stock}}

// sandbox is what the measured functions work on in the emulator: tables, a queue that nobody reads and a sender of its
// own, so that the running store neither sees nor slows what is measured.
type sandbox struct {
	store            *store
	tables           *tables
	queue            string
	sender           string
	configurationSet string
}

// sandbox makes one, with copies of more tables where they are named.
func (s *store) sandbox(ctx context.Context, more ...string) (*sandbox, error) {
	names := append([]string{"ProductsTable", "OrdersTable", "MailsTable", "SuppressedAddressesTable"}, more...)
	tables, err := s.copyTables(ctx, dynamodb.NewFromConfig(s.aws), names...)
	if err != nil {
		return nil, err
	}
	box := &sandbox{store: s, tables: tables}
	if err := errors.Join(box.stock(ctx), box.makeQueue(ctx), box.makeSender(ctx)); err != nil {
		return nil, errors.Join(err, box.remove())
	}
	return box, nil
}

func (b *sandbox) stock(ctx context.Context) error {
	return productSaver(b.tables).Create(ctx, lamp, nil)
}

// productSaver saves products in the tables.
func productSaver(t *tables) *dynamostore.ProductSaver {
	return &dynamostore.ProductSaver{
		Client: t.client, Products: t.name("ProductsTable"), Movements: t.name("StockMovementsTable"),
		Currency: currency,
	}
}

// checkoutStore places orders in the tables.
func checkoutStore(t *tables) *dynamostore.CheckoutStore {
	return &dynamostore.CheckoutStore{
		Client: t.client, Orders: t.name("OrdersTable"), Products: t.name("ProductsTable"), Mails: t.name("MailsTable"),
		Currency: currency,
	}
}

func (b *sandbox) makeQueue(ctx context.Context) error {
	made, err := sqs.NewFromConfig(b.store.aws).CreateQueue(ctx,
		&sqs.CreateQueueInput{QueueName: aws.String("bench-" + uuid.NewString())})
	if err != nil {
		return fmt.Errorf("making a queue: %w", err)
	}
	b.queue = *made.QueueUrl
	return nil
}

func (b *sandbox) makeSender(ctx context.Context) error {
	client, id := ses.NewFromConfig(b.store.aws), uuid.NewString()
	sender := "bench-" + id + "@example.com"
	if _, err := client.VerifyEmailIdentity(ctx, &ses.VerifyEmailIdentityInput{EmailAddress: &sender}); err != nil {
		return fmt.Errorf("making a sender: %w", err)
	}
	b.sender = sender
	set := &sestypes.ConfigurationSet{Name: aws.String("bench-" + id)}
	if _, err := client.CreateConfigurationSet(
		ctx, &ses.CreateConfigurationSetInput{ConfigurationSet: set},
	); err != nil {
		return fmt.Errorf("making a configuration set: %w", err)
	}
	b.configurationSet = *set.Name
	return nil
}

// remove takes all of it away, also after the run was interrupted.
func (b *sandbox) remove() error {
	ctx, mailer := context.Background(), ses.NewFromConfig(b.store.aws)
	failed := b.tables.remove()
	if b.queue != "" {
		_, err := sqs.NewFromConfig(b.store.aws).DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &b.queue})
		failed = errors.Join(failed, err)
	}
	if b.sender != "" {
		_, err := mailer.DeleteIdentity(ctx, &ses.DeleteIdentityInput{Identity: &b.sender})
		failed = errors.Join(failed, err)
	}
	if b.configurationSet != "" {
		_, err := mailer.DeleteConfigurationSet(ctx,
			&ses.DeleteConfigurationSetInput{ConfigurationSetName: &b.configurationSet})
		failed = errors.Join(failed, err)
	}
	return failed
}

// environment is what a function of the sandbox has in its environment, in the names that template.yaml gives them. A
// function takes from it what it knows.
func (b *sandbox) environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + *b.store.aws.BaseEndpoint, "AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + b.store.root.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + b.store.root.SecretAccessKey,
		"AWS_LAMBDA_FUNCTION_NAME=bench", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"PRODUCTS_TABLE=" + b.tables.name("ProductsTable"), "ORDERS_TABLE=" + b.tables.name("OrdersTable"),
		"MAILS_TABLE=" + b.tables.name("MailsTable"),
		"SUPPRESSED_ADDRESSES_TABLE=" + b.tables.name("SuppressedAddressesTable"),
		"MAIL_QUEUE_URL=" + b.queue, "CURRENCY=" + currency,
		"TOKEN_ISSUER=" + b.store.outputs["IssuerUrl"], "TOKEN_AUDIENCE=" + b.store.outputs["TokenAudience"],
		"SENDER=" + b.sender, "REPLY_TO=", "CONFIGURATION_SET=" + b.configurationSet, "SHOP_NAME=The Shop", "LEASE=35s",
		"TIME_ZONE=UTC", "MAILS_PER_SECOND=1e9", "ACCOUNT_MAILS_PER_SECOND=1", "MAIL_WORKERS=1", // no mail waits
		"USERS_TABLE=" + b.store.outputs["UsersTable"], "AUTH_STATE_TABLE=" + b.store.outputs["AuthStateTable"],
		"STOCK_ALERTS_TABLE=" + b.store.outputs["StockAlertsTable"],
		"PAGES_URL=https://shop.example", "BENCH_PRODUCT=" + lamp.ID,
	}
}
