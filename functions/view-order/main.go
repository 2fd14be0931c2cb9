// Command view-order serves GET /orders/{order_id}: an order, to its customer or an admin, and how far its mail got.
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
	Mails  string `env:"MAILS_TABLE"`
	Users  string `env:"USERS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	key := &kmssign.Key{Client: kms.NewFromConfig(aws), ID: s.SigningKeyID}
	guard := httpapi.Guard{Tokens: &token.Verifier{Issuer: s.Issuer, Audience: s.Audience, Keys: key, Now: clock.Now}}
	lambda.Start(httpapi.Lambda(viewOrder(guard, &dynamostore.Orders{
		Client: dynamodb.NewFromConfig(aws), Table: s.Orders, Mails: s.Mails, Users: s.Users,
	})))
}
