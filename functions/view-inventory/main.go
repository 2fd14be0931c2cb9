// Command view-inventory serves GET /admin/products and GET /admin/products/{product_id}: the goods as admins see them.
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
	Products string `env:"PRODUCTS_TABLE"`
	Users    string `env:"USERS_TABLE"`
	Currency string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	key := &kmssign.Key{Client: kms.NewFromConfig(aws), ID: s.SigningKeyID}
	guard := httpapi.Guard{Tokens: &token.Verifier{Issuer: s.Issuer, Audience: s.Audience, Keys: key, Now: clock.Now}}
	lambda.Start(httpapi.Lambda(viewInventory(guard, &dynamostore.Products{
		Client: dynamodb.NewFromConfig(aws), Table: s.Products, Users: s.Users, Currency: s.Currency,
	})))
}
