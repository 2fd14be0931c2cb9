// Command summarize-orders serves GET /admin/orders/summary: what was sold, by day and by product.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/kmssign"
	"shop/internal/order"
	"shop/internal/token"
)

type settings struct {
	config.Tokens
	Orders   string `env:"ORDERS_TABLE"`
	Users    string `env:"USERS_TABLE"`
	Currency string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	key := &kmssign.Key{Client: kms.NewFromConfig(aws), ID: s.SigningKeyID}
	guard := httpapi.Guard{Tokens: &token.Verifier{Issuer: s.Issuer, Audience: s.Audience, Keys: key, Now: clock.Now}}
	lambda.Start(httpapi.Lambda(summarizeOrders(guard, &order.Analytics{
		Feed:     &dynamostore.Orders{Client: dynamodb.NewFromConfig(aws), Table: s.Orders, Users: s.Users},
		Currency: s.Currency,
	})))
}
