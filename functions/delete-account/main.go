// Command delete-account serves DELETE /users/me: it removes the account, and erases the personal data in its orders.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/jwks"
	"shop/internal/password"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users            string            `env:"USERS_TABLE"`
	AuthState        string            `env:"AUTH_STATE_TABLE"`
	AccountDeletions string            `env:"ACCOUNT_DELETIONS_TABLE"`
	Orders           string            `env:"ORDERS_TABLE"`
	Mails            string            `env:"MAILS_TABLE"`
	StockAlerts      string            `env:"STOCK_ALERTS_TABLE"`
	Cost             password.Params   `env:"HASH_COST"`
	CostsBefore      []password.Params `env:"HASH_COSTS_BEFORE" envSeparator:";" envDefault:""`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), deleteAccount(guard, &user.DeleteAccount{
		Users:     &dynamostore.Accounts{Client: db, Users: s.Users},
		Accounts:  &dynamostore.AccountDeleter{Client: db, Users: s.Users, AccountDeletions: s.AccountDeletions},
		Guesses:   &dynamostore.Guesses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Passwords: password.New(s.Cost, s.CostsBefore...),
		Data: &dynamostore.PersonalData{
			Client: db, Orders: s.Orders, Mails: s.Mails, StockAlerts: s.StockAlerts,
		},
		Now: clock.Now,
	})))
}
