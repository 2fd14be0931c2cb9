// Command audit runs every night: it checks the stored data against the store's promises.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/invariants"
)

type settings struct {
	Products  string `env:"PRODUCTS_TABLE"`
	Movements string `env:"STOCK_MOVEMENTS_TABLE"`
	Orders    string `env:"ORDERS_TABLE"`
	Mails     string `env:"MAILS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(audit(invariants.Audit{Tables: &dynamostore.InvariantTables{
		Client: dynamodb.NewFromConfig(aws), Products: s.Products, Movements: s.Movements, Orders: s.Orders,
		Mails: s.Mails,
	}}))
}
