// Command view-account serves GET /users/me, the caller's own account, and GET /users/me/export, everything that the
// store has about the caller.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users       string `env:"USERS_TABLE"`
	Orders      string `env:"ORDERS_TABLE"`
	StockAlerts string `env:"STOCK_ALERTS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	users := &user.ViewAccount{Users: &dynamostore.Accounts{Client: db, Users: s.Users}}
	orders := &dynamostore.OrderHistory{Client: db, Orders: s.Orders}
	awaited := &dynamostore.StockRequests{Client: db, StockAlerts: s.StockAlerts, Now: clock.Now}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), viewAccount(guard, users, orders, awaited)))
}
