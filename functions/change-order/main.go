// Command change-order changes the status of an order: a customer's by POST /orders/{order_id}/cancellation, an admin's
// by PUT /admin/orders/{order_id}/status.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/observe"
	"shop/internal/order"
	"shop/internal/queue"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	config.Tokens
	Orders    string `env:"ORDERS_TABLE"`
	Products  string `env:"PRODUCTS_TABLE"`
	Movements string `env:"STOCK_MOVEMENTS_TABLE"`
	Mails     string `env:"MAILS_TABLE"`
	Users     string `env:"USERS_TABLE"`
	QueueURL  string `env:"MAIL_QUEUE_URL"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Rights: &dynamostore.Rights{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), changeOrder(guard, &order.Progress{
		Orders: &dynamostore.OrderStatuses{
			Client: db, Orders: s.Orders, Products: s.Products, Movements: s.Movements, Mails: s.Mails,
		},
		Announce: (&queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL}).StatusReached,
		Missed:   observe.OrderEventNotSent,
		Left:     left,
		Now:      clock.Now,
	})))
}

// left notes a cancellation that is not finished. The order says so, and the relay returns to it.
func left(ctx context.Context, orderID string, err error) {
	observe.Log(ctx).Warn("cancellation not finished", "order_id", orderID, "error", err)
}
