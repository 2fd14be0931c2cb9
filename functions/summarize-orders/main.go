// Command summarize-orders serves GET /admin/orders/summary: what was sold, by day and by product.
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
	"shop/internal/zone"
)

type settings struct {
	config.Front
	config.Tokens
	Orders   string    `env:"ORDERS_TABLE"`
	Sales    string    `env:"SALES_BY_DAY_TABLE"`
	Users    string    `env:"USERS_TABLE"`
	Currency string    `env:"CURRENCY"`
	TimeZone zone.Zone `env:"TIME_ZONE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Rights: &dynamostore.Rights{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), summarizeOrders(guard, &order.Analytics{
		Feed:     &dynamostore.OrderHistory{Client: db, Orders: s.Orders},
		Sales:    &dynamostore.SalesByDay{Client: db, SalesByDay: s.Sales, Orders: s.Orders},
		Currency: s.Currency,
		Zone:     s.TimeZone.Location,
		Now:      clock.Now,
	})))
}
