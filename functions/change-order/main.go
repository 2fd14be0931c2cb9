// Command change-order changes the status of an order: POST /orders/{order_id}/cancellation is its customer's, PUT
// /admin/orders/{order_id}/status an admin's.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/order"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	config.Tokens
	Orders    string `env:"ORDERS_TABLE"`
	Products  string `env:"PRODUCTS_TABLE"`
	Movements string `env:"STOCK_MOVEMENTS_TABLE"`
	Users     string `env:"USERS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Admins: &dynamostore.Admins{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), changeOrder(guard, &order.Progress{
		Orders: &dynamostore.OrderStatuses{Client: db, Orders: s.Orders, Products: s.Products, Movements: s.Movements},
		Now:    clock.Now,
	})))
}
