// Command log-in serves POST /sessions and POST /browser-sessions: it exchanges credentials for a session, which is an
// access token and a refresh token.
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
	"shop/internal/password"
	"shop/internal/storeapi"
	"shop/internal/token"
	"shop/internal/user"
)

type settings struct {
	config.Front
	config.Tokens
	Users        string            `env:"USERS_TABLE"`
	AuthState    string            `env:"AUTH_STATE_TABLE"`
	SigningKeyID string            `env:"SIGNING_KEY_ID"`
	Cost         password.Params   `env:"HASH_COST"`
	CostsBefore  []password.Params `env:"HASH_COSTS_BEFORE" envSeparator:";" envDefault:""`
}

func main() {
	s, aws := config.MustLoad[settings]()
	db := dynamodb.NewFromConfig(aws)
	signer := kmssign.NewSigner(kms.NewFromConfig(aws), s.SigningKeyID)
	passwords := password.New(s.Cost, s.CostsBefore...)
	hashes := &dynamostore.PasswordHashes{Client: db, Users: s.Users}
	rehash := user.Rehash{Users: hashes, Passwords: passwords, Failed: notRehashed}
	lambda.Start(storeapi.Lambda(httpapi.Front(s.Front), logIn(&user.LogIn{
		Guesses:   &dynamostore.Guesses{Client: db, Users: s.Users, AuthState: s.AuthState},
		Passwords: passwords,
		Tokens:    &token.Issuer{URL: s.Issuer, Audience: s.Audience, Signer: signer, Now: clock.Now},
		Sessions:  &dynamostore.Sessions{Client: db, AuthState: s.AuthState},
		Rehash:    rehash.Do,
		Now:       clock.Now,
	}, user.NewDevice)))
}

// notRehashed notes a hash that was to be renewed. The next log-in tries again.
func notRehashed(ctx context.Context, userID string, err error) {
	observe.Log(ctx).Warn("hash not renewed", "user_id", userID, "error", err)
}
