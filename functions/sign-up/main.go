// Command sign-up serves POST /users: it creates a customer's account. Where addresses are verified, the account works
// once its owner followed the mailed link.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/uuid"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/observe"
	"shop/internal/password"
	"shop/internal/queue"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	Users     string          `env:"USERS_TABLE"`
	Mails     string          `env:"MAILS_TABLE"`
	AuthState string          `env:"AUTH_STATE_TABLE"`
	QueueURL  string          `env:"MAIL_QUEUE_URL"`
	Verify    bool            `env:"REQUIRE_VERIFIED_EMAIL"`
	Cost      password.Params `env:"HASH_COST"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db, passwords := dynamodb.NewFromConfig(aws), password.New(s.Cost)
	if !s.Verify {
		lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), signUp(&user.SignUp{
			Users:     &dynamostore.SignUpStore{Client: db, Users: s.Users, AuthState: s.AuthState},
			Passwords: passwords,
			NewID:     newID,
			Now:       clock.Now,
		})))
		return
	}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), signUpByMail(&user.SignUpByMail{
		Users:     &dynamostore.UnverifiedAccounts{Client: db, Users: s.Users, Mails: s.Mails, AuthState: s.AuthState},
		Passwords: passwords,
		Announce:  (&queue.Queue{Client: sqs.NewFromConfig(aws), URL: s.QueueURL}).MailPending,
		Missed:    observe.EventNotSent,
		NewID:     newID,
		Now:       clock.Now,
	})))
}

func newID() string { return "usr_" + uuid.Must(uuid.NewV7()).String() }
