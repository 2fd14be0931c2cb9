// Command update-stock serves the stock of a product: PUT …/stock sets it, POST …/stock/adjustments changes it by a
// difference, and GET …/stock/movements lists who changed it, when and why.
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
	inventory := &dynamostore.InventoryStore{
		Client: db, Products: s.Products, Movements: s.Movements, Currency: s.Currency,
	}
	newID := func() string { return uuid.Must(uuid.NewV7()).String() }
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), updateStock(guard, &product.Inventory{
		Products: inventory, NewID: newID, Now: clock.Now,
	}, inventory)))
}
