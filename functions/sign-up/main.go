// Command sign-up serves POST /users: a customer's account is made.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/uuid"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/password"
	"shop/internal/user"
)

type settings struct {
	Users string          `env:"USERS_TABLE"`
	Cost  password.Params `env:"HASH_COST"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(httpapi.Lambda(signUp(&user.SignUp{
		Users:     &dynamostore.Users{Client: dynamodb.NewFromConfig(aws), Table: s.Users},
		Passwords: password.New(s.Cost),
		NewID:     func() string { return "usr_" + uuid.Must(uuid.NewV7()).String() },
		Now:       clock.Now,
	})))
}
