// Command open-machine-session serves POST /machine-sessions: it exchanges an API key for an access token.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/internal/clock"
	"shop/internal/config"
	"shop/internal/dynamostore"
	"shop/internal/httpapi"
	"shop/internal/kmssign"
	"shop/internal/observe"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users        string `env:"USERS_TABLE"`
	AuthState    string `env:"AUTH_STATE_TABLE"`
	SigningKeyID string `env:"SIGNING_KEY_ID"`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	signer := kmssign.NewSigner(kms.NewFromConfig(aws), s.SigningKeyID)
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), openMachineSession(&user.MachineLogIn{
		Guesses: &dynamostore.Guesses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Tokens:  &token.Issuer{URL: s.Issuer, Audience: s.Audience, Signer: signer, Now: clock.Now},
		Keys:    &dynamostore.APIKeyUses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Failed:  notNoted,
		Now:     clock.Now,
	})))
}

// notNoted notes that the key's last use is older than it was. The next exchange tries again.
func notNoted(ctx context.Context, keyID string, err error) {
	observe.Log(ctx).Warn("use of an API key not noted", "user_id", keyID, "error", err)
}
