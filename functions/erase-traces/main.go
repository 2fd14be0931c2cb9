// Command erase-traces is called every five minutes: what the removal of an account left is erased.
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
	Removals string `env:"REMOVALS_TABLE"`
	Orders   string `env:"ORDERS_TABLE"`
	Mails    string `env:"MAILS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	removals := &dynamostore.Removals{Client: dynamodb.NewFromConfig(aws), Table: s.Removals, Orders: s.Orders, Mails: s.Mails}
	lambda.Start(eraseTraces(&user.EraseTraces{Record: removals, Traces: removals, Now: clock.Now}))
}
