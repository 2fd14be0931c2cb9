// Command relay-mail is called every minute: events are sent again of the mails that are overdue.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/notification"
	"shop/internal/queue"
)

type settings struct {
	Mails    string `env:"MAILS_TABLE"`
	QueueURL string `env:"MAIL_QUEUE_URL"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(relayMail(&notification.Relay{
		Ledger: &dynamostore.DueMails{Client: dynamodb.NewFromConfig(aws), Mails: s.Mails},
		Queue:  &queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL},
		Now:    clock.Now,
	}))
}
