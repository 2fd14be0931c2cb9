// Command suppress-address is called for each bounce and complaint that SES reports of a mail of ours: mails that come
// back are failed, and their addresses mailed no more.
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
