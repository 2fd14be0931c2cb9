// Command list-orders serves GET /admin/orders: the history of all orders, newest first.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/storeapi"
	"shop/internal/zone"
)

type settings struct {
	config.Front
	config.Tokens
	Orders   string    `env:"ORDERS_TABLE"`
	Users    string    `env:"USERS_TABLE"`
	TimeZone zone.Zone `env:"TIME_ZONE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Rights: &dynamostore.Rights{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), listOrders(guard, handlers{
		orders:    &dynamostore.OrderHistory{Client: db, Orders: s.Orders},
		customers: &dynamostore.Accounts{Client: db, Users: s.Users},
		now:       time.Now,
		zone:      s.TimeZone.Location,
	})))
}
