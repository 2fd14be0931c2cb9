// Command erase-deleted-accounts runs every five minutes: it erases personal data that deleted accounts left.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/user"
)

type settings struct {
	AccountDeletions string `env:"ACCOUNT_DELETIONS_TABLE"`
	Orders           string `env:"ORDERS_TABLE"`
	Mails            string `env:"MAILS_TABLE"`
	StockAlerts      string `env:"STOCK_ALERTS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	lambda.Start(eraseDeletedAccounts(&user.EraseDeletedAccounts{
		Record: &dynamostore.AccountDeletions{Client: db, AccountDeletions: s.AccountDeletions},
		Data: &dynamostore.PersonalData{
			Client: db, Orders: s.Orders, Mails: s.Mails, StockAlerts: s.StockAlerts,
		},
		Now: clock.Now,
	}))
}
