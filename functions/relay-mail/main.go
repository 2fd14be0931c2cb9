// Command relay-mail runs every minute: it completes cancellations that were cut short, sums stocks that are split, and
// sends the events of overdue mails again.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/notification"
	"shop/internal/observe"
	"shop/internal/order"
	"shop/internal/queue"
)

type settings struct {
	Mails           string `env:"MAILS_TABLE"`
	Orders          string `env:"ORDERS_TABLE"`
	Products        string `env:"PRODUCTS_TABLE"`
	Movements       string `env:"STOCK_MOVEMENTS_TABLE"`
	QueueURL        string `env:"MAIL_QUEUE_URL"`
	AccountQueueURL string `env:"ACCOUNT_MAIL_QUEUE_URL"`
	MailsPerSecond  int    `env:"MAILS_PER_SECOND"` // what SES takes
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	sqsClient := sqs.NewFromConfig(aws)
	mails := &queue.Queue{Client: sqsClient, URL: s.QueueURL}
	accountMails := &queue.Queue{Client: sqsClient, URL: s.AccountQueueURL}
	lambda.Start(relayMail(&order.Finisher{
		Unfinished: &dynamostore.UnfinishedOrders{Client: db, Orders: s.Orders},
		Progress: &order.Progress{
			Orders: &dynamostore.OrderStatuses{
				Client: db, Orders: s.Orders, Products: s.Products, Movements: s.Movements, Mails: s.Mails,
			},
			Announce: mails.StatusReached,
			Missed:   observe.OrderEventNotSent,
			Now:      clock.Now,
		},
	}, &dynamostore.SplitStocks{Client: db, Products: s.Products, Now: clock.Now}, &notification.Relay{
		Ledger: &dynamostore.DueMails{Client: db, Mails: s.Mails},
		Queue:  &queue.Queues{Orders: mails, Accounts: accountMails},
		Now:    clock.Now,
	}, 60*s.MailsPerSecond))
}
