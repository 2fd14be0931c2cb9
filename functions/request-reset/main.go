// Command request-reset serves POST /password-resets: it has a link mailed to an address, by which its account gets a
// new password.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/queue"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	Mails    string `env:"MAILS_TABLE"`
	QueueURL string `env:"MAIL_QUEUE_URL"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), requestReset(&user.RequestReset{
		Outbox:   &dynamostore.ResetOutbox{Client: dynamodb.NewFromConfig(aws), Mails: s.Mails},
		Announce: (&queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL}).MailPending,
		Missed:   observe.EventNotSent,
		Now:      clock.Now,
	})))
}
