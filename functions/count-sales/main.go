// Command count-sales is called every minute: orders are counted on their days, and cancelled ones taken out.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/order"
	"shop/internal/zone"
)

// mostAtOnce is how much time one step takes in where there is a backlog, so that it ends before the function does.
const mostAtOnce = 6 * time.Hour

type settings struct {
	Orders   string    `env:"ORDERS_TABLE"`
	Sales    string    `env:"SALES_BY_DAY_TABLE"`
	TimeZone zone.Zone `env:"TIME_ZONE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	lambda.Start(countSales(&order.Counter{
		Feed:  &dynamostore.OrderHistory{Client: db, Orders: s.Orders},
		Sales: &dynamostore.SalesByDay{Client: db, SalesByDay: s.Sales, Orders: s.Orders},
		Zone:  s.TimeZone.Location,
		Now:   clock.Now,
		Most:  mostAtOnce,
	}))
}
