// Command rename-account serves PATCH /users/me: it changes the caller's name.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users string `env:"USERS_TABLE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	accounts := &dynamostore.Accounts{Client: db, Users: s.Users}
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), renameAccount(guard, &user.RenameAccount{
		Accounts: accounts,
		Users:    accounts,
	})))
}
