// Command view-inventory serves GET /admin/products and GET /admin/products/{product_id}: products as admins see them.
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
	Products string `env:"PRODUCTS_TABLE"`
	Users    string `env:"USERS_TABLE"`
	Currency string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Rights: &dynamostore.Rights{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), viewInventory(guard, &dynamostore.AdminCatalogue{
		Client: db, Products: s.Products, Currency: s.Currency,
	})))
}
