// Command place-order serves POST /orders: one transaction stores the order, takes its units from stock and stores its
// mail. Then the function sends the event by which the mail goes out.
package main

import (
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
	Mails     string `env:"MAILS_TABLE"`
	QueueURL  string `env:"MAIL_QUEUE_URL"`
	Currency  string `env:"CURRENCY"`
	PublicURL string `env:"PUBLIC_URL" envDefault:""`         // empty: the domain of the request
	Synthetic string `env:"SYNTHETIC_CUSTOMER" envDefault:""` // the address of who tries the store; empty: nobody does
}

func main() {
	s, aws := config.MustLoad[settings]()
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), placeOrder(guard, &order.Checkout{
		Store: &dynamostore.CheckoutStore{
			Client: dynamodb.NewFromConfig(aws),
			Orders: s.Orders, Products: s.Products, Mails: s.Mails, Currency: s.Currency,
		},
		Announce: (&queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL}).OrderPlaced,
		Missed:   observe.OrderEventNotSent,
		Currency: s.Currency,
		Now:      clock.Now,

		SyntheticCustomer: s.Synthetic,
	}, s.PublicURL)))
}
