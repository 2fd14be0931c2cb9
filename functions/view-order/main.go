// Command view-order serves GET /orders/{order_id}: an order and the state of its mail, for its customer or an admin.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	config.Tokens
	Orders string `env:"ORDERS_TABLE"`
	Mails  string `env:"MAILS_TABLE"`
	Users  string `env:"USERS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), viewOrder(guard, &dynamostore.OrderReader{
		Client: dynamodb.NewFromConfig(aws), Orders: s.Orders, Mails: s.Mails, Users: s.Users,
	})))
}
