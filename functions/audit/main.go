// Command audit runs every night: it checks the stored data against the store's promises.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/invariants"
	"shop/internal/order"
	"shop/internal/zone"
)

// indexesFollow is how long what looks wrong is left alone before it is looked at again.
const indexesFollow = 2 * time.Second

type settings struct {
	Products  string    `env:"PRODUCTS_TABLE"`
	Movements string    `env:"STOCK_MOVEMENTS_TABLE"`
	Orders    string    `env:"ORDERS_TABLE"`
	Mails     string    `env:"MAILS_TABLE"`
	Sales     string    `env:"SALES_BY_DAY_TABLE"`
	Alerts    string    `env:"STOCK_ALERTS_TABLE"`
	Users     string    `env:"USERS_TABLE"`
	Deletions string    `env:"ACCOUNT_DELETIONS_TABLE"`
	TimeZone  zone.Zone `env:"TIME_ZONE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	lambda.Start(audit(invariants.Audit{
		Tables: &dynamostore.InvariantTables{
			Client: db, Products: s.Products, Movements: s.Movements, Orders: s.Orders, Mails: s.Mails,
			StockAlerts: s.Alerts, Users: s.Users, Deletions: s.Deletions,
		},
		Sales: &order.Counter{
			Feed:  &dynamostore.OrderHistory{Client: db, Orders: s.Orders},
			Sales: &dynamostore.SalesByDay{Client: db, SalesByDay: s.Sales, Orders: s.Orders},
			Zone:  s.TimeZone.Location, Now: clock.Now, Pause: indexesFollow,
		},
	}))
}
