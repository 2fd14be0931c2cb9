// Command list-my-orders serves GET /orders: the caller's own orders, newest first.
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
}

func main() {
	s, aws := config.MustLoad[settings]()
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), listMyOrders(guard, &dynamostore.OrderHistory{
		Client: dynamodb.NewFromConfig(aws), Orders: s.Orders,
	})))
}
