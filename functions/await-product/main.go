// Command await-product serves /products/{product_id}/back-in-stock: a customer asks to be mailed when a product is
// back in stock, looks whether that was asked, or withdraws it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

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
	Products    string `env:"PRODUCTS_TABLE"`
	StockAlerts string `env:"STOCK_ALERTS_TABLE"`
	Currency    string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), awaitProduct(guard, &product.BackInStock{
		Products: &dynamostore.AdminCatalogue{Client: db, Products: s.Products, Currency: s.Currency},
		Requests: &dynamostore.StockRequests{Client: db, StockAlerts: s.StockAlerts, Now: clock.Now},
		Now:      clock.Now,
	})))
}
