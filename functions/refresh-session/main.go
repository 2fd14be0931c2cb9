// Command refresh-session serves POST /sessions/refresh and POST /browser-sessions/refresh: it exchanges a refresh
// token for a new access token and the next refresh token.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/kmssign"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users        string        `env:"USERS_TABLE"`
	AuthState    string        `env:"AUTH_STATE_TABLE"`
	SigningKeyID string        `env:"SIGNING_KEY_ID"`
	Grace        time.Duration `env:"REFRESH_GRACE"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	signer := kmssign.NewSigner(kms.NewFromConfig(aws), s.SigningKeyID)
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), refreshSession(&user.Refresh{
		Sessions: &dynamostore.Sessions{Client: db, AuthState: s.AuthState},
		Users:    &dynamostore.Accounts{Client: db, Users: s.Users},
		Tokens:   &token.Issuer{URL: s.Issuer, Audience: s.Audience, Signer: signer, Now: clock.Now},
		Grace:    s.Grace,
		Now:      clock.Now,
	})))
}
