// Command list-my-orders serves GET /orders: the caller's own orders, newest first.
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
	"shop/internal/token"
)

type settings struct {
	config.Tokens
	Orders string `env:"ORDERS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	key := &kmssign.Key{Client: kms.NewFromConfig(aws), ID: s.SigningKeyID}
	guard := httpapi.Guard{Tokens: &token.Verifier{Issuer: s.Issuer, Audience: s.Audience, Keys: key, Now: clock.Now}}
	lambda.Start(httpapi.Lambda(listMyOrders(guard, &dynamostore.Orders{
		Client: dynamodb.NewFromConfig(aws), Table: s.Orders,
	})))
}
