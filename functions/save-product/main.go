// Command save-product serves PUT /admin/products/{product_id}: it creates or changes a product.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/product"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	config.Tokens
	Products  string `env:"PRODUCTS_TABLE"`
	Movements string `env:"STOCK_MOVEMENTS_TABLE"`
	Users     string `env:"USERS_TABLE"`
	Currency  string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens), Rights: &dynamostore.Rights{Client: db, Users: s.Users}}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), saveProduct(guard, &product.Save{
		Products: &dynamostore.ProductSaver{
			Client: db, Products: s.Products, Movements: s.Movements, Currency: s.Currency,
		},
		Currency: s.Currency,
		NewID:    func() string { return uuid.Must(uuid.NewV7()).String() },
		Now:      clock.Now,
	})))
}
