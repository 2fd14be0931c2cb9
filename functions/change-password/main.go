// Command change-password serves PUT /users/me/password: it replaces the password of a caller who knows it, and ends
// all other sessions.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/observe"
	"shop/internal/password"
	"shop/internal/queue"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users       string            `env:"USERS_TABLE"`
	AuthState   string            `env:"AUTH_STATE_TABLE"`
	Mails       string            `env:"MAILS_TABLE"`
	QueueURL    string            `env:"MAIL_QUEUE_URL"`
	Cost        password.Params   `env:"HASH_COST"`
	CostsBefore []password.Params `env:"HASH_COSTS_BEFORE" envSeparator:";" envDefault:""`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	passwords := password.New(s.Cost, s.CostsBefore...)
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), changePassword(guard, &user.ChangePassword{
		Accounts:  &dynamostore.PasswordChanges{Client: db, Users: s.Users, AuthState: s.AuthState, Mails: s.Mails},
		Guesses:   &dynamostore.Guesses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Checker:   passwords,
		Passwords: passwords,
		Announce:  (&queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL}).MailPending,
		Missed:    observe.EventNotSent,
		Now:       clock.Now,
	})))
}
