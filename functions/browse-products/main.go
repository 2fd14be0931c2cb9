// Command browse-products serves GET /products: the products for sale, by name.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/storeapi"
)

type settings struct {
	config.Front
	Products string `env:"PRODUCTS_TABLE"`
	Currency string `env:"CURRENCY"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), browseProducts(&dynamostore.Catalogue{
		Client: dynamodb.NewFromConfig(aws), Products: s.Products, Currency: s.Currency,
	})))
}
