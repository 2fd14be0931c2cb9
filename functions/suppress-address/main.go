// Command suppress-address gets each bounce and complaint that SES reports about a mail of this store. It fails mails
// that bounced, and suppresses their addresses, which then get no more mail.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/notification"
)

type settings struct {
	Suppressed string `env:"SUPPRESSED_ADDRESSES_TABLE"`
	Mails      string `env:"MAILS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	lambda.Start(suppressAddress(&notification.Suppressor{
		List:   &dynamostore.Suppressions{Client: db, Suppressed: s.Suppressed},
		Ledger: &dynamostore.UndeliveredMails{Client: db, Mails: s.Mails},
		Now:    clock.Now,
	}))
}
