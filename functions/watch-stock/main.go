// Command watch-stock runs every minute: it makes the mails to customers whose product is back in stock, and to the
// shop when few units of a product are left, or none.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/product"
	"shop/internal/user"
)

type settings struct {
	Products       string `env:"PRODUCTS_TABLE"`
	StockAlerts    string `env:"STOCK_ALERTS_TABLE"`
	Mails          string `env:"MAILS_TABLE"`
	ShopAddress    string `env:"STOCK_ALERTS_TO"`  // may be empty
	MailsPerSecond int    `env:"MAILS_PER_SECOND"` // what SES takes
}

func main() {
	s, aws := config.MustLoad[settings]()
	address := ""
	if s.ShopAddress != "" {
		var err error
		if address, err = user.NormalizeEmail(s.ShopAddress); err != nil {
			fmt.Fprintln(os.Stderr, "STOCK_ALERTS_TO:", err)
			os.Exit(1)
		}
	}
	lambda.Start(watchStock(&product.Watch{
		Alerts: &dynamostore.StockAlerts{
			Client: dynamodb.NewFromConfig(aws), StockAlerts: s.StockAlerts, Products: s.Products, Mails: s.Mails,
			ShopAddress: address,
			NewID:       func() string { return uuid.Must(uuid.NewV7()).String() },
		},
		TellsShop: address != "",
		// Half of what SES takes in a minute, for mails to the shop and as many to customers.
		Most: max(1, 30*s.MailsPerSecond),
		Now:  clock.Now,
	}))
}
