// Command end-sessions serves DELETE /sessions: it ends all sessions of the caller, in all browsers and clients.
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
	Users       string            `env:"USERS_TABLE"`
	AuthState   string            `env:"AUTH_STATE_TABLE"`
	Cost        password.Params   `env:"HASH_COST"`
	CostsBefore []password.Params `env:"HASH_COSTS_BEFORE" envSeparator:";" envDefault:""`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	guard := httpapi.Guard{Tokens: jwks.NewVerifier(s.Tokens)}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), endSessions(guard, &user.EndSessions{
		Accounts:  &dynamostore.UserSessions{Client: db, Users: s.Users, AuthState: s.AuthState},
		Guesses:   &dynamostore.Guesses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Passwords: password.New(s.Cost, s.CostsBefore...),
		Now:       clock.Now,
	})))
}
