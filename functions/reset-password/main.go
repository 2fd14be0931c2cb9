// Command reset-password serves PUT /password-resets: it sets a new password for a caller with the token of a mailed
// link.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/password"
	"shop/internal/storeapi"
	"shop/internal/user"
)

type settings struct {
	config.Front
	Users     string          `env:"USERS_TABLE"`
	AuthState string          `env:"AUTH_STATE_TABLE"`
	Mails     string          `env:"MAILS_TABLE"`
	Cost      password.Params `env:"HASH_COST"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), resetPassword(&user.ResetPassword{
		Links: &dynamostore.PasswordResets{
			Client: dynamodb.NewFromConfig(aws), Users: s.Users, AuthState: s.AuthState, Mails: s.Mails,
		},
		Passwords: password.New(s.Cost),
		Now:       clock.Now,
	})))
}
